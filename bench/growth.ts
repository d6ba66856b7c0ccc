import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { residentMb } from './memory.ts';
import type { Teller } from './teller.ts';

/** What a process holds. */
export interface Holding {
  /** With the garbage that it has not collected yet. */
  residentMb: number;
  /** Without it. */
  heapMb: number;
  descriptors: number;
  folders: number;
}

/** A process that does something many times, and may hold more after each. */
export interface Subject {
  name: string;
  pid: number;
  memory: Teller<{ heapMb: number }>;
  /** Its temporary folders are all in `dir`, except those in `kept`, which are to stay; null: it makes none. */
  tmp: { dir: string; kept: string } | null;
  run: (times: number) => Promise<unknown>;
}

/** The first times compile code and fill pools. */
export const WARM_UP = 200;
/** Idle for so long before a look: connections that are kept alive are closed by then. */
const SETTLE_MS = 6000;
const TOLD_EACH = 1000;

/** What each subject holds more after so many times than after the first ones. */
export async function measureGrowth<T extends Subject>(
  subjects: readonly T[],
  times: number,
): Promise<Map<T, Holding>> {
  const lookAtAll = async () => {
    await delay(SETTLE_MS);
    return await Promise.all(subjects.map(look));
  };
  for (const { run } of subjects) await run(WARM_UP);
  const before = await lookAtAll();
  if (times > TOLD_EACH) for (const [at, subject] of subjects.entries()) tell(subject, 0, before[at]);
  for (const subject of subjects) {
    for (let left = times; left > 0; left -= TOLD_EACH) {
      await subject.run(Math.min(left, TOLD_EACH));
      if (left > TOLD_EACH) tell(subject, times - left + TOLD_EACH, await look(subject));
    }
  }
  const after = await lookAtAll();
  return new Map(subjects.map((subject, at) => [subject, difference(after[at], before[at])]));
}

async function look({ pid, memory, tmp }: Subject): Promise<Holding> {
  return {
    residentMb: residentMb(pid) ?? Number.NaN,
    ...(await memory.ask(pid)),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    folders: tmp === null ? 0 : countFolders(tmp.dir, tmp.kept),
  };
}

function difference(after: Holding | undefined, before: Holding | undefined): Holding {
  if (!after || !before) throw new Error('Nobody looked');
  return {
    residentMb: after.residentMb - before.residentMb,
    heapMb: after.heapMb - before.heapMb,
    descriptors: after.descriptors - before.descriptors,
    folders: after.folders - before.folders,
  };
}

/** A long measurement shows how it goes: growth that ends is told from one that goes on. */
function tell({ name }: Subject, times: number, holding: Holding | undefined): void {
  if (!holding) return;
  const { descriptors, folders } = holding;
  const memory = `${holding.residentMb.toFixed(0)} MB resident, ${holding.heapMb.toFixed(2)} MB heap`;
  process.stderr.write(`  ${times}: ${memory}, ${descriptors} descriptors, ${folders} folders: ${name}\n`);
}

function countFolders(dir: string, kept: string): number {
  let folders = 0;
  for (const entry of entriesOf(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory() && path !== kept) folders += 1 + countFolders(path, kept);
  }
  return folders;
}

/** A folder may go while it is looked at. */
function entriesOf(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true });
  } catch {
    return [];
  }
}
