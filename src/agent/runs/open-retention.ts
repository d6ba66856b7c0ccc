import type { Pruned } from '../../shared/control-api.ts';
import type { AgentLog } from '../logs/agent-log.ts';
import { findPrunable, noteUse, prune, prunedOf, type RetentionOptions } from './retention.ts';

const HOUR_MS = 60 * 60_000;

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

/** Keeps the home within its limits: now, and each hour. */
export function openRetention(options: RetentionLoopOptions): Retention {
  const { log, places } = options;
  const pass = async (dryRun: boolean): Promise<Pruned> => {
    await noteUse({ ...options, inUse: places() });
    const found = await findPrunable({ ...options, inUse: places() });
    if (!dryRun && found.length > 0) {
      await prune(found);
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
  retain();
  const timer = setInterval(retain, HOUR_MS);
  timer.unref();
  return {
    prune: inTurn,
    close: async () => {
      clearInterval(timer);
      await last;
      await noteUse({ ...options, inUse: places() });
    },
  };
}
