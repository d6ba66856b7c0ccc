import type { Pruned } from '../../shared/control-api.ts';
import type { AgentLog } from '../logs/agent-log.ts';
import { findPrunable, noteUse, prune, prunedOf, type RetentionOptions } from './retention.ts';

const HOUR_MS = 60 * 60_000;
/** Measuring a home takes its disk for some seconds: not while an agent starts, and what waited for it. */
const FIRST_PASS_MS = 60_000;

export interface RetentionLoopOptions extends Omit<RetentionOptions, 'inUse'> {
  /** Folders of packages, runtimes and environments that runs need, now or next. */
  places: () => string[];
  log: AgentLog;
}

export interface Retention {
  prune(dryRun: boolean): Promise<Pruned>;
  /** Ends the loop, and notes what was in use until now. */
  close(): Promise<void>;
}

/** Keeps the home within its limits: a minute after the start, and each hour. */
export function openRetention(given: RetentionLoopOptions): Retention {
  const { log, places } = given;
  const measured = new Map<string, number>();
  const options = { ...given, measured };
  const pass = async (dryRun: boolean): Promise<Pruned> => {
    await noteUse({ ...options, inUse: places() });
    const found = await findPrunable({ ...options, inUse: places() });
    if (!dryRun && found.length > 0) {
      await prune(found);
      for (const { dir } of found) measured.delete(dir);
      log.info('Old folders removed', { folders: found.length, bytes: prunedOf(found).bytes });
    }
    return prunedOf(found);
  };
  let last: Promise<unknown> = Promise.resolve();
  /** One pass after the other: two would remove the same. */
  const inTurn = (dryRun: boolean): Promise<Pruned> => {
    const next = last.then(() => pass(dryRun));
    last = next.catch(() => undefined);
    return next;
  };
  const retain = () =>
    void inTurn(false).catch((error: unknown) =>
      log.warn('Old folders could not be removed', { message: String(error) }),
    );
  const timers = [setTimeout(retain, FIRST_PASS_MS), setInterval(retain, HOUR_MS)];
  for (const timer of timers) timer.unref();
  return {
    prune: inTurn,
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      await last;
      await noteUse({ ...options, inUse: places() });
    },
  };
}
