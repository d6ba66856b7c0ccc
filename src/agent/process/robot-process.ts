import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { Job } from '../native/kernel32.ts';
import { type Containment, parseInitPid } from './containment.ts';
import { readExitStatus } from './exit-status.ts';
import { killNow, ProcessFamily } from './process-family.ts';
import { type Cookie, createProcessTable, untilGone } from './process-table.ts';
import { type ProcessUsage, UsageMeter } from './process-usage.ts';
import { taskkill } from './taskkill.ts';
import type { Ward } from './watchdog.ts';

/** A pipe that a leaked process holds never ends, so this is all it gets after the exit. */
const DRAIN_MS = 2000;
/** A family without a namespace is looked at, so that who leaves it later is known: soon at first, then each second. */
const FIRST_WATCH_MS = 50;
const LAST_WATCH_MS = 1000;

/** Who ended the program; null: it ended by itself. */
export type EndReason = 'cancelled' | 'timeout' | 'killed';

export interface ProcessExit {
  exitCode: number | null;
  signal: string | null;
  /** The first reason given wins. */
  reason: EndReason | null;
  /** The limit of its tree that it ran into, where the system told. */
  limit?: 'memoryBytes' | 'processes';
}

export interface RobotProcess {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles once the program ended, all it started is dead and the pipes ended or had 2 s for it. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** INT now, TERM after half the grace, KILL of everything at its end. Resolves as `exited`. */
  cancel(graceMs: number, reason?: EndReason): Promise<void>;
  /** Ends everything now. Resolves as `exited`. */
  kill(reason?: EndReason): Promise<void>;
  /** What it and all it started used so far; null where that is not known. */
  usage(): ProcessUsage | null;
  /** Lets `usage` begin anew: a program of ours, which was started in its place, becomes the robot now. */
  restartUsage(): void;
}

export interface WatchOptions {
  child: ChildProcess;
  stdout: Readable;
  stderr: Readable;
  containment: Containment;
  cookie: Cookie;
  /** How a watchdog knows it. */
  ward?: Ward | undefined;
  /** What holds it, where the containment is a job. */
  job?: Job | undefined;
}

/*
 *  alive ──cancel──► INT ──grace/2──► TERM ──grace/2──► KILL of all
 *    └────────────────┴── exit ──► kill what is left ──► drain ≤ 2 s ──► exited
 */

/** Looks after a child that was just started. */
export function watchProcess(options: WatchOptions): RobotProcess {
  const { child, stdout, stderr } = options;
  const pid = child.pid ?? 0;
  const tree = treeOf(options, pid);
  const meter = new UsageMeter({ rootPid: pid, isHolder: tree.isHolder, strays: tree.strays });
  let reason: EndReason | null = null;
  let ladder: Promise<void> | undefined;
  const ended = new Promise<{ exitCode: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve(readExitStatus(exitCode, signal)));
  });
  const exited = (async (): Promise<ProcessExit> => {
    const status = await ended;
    meter.stop();
    await tree.killAll();
    tree.release?.();
    await drain([stdout, stderr]);
    return { ...status, reason };
  })();
  return {
    pid,
    stdout,
    stderr,
    exited,
    cancel: async (graceMs, why = 'cancelled') => {
      reason ??= why;
      ladder ??= climb(tree, ended, graceMs);
      await ladder;
      await exited;
    },
    kill: async (why = 'killed') => {
      reason ??= why;
      await tree.killAll();
      await exited;
    },
    usage: () => meter.usage(),
    restartUsage: () => meter.restart(),
  };
}

interface Tree {
  signal(name: 'SIGINT' | 'SIGTERM'): Promise<void>;
  killAll(): Promise<void>;
  /** True for what holds the robot and is none of it. */
  isHolder(process: { pid: number; parentPid: number }): boolean;
  /** Members that may have left their parents: when each started, by its pid. */
  strays(): ReadonlyMap<number, string>;
  /** Nothing of it lives any more. */
  release?(): void;
}

function treeOf({ child, containment, cookie, ward, job }: WatchOptions, pid: number): Tree {
  if (containment.kind === 'pid-namespace') return namespaceTree(child, pid);
  if (job) return jobTree(job, pid);
  return process.platform === 'win32' ? parentsTree(pid) : groupTree(child, pid, cookie, ward);
}

async function climb(tree: Tree, ended: Promise<unknown>, graceMs: number): Promise<void> {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    await tree.signal(name);
    if (await settlesWithin(ended, graceMs / 2)) return;
  }
  await tree.killAll();
}

/** The kernel kills all of a PID namespace with its init, also what left group and session. */
function namespaceTree(child: ChildProcess, pid: number): Tree {
  const init = readInitPid(child.stdio[3]);
  let ended = false;
  let dead = false;
  child.once('exit', () => {
    ended = true;
  });
  return {
    // The init itself is deaf to it: signals from outside reach a namespace's init only if it asked for them.
    signal: async (name) => {
      const initPid = await init;
      if (!ended && initPid !== undefined) signalGroup(initPid, name);
    },
    killAll: async () => {
      const initPid = await init;
      if (dead) return;
      if (initPid !== undefined) killNow(initPid);
      // bwrap's own process: the namespace dies with it, so this serves too where the init is not known.
      if (!ended) killNow(pid);
      // The init is gone, or a zombie, only after every other process of its namespace.
      if (initPid !== undefined) await untilGone(initPid);
      dead = ended;
    },
    // bwrap and, as its child, the namespace's init, which inherits whoever loses their parents.
    isHolder: (process) => process.pid === pid || process.parentPid === pid,
    strays: () => new Map(),
  };
}

function readInitPid(stream: unknown): Promise<number | undefined> {
  return new Promise((resolve) => {
    if (!isReadable(stream)) {
      resolve(undefined);
      return;
    }
    let text = '';
    stream.setEncoding('utf8');
    stream.on('data', (part: string) => {
      text += part;
    });
    stream.on('error', () => resolve(undefined));
    stream.on('close', () => resolve(parseInitPid(text)));
  });
}

function isReadable(stream: unknown): stream is Readable {
  return typeof stream === 'object' && stream !== null && 'setEncoding' in stream;
}

/** How long Windows may take to end a job; one that hangs in the kernel is not waited for. */
const JOB_ENDS_WITHIN_MS = 1000;
const JOB_POLL_MS = 5;

/** Windows ends all of a job at once, whoever started them. It has no signal that asks a program to end. */
function jobTree(job: Job, pid: number): Tree {
  return {
    signal: async () => undefined,
    killAll: async () => {
      job.terminate();
      for (let waited = 0; waited < JOB_ENDS_WITHIN_MS && job.livingCount() > 0; waited += JOB_POLL_MS)
        await wait(JOB_POLL_MS);
    },
    // The stub.
    isHolder: (process) => process.pid === pid,
    strays: () => new Map(),
    release: () => job.release(),
  };
}

/** Windows without Job Objects: as far as parents still live. */
function parentsTree(pid: number): Tree {
  return {
    signal: async () => undefined,
    killAll: () => taskkill(pid),
    isHolder: () => false,
    strays: () => new Map(),
  };
}

function groupTree(child: ChildProcess, pid: number, cookie: Cookie, ward: Ward | undefined): Tree {
  const family = new ProcessFamily({ rootPids: [pid], cookies: [cookie], table: createProcessTable() });
  child.once('exit', () => family.forgetRoots());
  ward?.started(pid);
  let watch = setTimeout(look, FIRST_WATCH_MS, FIRST_WATCH_MS * 2).unref();
  function look(nextMs: number): void {
    // A table that cannot be read now is read again later, and at the end.
    family.members().then(
      () => ward?.saw(family.seen),
      () => undefined,
    );
    watch = setTimeout(look, nextMs, Math.min(nextMs * 2, LAST_WATCH_MS)).unref();
  }
  return {
    signal: async (name) => {
      await family.members();
      signalGroup(pid, name);
    },
    killAll: async () => {
      clearTimeout(watch);
      await family.killAll();
    },
    isHolder: () => false,
    strays: () => family.seen,
    release: () => ward?.over(),
  };
}

function signalGroup(leaderPid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-leaderPid, name);
  } catch {
    // The group is gone.
  }
}

async function drain(streams: readonly Readable[]): Promise<void> {
  await settlesWithin(Promise.all(streams.map(untilClosed)), DRAIN_MS);
  for (const stream of streams) stream.destroy();
}

function untilClosed(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve();
    else stream.once('close', resolve);
  });
}

/** True when `work` settles in time. */
function settlesWithin(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), milliseconds);
    const settle = () => {
      clearTimeout(timer);
      resolve(true);
    };
    work.then(settle, settle);
  });
}
