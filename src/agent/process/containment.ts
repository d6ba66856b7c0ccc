import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';

/**
 * What holds a robot's processes together so that none survives it: a PID namespace, whose end the kernel sees to,
 * or its process group with a sweep of what left it.
 */
export type Containment = { kind: 'pid-namespace'; bwrapPath: string } | { kind: 'group' };

/** Not searched in PATH: what contains robots is not to be chosen by a variable. */
export const BWRAP_PATHS: readonly string[] = ['/usr/bin/bwrap', '/usr/local/bin/bwrap', '/bin/bwrap'];
const TRIAL_TIMEOUT_MS = 5000;

/** The strongest containment that works here, found by trying it once: a `bwrap` that exists may still be refused. */
export async function detectContainment(bwrapPaths: readonly string[] = BWRAP_PATHS): Promise<Containment> {
  if (process.platform !== 'linux') return { kind: 'group' };
  for (const bwrapPath of bwrapPaths) {
    if (!(await isExecutable(bwrapPath))) continue;
    if (await works(bwrapPath)) return { kind: 'pid-namespace', bwrapPath };
  }
  return { kind: 'group' };
}

/**
 * The arguments that run `file` in a PID namespace that dies with the agent and with the robot. `--new-session`
 * makes the namespace's init the leader of the robot's group, and keeps the terminal from it.
 */
export function bwrapArguments(file: string, args: readonly string[]): string[] {
  return [
    '--unshare-pid',
    '--die-with-parent',
    '--new-session',
    ...['--dev-bind', '/', '/'],
    ...['--proc', '/proc'],
    ...['--info-fd', '3'],
    '--',
    file,
    ...args,
  ];
}

/** What bwrap writes to its info descriptor; undefined when it is something else. */
export function parseInitPid(info: string): number | undefined {
  const pid = /"child-pid"\s*:\s*(\d+)/.exec(info)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Proved by what a shell inside says of itself: in a namespace of its own it is process 2, after its init. */
function works(bwrapPath: string): Promise<boolean> {
  const args = bwrapArguments('/bin/sh', ['-c', 'echo $$']).filter(
    (arg) => arg !== '--info-fd' && arg !== '3',
  );
  return new Promise((resolve) => {
    execFile(bwrapPath, args, { timeout: TRIAL_TIMEOUT_MS, env: {} }, (error, stdout) =>
      resolve(error === null && stdout.trim() === '2'),
    );
  });
}
