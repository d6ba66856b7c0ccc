import { z } from 'zod';

export const TakeFactsSchema = z.object({
  /** Until then log entries on READY tasks are believed to be refused. */
  refusesReadyUntilMs: z.number().default(0),
  /** The most entries that were seen in one log: the platform keeps at least as many. */
  keeps: z.number().int(),
});
export type TakeFacts = z.infer<typeof TakeFactsSchema>;

/** Where the facts outlive the agent. */
export interface TakeFactRecords {
  loadTakeFacts(endpoint: string): TakeFacts | null;
  saveTakeFacts(endpoint: string, facts: TakeFacts): void;
  /** How many entries the platform is known to keep; null: not yet. */
  loadLogBound(endpoint: string): number | null;
}

/** Servers are believed to keep two entries; more where more were seen. */
const LEAST_KEPT = 2;
const FEW_KEPT = 4;
/** Longer logs teach nothing that matters. */
const MOST_KEPT = 64;
/** A take rests for a minute; more than these have not been made by then. */
const MOST_OVER = 1000;
const MOST_OVER_OF_ONE = 20;
const HOUR_MS = 60 * 60_000;

/** What takes teach of the platform and of the other hosts. */
export class TakeMemory {
  readonly #endpoint: string;
  readonly #records: TakeFactRecords;
  readonly #now: () => number;
  readonly #restingUntilMs = new Map<string, number>();
  /** Nonces of this host's own takes that came to nothing, by task. */
  readonly #over = new Map<string, string[]>();
  #facts: TakeFacts;
  #rivalAtMs = Number.NEGATIVE_INFINITY;
  #principalId: string | null = null;

  constructor(endpoint: string, records: TakeFactRecords, now: () => number) {
    this.#endpoint = endpoint;
    this.#records = records;
    this.#now = now;
    this.#facts = records.loadTakeFacts(endpoint) ?? { refusesReadyUntilMs: 0, keeps: LEAST_KEPT };
  }

  /** Our principal, where the registration did not tell it: whose our first claim was. */
  get principalId(): string | null {
    return this.#principalId;
  }

  notePrincipal(principalId: string): void {
    this.#principalId = principalId;
  }

  /** The platform keeps at least so many entries of a task. */
  get keeps(): number {
    return Math.min(this.#facts.keeps, this.#records.loadLogBound(this.#endpoint) ?? MOST_KEPT);
  }

  /**
   * True where the claim comes before the append: the platform refuses entries on READY tasks, and may keep so few that
   * an entry too many does harm.
   */
  get claimsFirst(): boolean {
    return this.keeps < FEW_KEPT && this.#facts.refusesReadyUntilMs > this.#now();
  }

  noteReady(append: 'accepted' | 'refused'): void {
    const refusesReadyUntilMs = append === 'refused' ? this.#now() + HOUR_MS : 0;
    if (append === 'refused' || this.#facts.refusesReadyUntilMs !== 0) this.#save({ refusesReadyUntilMs });
  }

  noteLog(entries: number): void {
    const keeps = Math.min(entries, MOST_KEPT);
    if (keeps > this.#facts.keeps) this.#save({ keeps });
  }

  /** True when a take of another host was met in the last hour: then hosts spread their takes. */
  get hasRivals(): boolean {
    return this.#now() - this.#rivalAtMs < HOUR_MS;
  }

  noteRival(): void {
    this.#rivalAtMs = this.#now();
  }

  /** A take of this host's own has ended, or died with an earlier agent: it keeps nobody from the task. */
  noteOver(taskId: string, nonce: string): void {
    const before = this.#over.get(taskId) ?? [];
    this.#over.delete(taskId);
    this.#over.set(taskId, [...before.slice(1 - MOST_OVER_OF_ONE), nonce]);
    if (this.#over.size > MOST_OVER) this.#over.delete(this.#over.keys().next().value ?? taskId);
  }

  isOver(taskId: string, nonce: string): boolean {
    return this.#over.get(taskId)?.includes(nonce) ?? false;
  }

  /** The task is not looked at for so long: a take in its log rests. */
  rest(taskId: string, milliseconds: number): void {
    for (const [id, untilMs] of this.#restingUntilMs)
      if (untilMs <= this.#now()) this.#restingUntilMs.delete(id);
    this.#restingUntilMs.set(taskId, this.#now() + milliseconds);
  }

  isResting(taskId: string): boolean {
    const leftMs = (this.#restingUntilMs.get(taskId) ?? 0) - this.#now();
    // More than that is left only where the clock was set back.
    return leftMs > 0 && leftMs <= HOUR_MS;
  }

  #save(change: Partial<TakeFacts>): void {
    this.#facts = { ...this.#facts, ...change };
    this.#records.saveTakeFacts(this.#endpoint, this.#facts);
  }
}
