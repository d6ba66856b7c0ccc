import { backoffMs } from '../kuflow/retry.ts';

/** Without work for this long, polls slow down. */
const LIVELY_MS = 10 * 60_000;
/** ± share of each wait, so that a thousand hosts do not poll in step. */
const JITTER = 0.3;
/** A poll that failed waits at least this long. */
const AFTER_FAILURE_MS = 1000;

/**
 * How long to wait between polls: not at all after work was found, `minMs` while there was work in the last ten
 * minutes, then growing by a tenth a poll to `maxMs`. Polls that fail one after the other back off to a minute.
 */
export class PollPace {
  readonly #options: { minMs: number; maxMs: number; now: () => number; random: () => number };
  #lastWorkAt: number;
  #idleMs: number;
  #failures = 0;

  constructor(options: { minMs: number; maxMs: number; now: () => number; random: () => number }) {
    this.#options = options;
    this.#lastWorkAt = options.now();
    this.#idleMs = options.minMs;
  }

  /** Milliseconds to the next poll. */
  nextWaitMs(poll: { ok: boolean; found: number }): number {
    const { minMs, maxMs, now, random } = this.#options;
    if (poll.found > 0) {
      this.#lastWorkAt = now();
      this.#idleMs = minMs;
      return 0;
    }
    if (now() - this.#lastWorkAt > LIVELY_MS) this.#idleMs = Math.min(maxMs, this.#idleMs * 1.1);
    const base = poll.ok ? this.#idleMs : Math.max(this.#idleMs, AFTER_FAILURE_MS);
    const waitMs = Math.round(base * (1 - JITTER + 2 * JITTER * random()));
    if (poll.ok) this.#failures = 0;
    return poll.ok ? waitMs : Math.max(waitMs, Math.round(backoffMs(this.#failures++, random)));
  }
}
