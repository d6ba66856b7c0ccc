/** Until then entries go out as they come; after it at most one in `intervalMs`. */
export const FREE_MS = 10_000;

/** Share of the entries that heartbeats of a long run may need; kept from everything that is faster. */
const HEARTBEAT_SHARE = 0.6;
/** Entries for the end of a run's log; the very last one comes on top. */
const END_ENTRIES = 10;
/** After FREE_MS an entry takes a second, and the end is to be told within ten; before it they go faster. */
const PACED_END_ENTRIES = 6;
const FREE_END_ENTRIES = 40;
const FREE_ENTRY_MS = 100;

export interface EntryBudgetOptions {
  maxEntries: number;
  /** Least time between entries after the first ten seconds. */
  intervalMs: number;
  heartbeatMs: number;
  /** Longest time that a run may take: heartbeats are kept back for so long. */
  horizonMs: number;
}

/**
 * How many entries a run may send when. A chatty start is shown line by line, then the pace coarsens: what is left of
 * the quick entries is spent ever more slowly, as one over the square root of time, so even after a day some are
 * left, and each of the heartbeats has its own.
 */
export class EntryBudget {
  readonly #options: EntryBudgetOptions;
  #max: number;
  #bound = Number.POSITIVE_INFINITY;
  #spent: number;

  constructor(options: EntryBudgetOptions, spent = 0) {
    this.#options = options;
    this.#max = options.maxEntries;
    this.#spent = spent;
  }

  get spent(): number {
    return this.#spent;
  }

  spend(): void {
    this.#spent++;
  }

  /** The server keeps `entries` and drops the oldest: more of ours would push out our own first ones. */
  learnBound(entries: number): void {
    this.#bound = entries;
    this.#max = Math.min(this.#options.maxEntries, Math.max(entries, 2));
  }

  /** Entries that may go out now, as long as the run lives. */
  live(elapsedMs: number): number {
    const { heartbeatMs, horizonMs } = this.#options;
    const heartbeats = Math.ceil(Math.max(0, horizonMs - elapsedMs) / heartbeatMs);
    const kept = Math.min(heartbeats, Math.floor(this.#max * HEARTBEAT_SHARE));
    return Math.max(0, this.#max - this.#spent - kept - this.#endEntries() - 1);
  }

  /** Entries that one look at the waiting lines may make: half of what is left at first, later two. */
  perFlush(elapsedMs: number): number {
    const left = this.live(elapsedMs);
    return elapsedMs < FREE_MS ? Math.ceil(left / 2) : Math.min(left, 2);
  }

  /** Time from one look at the waiting lines to the next. */
  flushDelayMs(elapsedMs: number): number {
    const { intervalMs, heartbeatMs } = this.#options;
    if (elapsedMs < FREE_MS) return 0;
    const paced = (2 * elapsedMs) / Math.max(this.live(elapsedMs), 1);
    return Math.min(Math.max(paced, intervalMs), heartbeatMs);
  }

  /** Least time between two entries. */
  spacingMs(elapsedMs: number): number {
    return elapsedMs < FREE_MS ? 0 : this.#options.intervalMs;
  }

  /** True while a sign of life leaves enough for the end. */
  mayBeat(): boolean {
    return this.#max - this.#spent > this.#endEntries() + 1;
  }

  /** Entries for the rest of the log when the run is over; one more is always left for the last. */
  end(elapsedMs: number): number {
    const left = Math.max(0, this.#options.maxEntries - this.#spent - 1);
    const free = Math.floor(Math.max(0, FREE_MS - elapsedMs) / FREE_ENTRY_MS);
    const wanted = PACED_END_ENTRIES + Math.min(free, FREE_END_ENTRIES);
    const bounded = Number.isFinite(this.#bound) ? Math.min(wanted, this.#endEntries()) : wanted;
    return Math.min(left, bounded);
  }

  #endEntries(): number {
    return Math.min(END_ENTRIES, Math.floor(this.#max / 5));
  }
}
