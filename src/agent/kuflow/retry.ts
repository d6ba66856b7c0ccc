import { AgentError, isAgentError } from '../../shared/errors.ts';
import type { ApiOperation } from './operations.ts';

const FIRST_BACKOFF_MS = 1000;
const LAST_BACKOFF_MS = 60_000;
/** Longer waits than this are not believed: nobody would be there to mend a wrong Retry-After. */
const LONGEST_RETRY_AFTER_MS = 15 * 60_000;

export type Sleep = (milliseconds: number, signal?: AbortSignal) => Promise<void>;

export interface RetryOptions<T> {
  operation: Pick<ApiOperation, 'repeat' | 'attempts'>;
  attempt: () => Promise<T>;
  sleep: Sleep;
  random: () => number;
  signal?: AbortSignal | undefined;
  /** Hears of each wait before it begins. */
  onWait: (waitMs: number, error: AgentError) => void;
}

/**
 * Makes a call, and again while that can help and is safe: waits grow from 1 s to 60 s with full jitter, or are
 * what Retry-After says.
 * @throws AgentError the last one; INTERRUPTED when `signal` aborts a wait
 */
export async function withRetry<T>(options: RetryOptions<T>): Promise<T> {
  const { operation, attempt, sleep, random, signal, onWait } = options;
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isAgentError(error) || tries >= operation.attempts || !mayRepeat(operation.repeat, error))
        throw error;
      if (signal?.aborted) throw interrupted(outcomeOf(error));
      const waitMs = Math.max(retryAfterOf(error) ?? 0, backoffMs(tries - 1, random));
      onWait(waitMs, error);
      await sleep(waitMs, signal);
      if (signal?.aborted) throw interrupted(outcomeOf(error));
    }
  }
}

/** Whether repeating a failed call can help, and cannot do its work twice. */
export function mayRepeat(repeat: ApiOperation['repeat'], error: AgentError): boolean {
  if (!error.retryable) return false;
  return repeat === 'always' || error.details?.outcome === 'not-sent';
}

/** True when the platform may have acted on a call that failed: the caller looks before it repeats. */
export function isOutcomeUnknown(error: unknown): boolean {
  return isAgentError(error) && error.details?.outcome === 'unknown';
}

/** What an error of this client knows about the platform having acted. */
function outcomeOf(error: AgentError): 'not-sent' | 'unknown' {
  return error.details?.outcome === 'not-sent' ? 'not-sent' : 'unknown';
}

/** Full jitter over a limit that doubles from 1 s to 60 s; `failures` counts from 0. */
export function backoffMs(failures: number, random: () => number): number {
  return random() * Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 16));
}

/** Retry-After as milliseconds from now: seconds or an HTTP date; null when absent or unreadable. */
export function parseRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const text = value.trim();
  const isSeconds = /^\d+(\.\d+)?$/.test(text);
  // Dates of HTTP begin with a weekday; Date.parse would also make one of "-5".
  if (!isSeconds && !/^[A-Z]/i.test(text)) return null;
  const waitMs = isSeconds ? Number(text) * 1000 : Date.parse(text) - nowMs;
  if (!Number.isFinite(waitMs)) return null;
  return Math.min(Math.max(waitMs, 0), LONGEST_RETRY_AFTER_MS);
}

/** What a failed answer asked for; null if it asked for nothing. */
export function retryAfterOf(error: AgentError): number | null {
  const value = error.details?.retryAfterMs;
  return typeof value === 'number' ? value : null;
}

/** The error of a call that the caller's own signal ended. */
export function interrupted(outcome: 'not-sent' | 'unknown'): AgentError {
  return new AgentError('INTERRUPTED', 'The call to the platform was ended before its answer came.', {
    details: { outcome },
  });
}

/** Waits, or less if `signal` aborts. */
export const sleepFor: Sleep = (milliseconds, signal) =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', end, { once: true });
  });
