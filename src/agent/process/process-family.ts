import { setTimeout as wait } from 'node:timers/promises';
import type { Cookie, ProcessInfo, ProcessTable } from './process-table.ts';

/** Between two sweeps: long enough for a killed process to be gone. */
const SWEEP_PAUSE_MS = 10;
/** A family that outlives so many sweeps forks faster than it can be killed, or hangs in the kernel. */
const MAX_SWEEPS = 200;

export interface ProcessFamilyOptions {
  /** The processes that all others descend from; each leads its own session. */
  rootPids: readonly number[];
  cookies: readonly Cookie[];
  /** Members that others saw: when each started, by its pid. */
  seen?: ReadonlyMap<number, string>;
  table: ProcessTable;
  kill?: (pid: number) => void;
}

/**
 * Everything that some processes started, where no PID namespace holds it together. Known by what it carries (the
 * cookie), by descent, by session and group, and by having been seen before: a daemon that left its parents and
 * cleared its environment is found if it was seen once while it still belonged.
 */
export class ProcessFamily {
  readonly #options: ProcessFamilyOptions;
  /** Members seen, by pid; the start time tells a later process of the same pid apart. */
  readonly #seen: Map<number, string>;
  readonly #sessions: Set<number>;
  #roots: readonly number[];

  constructor(options: ProcessFamilyOptions) {
    this.#options = options;
    this.#roots = options.rootPids;
    this.#sessions = new Set(options.rootPids);
    this.#seen = new Map(options.seen);
  }

  /** The roots ended: from now on their pids may be strangers'. */
  forgetRoots(): void {
    for (const pid of this.#roots) this.#seen.delete(pid);
    this.#roots = [];
  }

  /** Members of the last look: when each started, by its pid. */
  get seen(): ReadonlyMap<number, string> {
    return this.#seen;
  }

  /** The living members; those seen now are known from here on. */
  async members(): Promise<number[]> {
    const [processes, carriers] = await Promise.all([
      this.#options.table.list(),
      this.#options.table.findByCookies(this.#options.cookies),
    ]);
    const found = findMembers(processes, {
      pids: new Set([...this.#roots, ...carriers]),
      seen: this.#seen,
      sessions: this.#sessions,
    });
    this.#seen.clear();
    for (const member of found) {
      this.#seen.set(member.pid, member.startedAt);
      if (member.sessionId === member.pid || member.groupId === member.pid) this.#sessions.add(member.pid);
    }
    return found.map((member) => member.pid);
  }

  /** Kills every member until two sweeps in a row find none. Returns how many there were. */
  async killAll(): Promise<number> {
    const kill = this.#options.kill ?? killNow;
    const killed = new Set<number>();
    for (let sweeps = 0, empty = 0; empty < 2 && sweeps < MAX_SWEEPS; sweeps++) {
      const members = await this.members();
      for (const pid of members) {
        kill(pid);
        killed.add(pid);
      }
      empty = members.length === 0 ? empty + 1 : 0;
      if (empty < 2) await wait(SWEEP_PAUSE_MS);
    }
    return killed.size;
  }
}

export interface Kin {
  pids: ReadonlySet<number>;
  seen: ReadonlyMap<number, string>;
  /** Sessions and groups that members lead or led. */
  sessions: ReadonlySet<number>;
}

/** Of `processes` those that belong: kin themselves, in a session of kin, or descended from either. */
export function findMembers(processes: readonly ProcessInfo[], kin: Kin): ProcessInfo[] {
  const members = new Map<number, ProcessInfo>();
  const sessions = new Set(kin.sessions);
  const belongs = (candidate: ProcessInfo) =>
    kin.pids.has(candidate.pid) ||
    kin.seen.get(candidate.pid) === candidate.startedAt ||
    members.has(candidate.parentPid) ||
    sessions.has(candidate.sessionId) ||
    sessions.has(candidate.groupId);
  for (let before = -1; before !== members.size; ) {
    before = members.size;
    for (const candidate of processes) {
      if (members.has(candidate.pid) || candidate.pid <= 1 || candidate.pid === process.pid) continue;
      if (!belongs(candidate)) continue;
      members.set(candidate.pid, candidate);
      if (candidate.sessionId === candidate.pid || candidate.groupId === candidate.pid)
        sessions.add(candidate.pid);
    }
  }
  return [...members.values()];
}

/** Kills `pid`, if it still lives. */
export function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself, or is another user's and so none of ours.
  }
}
