import { AgentError, isAgentError, toAgentError } from '../../shared/errors.ts';
import type { LogLevel } from '../../shared/run.ts';
import { needsSomebody } from '../kuflow/connection.ts';
import { backoffMs, retryAfterOf } from '../kuflow/retry.ts';
import { hasMark } from './mark.ts';
import type { ShipperOptions, TaskAnswer } from './shipper-ports.ts';

/** The server's clock comes in whole seconds, and ours may have drifted since the last answer. */
const CLOCK_SLACK_MS = 3000;

/** What became of an entry. `dropped`: taken, and pushed out of the bounded log since. */
export type Delivery = 'accepted' | 'dropped' | { refused: AgentError };

/**
 * Appends entries, each once. `append-log` knows no id of the client's, so after an answer that was lost the entry
 * is looked for by its mark before it is sent again. One twin is possible: an append that a proxy holds back until
 * after that look.
 */
export class EntryAppender {
  readonly #options: ShipperOptions;
  /** Of the newest answer: which entries the log begins and ends with. */
  #first: string | null = null;
  #last: string | null = null;
  /** Of the task when it last took an entry. */
  #ownerId: string | null = null;
  #clockOffsetMs = 0;

  constructor(options: ShipperOptions) {
    this.#options = options;
  }

  /** @throws AgentError INTERRUPTED when the shipper's signal aborts a wait */
  async append(message: string, level: LogLevel, mark: string): Promise<Delivery> {
    const { api, taskId } = this.#options;
    for (let failures = 0; ; failures++) {
      const sentAtMs = this.serverNow();
      try {
        const answer = await api.appendLog(taskId, { message, level });
        this.#learn(answer);
        this.#ownerId = answer.ownerId;
        return 'accepted';
      } catch (thrown) {
        const error = toAgentError(thrown);
        if (isRefusal(error)) return { refused: error };
        await this.wait('append a log entry', error, failures);
        if (error.details?.outcome === 'not-sent') continue;
        const delivery = await this.lookUp(mark, sentAtMs);
        if (delivery !== null) return delivery;
      }
    }
  }

  /** The server's clock, as far as its answers told it. */
  serverNow(): number {
    return this.#options.now() + this.#clockOffsetMs;
  }

  /** Whether a task that refused an entry is still the one that took entries. */
  isOurs({ state, ownerId }: TaskAnswer): boolean {
    if (state !== 'CLAIMED' && state !== 'READY') return false;
    return ownerId === null || this.#ownerId === null || ownerId === this.#ownerId;
  }

  /** Id of the newest entry of the task's log, as the newest answer had it. */
  get newestId(): string | null {
    return this.#last;
  }

  /**
   * Whether an entry of ours arrived that was sent at `sentAtMs` (server's time), when the log's newest entry was
   * `newestBefore`; null: it did not.
   */
  async lookUp(mark: string, sentAtMs: number, newestBefore = this.#last): Promise<Delivery | null> {
    const answer = await this.readTask();
    if ('refused' in answer) return answer;
    if (answer.logs.some((entry) => hasMark(entry.message, mark))) return 'accepted';
    return wasDropped(answer, newestBefore, sentAtMs) ? 'dropped' : null;
  }

  /** The task as the platform has it, once it answers. */
  async readTask(): Promise<TaskAnswer | { refused: AgentError }> {
    for (let failures = 0; ; failures++) {
      try {
        const answer = await this.#options.api.readTask(this.#options.taskId);
        this.#learn(answer);
        return answer;
      } catch (thrown) {
        const error = toAgentError(thrown);
        if (isRefusal(error)) return { refused: error };
        await this.wait('look for a log entry', error, failures);
      }
    }
  }

  /** Waits before another try: what the server asked for, else 1 s to 60 s with full jitter. */
  async wait(what: string, error: AgentError, failures: number): Promise<void> {
    const { random, sleep, signal, onRetry } = this.#options;
    const waitMs = retryAfterOf(error) ?? backoffMs(failures, random);
    onRetry?.({ what, message: error.message, waitMs });
    await sleep(waitMs, signal);
    if (signal?.aborted) {
      throw new AgentError('INTERRUPTED', 'The agent ended before the log of the run was told.', {
        cause: error,
      });
    }
  }

  #learn(answer: TaskAnswer): void {
    const { onAnswer, onServerBound, now } = this.#options;
    if (answer.serverTimeMs !== null) this.#clockOffsetMs = answer.serverTimeMs - now();
    const first = this.#first;
    if (first !== null && !answer.logs.some((entry) => entry.id === first))
      onServerBound?.(answer.logs.length);
    this.#first = answer.logs[0]?.id ?? null;
    this.#last = answer.logs.at(-1)?.id ?? null;
    onAnswer?.(answer);
  }
}

/**
 * An entry whose mark is absent arrived and was dropped only if all that was there before it is gone too: the server
 * drops from the oldest. While the entry that was newest before it is there, or where none is known, it never came:
 * a twin of an entry that was dropped is nobody's.
 */
function wasDropped(answer: TaskAnswer, newestBefore: string | null, sentAtMs: number): boolean {
  const oldest = answer.logs[0];
  if (oldest === undefined || newestBefore === null) return false;
  if (answer.logs.some((entry) => entry.id === newestBefore)) return false;
  return Date.parse(oldest.timestamp) > sentAtMs + CLOCK_SLACK_MS;
}

/** Trying the same again cannot help. Refused credentials may be renewed, so they are waited for. */
export function isRefusal(error: AgentError): boolean {
  return isAgentError(error) && !error.retryable && !needsSomebody(error) && error.code !== 'INTERRUPTED';
}
