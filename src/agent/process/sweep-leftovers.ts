import { setTimeout as wait } from 'node:timers/promises';
import { killNow } from './process-family.ts';
import { createProcessTable, type ProcessTable } from './process-table.ts';

const COOKIE_NAME = 'KUBOT_RUN_ID';
const SWEEP_PAUSE_MS = 10;
const MAX_SWEEPS = 100;

/**
 * Kills what a crashed agent left of its runs, known by the run id in the environment, until two sweeps find none.
 * What cleared its environment outside a PID namespace is not found.
 * @param isOurs whether a run of that id is of this home
 * @returns how many processes were killed
 */
export async function sweepLeftovers(
  isOurs: (runId: string) => boolean,
  table: ProcessTable = createProcessTable(),
): Promise<number> {
  const killed = new Set<number>();
  for (let sweeps = 0, empty = 0; empty < 2 && sweeps < MAX_SWEEPS; sweeps++) {
    const found = (await table.listCookies(COOKIE_NAME)).filter(
      ({ pid, value }) => pid !== process.pid && isOurs(value),
    );
    for (const { pid } of found) {
      killNow(pid);
      killed.add(pid);
    }
    empty = found.length === 0 ? empty + 1 : 0;
    if (empty < 2) await wait(SWEEP_PAUSE_MS);
  }
  return killed.size;
}
