import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { type ProcessStat, pidsOfProc, readProc, readStat } from './process-table.ts';

/**
 * What a program and all it started used, as far as it was seen by looking every so often. So both figures are "at
 * least": what ended between two looks is missing from the memory, and what was used after the last one from both.
 */
export interface ProcessUsage {
  /** Of all its processes together, at its highest; null: none was seen alive. */
  peakMemoryBytes: number | null;
  cpuTimeMs: number;
  /** Which programs were seen and how many processes of each, the most first; at most 50. */
  programs: { name: string; count: number }[];
}

export interface UsageMeterOptions {
  /** The child that all others descend from. */
  rootPid: number;
  /** Processes of ours that hold the robot rather than being of it: bubblewrap and its init. */
  isHolder: (process: { pid: number; parentPid: number }) => boolean;
  /** Processes that belong though they descend from nobody who lives: when each started, by its pid. */
  strays: () => ReadonlyMap<number, string>;
}

const FIRST_LOOK_MS = 50;
/** A look reads a line of each process of the machine: 2 ms for 200 of them. */
const LAST_LOOK_MS = 2000;
const MOST_PROGRAMS = 50;
/** USER_HZ: what /proc counts time in, the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Looks at a program's processes until it is stopped. Linux; elsewhere it sees nothing. */
export class UsageMeter {
  readonly #options: UsageMeterOptions;
  readonly #programs = new Map<string, string>();
  #looks = 0;
  #peakMemoryBytes = 0;
  #cpuTicks = 0;
  /** Used before the robot began. */
  #ticksBefore = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: UsageMeterOptions) {
    this.#options = options;
    this.#wait(FIRST_LOOK_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Begins anew: what was there until now was not the robot yet. */
  restart(): void {
    this.look();
    this.#ticksBefore = this.#cpuTicks;
    this.#looks = 0;
    this.#peakMemoryBytes = 0;
    this.#programs.clear();
    clearTimeout(this.#timer);
    this.#wait(FIRST_LOOK_MS);
  }

  /** Null: it ended before it was looked at, or this system does not tell. */
  usage(): ProcessUsage | null {
    if (this.#looks === 0) return null;
    const counts = new Map<string, number>();
    for (const name of this.#programs.values()) counts.set(name, (counts.get(name) ?? 0) + 1);
    const programs = [...counts].map(([name, count]) => ({ name, count }));
    programs.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
    return {
      peakMemoryBytes: this.#peakMemoryBytes || null,
      cpuTimeMs: ((this.#cpuTicks - this.#ticksBefore) * 1000) / TICKS_PER_SECOND,
      programs: programs.slice(0, MOST_PROGRAMS),
    };
  }

  look(): void {
    if (process.platform !== 'linux') return;
    const { rootPid, isHolder, strays } = this.#options;
    const family = familyOf(rootPid, strays(), readAll());
    const members = family.filter((member) => !isHolder(member));
    if (members.length === 0) return;
    this.#looks += 1;
    let memoryBytes = 0;
    for (const { pid, startedAt, name, state } of members) {
      // Dead, it has neither a program nor memory.
      if (state === 'Z' || state === 'X') continue;
      this.#programs.set(`${pid}/${startedAt}`, findProgram(pid) ?? name);
      memoryBytes += readMemoryBytes(pid);
    }
    this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, memoryBytes);
    // Of the living and of those whose end they waited for; with a namespace's init among them that is all.
    const cpuTicks = family.reduce((sum, member) => sum + member.cpuTicks, 0);
    this.#cpuTicks = Math.max(this.#cpuTicks, cpuTicks);
  }

  #wait(milliseconds: number): void {
    if (process.platform !== 'linux') return;
    this.#timer = setTimeout(() => {
      this.look();
      this.#wait(Math.min(milliseconds * 2, LAST_LOOK_MS));
    }, milliseconds).unref();
  }
}

/** Those that descend from `rootPid`, are in its session or group, or are `strays` or descend from them. */
export function familyOf(
  rootPid: number,
  strays: ReadonlyMap<number, string>,
  processes: readonly ProcessStat[],
): ProcessStat[] {
  const belongs = ({ pid, parentPid, groupId, sessionId, startedAt }: ProcessStat) =>
    pid === rootPid ||
    members.has(parentPid) ||
    groupId === rootPid ||
    sessionId === rootPid ||
    strays.get(pid) === startedAt;
  const members = new Map<number, ProcessStat>();
  for (let before = -1; before !== members.size; ) {
    before = members.size;
    for (const seen of processes) if (belongs(seen)) members.set(seen.pid, seen);
  }
  return [...members.values()];
}

/** Zombies too: their time counts until somebody waits for it. */
function readAll(): ProcessStat[] {
  return pidsOfProc().flatMap((pid) => readStat(readText(pid, 'stat')) ?? []);
}

/** The file that it runs; undefined where that is not to be seen. */
function findProgram(pid: number): string | undefined {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, ''));
  } catch {
    return undefined;
  }
}

/** Its share: memory that several processes share is counted once among them. */
function readMemoryBytes(pid: number): number {
  return (
    findKilobytes(readText(pid, 'smaps_rollup'), 'Pss') ??
    findKilobytes(readText(pid, 'status'), 'VmRSS') ??
    0
  );
}

/** The bytes of a line such as `Pss:   223 kB`. */
export function findKilobytes(text: string, name: string): number | undefined {
  const kilobytes = new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(text)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function readText(pid: number, file: string): string {
  return readProc(pid, file).toString('latin1');
}
