import { setTimeout as wait } from 'node:timers/promises';
import { killNow, ProcessFamily } from './process-family.ts';
import type { ProcessTable } from './process-table.ts';
import type { WardState } from './ward-orders.ts';

/** A robot that was about to be started may not carry its cookie yet: a fork takes its time on a busy machine. */
const UNSTARTED_MS = 500;
const UNSTARTED_PAUSE_MS = 25;

/** Kills the groups of robots whose agent died, then all that belongs to them, by the rules of `ProcessFamily`. */
export async function endWards(wards: readonly WardState[], table: ProcessTable): Promise<void> {
  if (wards.length === 0) return;
  const rootPids = wards.flatMap(({ pid }) => (pid === null ? [] : [pid]));
  const family = new ProcessFamily({
    rootPids,
    cookies: wards.map(({ cookie }) => cookie),
    seen: new Map(wards.flatMap(({ seen }) => [...seen])),
    table,
  });
  // Who descends from whom is to be seen before the first of them dies; where it cannot be, the groups die all the same.
  await family.members().catch(() => undefined);
  for (const pid of rootPids) killNow(-pid);
  await family.killAll();
  if (rootPids.length === wards.length) return;
  for (let waited = 0; waited < UNSTARTED_MS; waited += UNSTARTED_PAUSE_MS) {
    await wait(UNSTARTED_PAUSE_MS);
    await family.killAll();
  }
}
