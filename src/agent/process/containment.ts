import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { promisify } from 'node:util';
import { loadJobs, type OpenJob } from '../native/kernel32.ts';
import type { Watchdog } from './watchdog.ts';

/**
 * What holds a robot's processes together so that none survives it: a PID namespace or, on Windows, a Job Object,
 * whose end the kernel sees to, or its process group with a sweep of what left it; a watchdog ends those when the
 * agent died.
 */
export type Containment =
  | { kind: 'pid-namespace'; bwrapPath: string }
  | { kind: 'job'; openJob: OpenJob }
  | { kind: 'group'; watchdog?: Watchdog };

export interface Bwrap {
  path: string;
  /** Whether it knows `--size`. */
  limitsTmpfs: boolean;
}

/** A bwrap that is installed, whether or not it may do anything; null: none is. */
export async function findBwrap(bwrapPaths: readonly string[] = BWRAP_PATHS): Promise<Bwrap | null> {
  for (const path of bwrapPaths) {
    if (!(await isExecutable(path))) continue;
    const help = await promisify(execFile)(path, ['--help'], { timeout: TRIAL_TIMEOUT_MS, env: {} }).catch(
      () => ({ stdout: '' }),
    );
    return { path, limitsTmpfs: help.stdout.includes('--size ') };
  }
  return null;
}

/** Not searched in PATH: what contains robots is not to be chosen by a variable. */
export const BWRAP_PATHS: readonly string[] = ['/usr/bin/bwrap', '/usr/local/bin/bwrap', '/bin/bwrap'];
const TRIAL_TIMEOUT_MS = 5000;

/** The strongest containment that works here, found by trying it once: a `bwrap` that exists may still be refused. */
export async function detectContainment(bwrapPaths: readonly string[] = BWRAP_PATHS): Promise<Containment> {
  if (process.platform === 'win32') return await detectJobs();
  if (process.platform !== 'linux') return { kind: 'group' };
  for (const bwrapPath of bwrapPaths) {
    if (!(await isExecutable(bwrapPath))) continue;
    if (await works(bwrapPath)) return { kind: 'pid-namespace', bwrapPath };
  }
  return { kind: 'group' };
}

/** Proved by making one. */
async function detectJobs(): Promise<Containment> {
  const openJob = await loadJobs();
  try {
    openJob?.({ memoryBytes: null, processes: null, cpuPercent: null }).release();
  } catch {
    return { kind: 'group' };
  }
  return openJob ? { kind: 'job', openJob } : { kind: 'group' };
}

/** What bwrap is to do beyond a PID namespace. */
export interface Enclosure {
  /** Its options for namespaces, file system and capabilities. */
  options: readonly string[];
  /** Opens the seccomp program, anew for each start: reading uses the offset up. Absent: no filter. */
  openFilter?: () => number;
  /** The program is one of ours that speaks to the agent before it becomes the robot. */
  channel?: boolean;
  /** A cgroup that everything, bwrap itself too, is born in. */
  cgroupDir?: string;
}

/** The file system as it is. */
const NOTHING_MORE: Enclosure = { options: ['--dev-bind', '/', '/', '--proc', '/proc'] };

/** Where bwrap tells the namespace's init, once it is bound to the agent. */
export const INFO_FD = 3;
export const FILTER_FD = 4;
/**
 * The robot begins at a word of the agent's, which comes after that: were the agent killed in between, nothing would
 * end what bwrap started.
 */
const gate = (descriptor: number) => `read -r go <&${descriptor} && exec "$@" ${descriptor}<&-`;

/**
 * The arguments that run `file` in a PID namespace that dies with the agent and with the robot. `--new-session`
 * makes the namespace's init the leader of the robot's group, and keeps the terminal from it.
 * @param gateFd where the agent's word comes that lets the program begin; null: it begins at once
 */
export function bwrapArguments(
  file: string,
  args: readonly string[],
  { options, openFilter }: Enclosure = NOTHING_MORE,
  gateFd: number | null = null,
): string[] {
  return [
    ...['--unshare-pid', '--die-with-parent', '--new-session'],
    ...options,
    ...(openFilter ? ['--seccomp', String(FILTER_FD)] : []),
    ...['--info-fd', String(INFO_FD)],
    '--',
    ...(gateFd === null ? [] : ['/bin/sh', '-c', gate(gateFd), 'sh']),
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
