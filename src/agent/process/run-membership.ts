import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { parseStat, variableOf } from './process-table.ts';

/** What a robot's processes carry in their environment. */
const RUN_COOKIE = 'KUBOT_RUN_ID';

/** Whether a process belongs to a run; `unknown` for one that is gone, or that hides. */
export type Membership = 'run' | 'none' | 'unknown';

/** What can be seen of the machine's processes. */
export interface ProcessView {
  /** undefined: it is gone, or not to be read. */
  environment(pid: number): Buffer | undefined;
  parentPid(pid: number): number | undefined;
  /** Identity of its PID namespace; undefined: there are none, it is gone, or not to be read. */
  namespace(pid: number): string | undefined;
  /** Whether it is in a PID namespace below ours, which others' processes tell too; undefined: it is gone, or hidden. */
  isNested(pid: number): boolean | undefined;
  /** Its command line, which others' processes tell too. */
  command(pid: number): readonly string[] | undefined;
}

/** How far up a process is followed; a machine's trees are not that deep. */
const MAX_ANCESTORS = 100;

/**
 * By the mark in its environment or in that of a process it descends from, or by another PID namespace than ours.
 * A daemon that left its parents and cleared its environment outside of any namespace is not recognised.
 */
export function findMembership(pid: number, view: ProcessView, ownPid: number): Membership {
  if (pid === ownPid) return 'none';
  // A process that our namespace cannot see.
  if (pid <= 0) return 'run';
  const environment = view.environment(pid);
  if (environment === undefined) return 'unknown';
  if (hasCookie(environment) || view.namespace(pid) !== view.namespace(ownPid)) return 'run';
  let parent = view.parentPid(pid);
  if (parent === undefined) return 'unknown';
  for (let steps = 0; parent !== undefined && parent > 1 && steps < MAX_ANCESTORS; steps++) {
    // Of others' processes, such as sshd, the environment is not to be read: those are no robots.
    if (hasCookie(view.environment(parent) ?? Buffer.alloc(0))) return 'run';
    parent = view.parentPid(parent);
  }
  return 'none';
}

/**
 * Of another user's process, whose environment and namespace are not to be read: by a PID namespace below ours, or by an
 * agent that it descends from. What left its parents outside of any namespace is not recognised.
 */
export function findForeignMembership(pid: number, view: ProcessView): Membership {
  if (pid <= 0) return 'run';
  const isNested = view.isNested(pid);
  if (isNested === undefined) return 'unknown';
  if (isNested) return 'run';
  let parent = view.parentPid(pid);
  if (parent === undefined) return 'unknown';
  for (let steps = 0; parent !== undefined && parent > 1 && steps < MAX_ANCESTORS; steps++) {
    if (isAgent(view.command(parent) ?? [])) return 'run';
    parent = view.parentPid(parent);
  }
  return 'none';
}

/** `node …/cli.mjs --home DIR agent`: a robot can change neither its ancestors nor what they were started with. */
function isAgent(command: readonly string[]): boolean {
  const program = command.findIndex((word) => /(^|[/\\])(cli\.mjs|cli[/\\]main\.ts)$/.test(word));
  return program > 0 && command.slice(program + 1).some((word) => word === 'agent' || word === 'demo');
}

function hasCookie(environment: Buffer): boolean {
  return variableOf(environment.toString('latin1'), RUN_COOKIE) !== undefined;
}

export function createProcessView(platform: NodeJS.Platform = process.platform): ProcessView {
  return platform === 'linux' ? linuxView : parsePsView(readPs());
}

const linuxView: ProcessView = {
  environment: (pid) => tried(() => readFileSync(`/proc/${pid}/environ`)),
  parentPid: (pid) => parseStat(tried(() => readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? '')?.parentPid,
  namespace: (pid) => tried(() => readlinkSync(`/proc/${pid}/ns/pid`)),
  isNested: (pid) => {
    // One number for each namespace from ours down.
    const numbers = /^NSpid:\s*(.*)$/m.exec(
      tried(() => readFileSync(`/proc/${pid}/status`, 'latin1')) ?? '',
    )?.[1];
    return numbers === undefined ? undefined : numbers.trim().split(/\s+/).length > 1;
  },
  command: (pid) => tried(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.split('\0'),
};

function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** macOS, from the manual of `ps`; not run here. `-E` shows environments of one's own processes. */
function readPs(): string {
  return execFileSync('/bin/ps', ['-A', '-E', '-ww', '-o', 'pid=,ppid=,command='], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** `ps -E -o pid=,ppid=,command=`: the command, then its environment, all parted by spaces. */
export function parsePsView(text: string): ProcessView {
  const processes = new Map<number, { parentPid: number; environment: Buffer }>();
  for (const line of text.split('\n')) {
    const [, pid, parentPid, command = ''] = /^\s*(\d+)\s+(\d+)\s(.*)$/.exec(line) ?? [];
    if (pid === undefined) continue;
    const environment = Buffer.from(command.replaceAll(' ', '\0'));
    processes.set(Number(pid), { parentPid: Number(parentPid), environment });
  }
  return {
    environment: (pid) => processes.get(pid)?.environment,
    parentPid: (pid) => processes.get(pid)?.parentPid,
    namespace: () => undefined,
    isNested: (pid) => (processes.has(pid) ? false : undefined),
    command: (pid) => processes.get(pid)?.environment.toString().split('\0'),
  };
}
