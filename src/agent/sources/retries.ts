import type { HostRecords, NextTry } from '../journal/host-records.ts';

export interface RetriesOptions {
  records: HostRecords;
  /** Hands a due retry on, unless it cannot go now. It stays due until its task is taken. */
  accept: (next: NextTry) => void;
  now: () => number;
  /** Waits, but returns at once when poked or when `signal` aborts. */
  wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** A postponed task that the inbox has not shown again for so long after it was due is over somewhere else. */
const FORGET_MS = 24 * 60 * 60_000;
/** Longest sleep between two looks: a clock that was moved is noticed by then. */
const LONGEST_WAIT_MS = 5000;

/**
 * Next attempts of tasks that failed here under the failure policy `retry`. Such a task stays CLAIMED by us, so
 * the inbox never shows it again.
 */
export async function startRetries(options: RetriesOptions, signal: AbortSignal): Promise<void> {
  const { records, accept, now, wait } = options;
  while (!signal.aborted) {
    const tries = records.listNextTries();
    const retries = tries.filter((next) => next.kind === 'retry');
    for (const next of retries) if (next.dueAtMs <= now()) accept(next);
    for (const next of tries) {
      if (next.kind === 'postponed' && next.dueAtMs < now() - FORGET_MS) records.removeNextTry(next.taskId);
    }
    const soonest = retries.find((next) => next.dueAtMs > now());
    await wait(Math.min(soonest ? soonest.dueAtMs - now() : LONGEST_WAIT_MS, LONGEST_WAIT_MS), signal);
  }
}
