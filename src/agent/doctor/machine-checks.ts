import { readFileSync, statSync } from 'node:fs';
import { loadLibc } from '../native/libc.ts';
import type { Containment } from '../process/containment.ts';
import { type Finding, failed, passed } from './check.ts';

const NODE_MAJOR = 24;

export function checkNode(version = process.versions.node): Finding {
  if (Number.parseInt(version, 10) >= NODE_MAJOR)
    return passed('node', `Node.js ${version}, ${process.execPath}.`);
  return failed(
    'node',
    `This is Node.js ${version}; ${NODE_MAJOR} or newer is needed.`,
    `Install Node.js ${NODE_MAJOR}, or name one in KUBOT_NODE.`,
  );
}

/** Linux settings that keep `bwrap` from making namespaces, with the value that does, and the way out. */
const NAMESPACE_LIMITS = [
  {
    path: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    forbids: '1',
    message: 'AppArmor of this system forbids it to make namespaces',
    fix: "Install AppArmor's profile of bubblewrap (package apparmor-profiles), or run: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0",
  },
  {
    path: '/proc/sys/kernel/unprivileged_userns_clone',
    forbids: '0',
    message: 'this kernel lets only root make namespaces',
    fix: 'Run: sudo sysctl kernel.unprivileged_userns_clone=1',
  },
  {
    path: '/proc/sys/user/max_user_namespaces',
    forbids: '0',
    message: 'this kernel allows no user namespaces',
    fix: 'Run: sudo sysctl user.max_user_namespaces=10000',
  },
];

/** @param installed whether there is a `bwrap` at all; it is on the disk and may be refused all the same */
export function checkBubblewrap(
  containment: Containment,
  installed: boolean,
  readSetting: (path: string) => string | null = readText,
): Finding {
  const id = 'bubblewrap';
  if (containment.kind === 'pid-namespace')
    return passed(id, `${containment.bwrapPath} was tried and works.`);
  if (!installed) {
    return failed(
      id,
      'bubblewrap is not installed: robots run without a sandbox.',
      'Install the package bubblewrap: sudo apt install bubblewrap, or dnf, zypper, pacman, apk.',
    );
  }
  const limit = NAMESPACE_LIMITS.find(({ path, forbids }) => readSetting(path)?.trim() === forbids);
  return failed(
    id,
    `bubblewrap is installed and was refused: ${limit?.message ?? 'it may make no namespaces here, as in many containers'}.`,
    limit?.fix ?? 'Run the agent outside of the container, or in one that may make user namespaces.',
  );
}

/**
 * Whether robots of the same user can read the agent's memory and first environment.
 * @param agentPid null: no agent runs, so it is only found out whether one could hide
 */
export async function checkMemory(agentPid: number | null, own = process.getuid?.()): Promise<Finding> {
  const id = 'memory';
  if (own === 0) {
    return failed(
      id,
      'This is root: whatever is not sandboxed may read and change everything.',
      'Run the agent as a user of its own.',
    );
  }
  if (agentPid === null) {
    if ((await loadLibc()) !== null) return passed(id, 'An agent hides its memory from robots.');
    return failed(
      id,
      'An agent cannot hide its memory from robots: koffi has no binary for this system.',
      'Give secrets by file (KUBOT_CLIENT_SECRET_FILE), and use the sandbox.',
    );
  }
  if (isMemoryHidden(agentPid)) return passed(id, 'The memory of the agent is closed to robots.');
  return failed(
    id,
    'The memory of the agent is open to robots that are not sandboxed.',
    'Start the agent anew.',
  );
}

/** Of a process that hides its memory the files in /proc are root's, its folder is not (proc(5)): for itself too. */
function isMemoryHidden(pid: number): boolean {
  const folder = statSync(`/proc/${pid}`, { throwIfNoEntry: false });
  return statSync(`/proc/${pid}/environ`, { throwIfNoEntry: false })?.uid !== folder?.uid;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
