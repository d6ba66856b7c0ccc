import { LEASE_MS } from './election.ts';
import { SILENT_MS } from './give-up.ts';
import { type LogEntry, type RunEntry, readAgentEntry, type TakeEntry } from './take-entry.ts';

/** Who has a task, as far as its log tells. */
export interface Holder {
  /** By which it has it; null: it was dropped from the log. */
  take: TakeEntry | null;
  /** What its run told last of itself; null: nothing yet. */
  told: RunEntry['kind'] | null;
  /** As marks name its run. */
  run: string | null;
  /** A take behind that which did not win, unless its host begins to tell of a run. */
  doubtful: { take: TakeEntry; atMs: number } | null;
}

/** What is known beside the log. */
export interface Known {
  /** Runs of this host's, as marks name them. */
  ownRuns: readonly string[];
  /** This host. */
  installationId: string | null;
  /** Who is known to have the task when the first of the entries comes; null: nobody is. */
  before: (Pick<Holder, 'take' | 'run'> & { atMs: number }) | null;
}

/** The first entry of a run, or the next, if the first was refused for its length. */
const FIRST_NUMBERS = 2;

/**
 * The host that has a task, by the entries of its log in their order; null: no agent wrote any of them. What a beaten
 * host wrote behind the winner, and what a proxy delivered late, change nothing.
 */
export function readHolder(
  logs: readonly LogEntry[],
  known: Known = { ownRuns: [], installationId: null, before: null },
): Holder | null {
  const reader = new HolderReader(known);
  for (const entry of logs) reader.read(entry);
  return reader.holder;
}

class HolderReader {
  holder: Holder | null;
  readonly #known: Known;
  /** True once the task must be CLAIMED: from then on nobody wins it as one that is READY. */
  #claimed: boolean;
  #takenAtMs = Number.NEGATIVE_INFINITY;
  #lastEntryAtMs: number;
  #ownTake: TakeEntry | null = null;
  /** What comes once more of these, or of earlier runs, was delivered late. */
  readonly #nonces = new Set<string>();
  readonly #formerRuns = new Set<string>();

  constructor(known: Known) {
    const { before } = known;
    this.#known = known;
    this.holder = before && { take: before.take, run: before.run, told: null, doubtful: null };
    this.#claimed = before !== null;
    this.#lastEntryAtMs = before?.atMs ?? Number.NEGATIVE_INFINITY;
  }

  read({ message, timestamp }: LogEntry): void {
    const entry = readAgentEntry(message);
    if (entry === null) return;
    const atMs = Date.parse(timestamp);
    if (entry.kind === 'take') this.#readTake(entry, atMs);
    else this.#readRun(entry);
    this.#lastEntryAtMs = atMs;
  }

  #readTake(take: TakeEntry, atMs: number): void {
    if (this.#nonces.has(take.nonce)) return;
    this.#nonces.add(take.nonce);
    if (take.installationId === this.#known.installationId) this.#ownTake = take;
    if (!this.#wins(take, atMs)) {
      if (this.holder) this.holder.doubtful = { take, atMs };
      return;
    }
    this.#replace(take);
    this.#takenAtMs = atMs;
    this.#claimed = take.again || take.claimed;
  }

  /** Whether the host of a take may have won by it, for all that came before. */
  #wins(take: TakeEntry, atMs: number): boolean {
    const { holder } = this;
    if (holder === null) return true;
    const isSame =
      take.installationId === holder.take?.installationId ||
      (take.installationId === this.#known.installationId && this.#isOwn(holder.run));
    // A little less than half an hour: whoever took over went by another clock than that of the entries.
    const isSilent = atMs - this.#lastEntryAtMs >= SILENT_MS - LEASE_MS;
    if (take.again) return isSame || holder.told === 'end' || isSilent;
    return !this.#claimed && (isSame || take.claimed || atMs - this.#takenAtMs >= LEASE_MS);
  }

  #readRun({ kind, run, number }: RunEntry): void {
    if (this.#formerRuns.has(run)) return;
    if (run !== this.holder?.run) {
      const whose = this.#whoseIs(run, number);
      if (whose === 'former') this.#formerRuns.add(run);
      if (whose === 'former') return;
      // The one whose take did not seem to win, if anybody's is there.
      const begun = isFirst(number) ? (this.holder?.doubtful?.take ?? null) : null;
      if (whose === 'another') this.#replace(this.#isOwn(run) ? this.#ownTake : begun);
    }
    const holder = this.holder as Holder;
    this.#claimed = true;
    holder.run = run;
    // The end is the last word of a run; only the wait for the next attempt comes after it.
    const hasEnded = holder.told === 'end' || holder.told === 'waiting';
    if (!hasEnded || kind === 'waiting') holder.told = kind;
  }

  /** Whose a run is that was not heard of before: of who has the task, of one before, or of another who has it now. */
  #whoseIs(run: string, number: number): 'holder' | 'former' | 'another' {
    const { holder } = this;
    if (holder === null) return 'another';
    // A take that did not win begins no run, where it is known who did.
    const mayBeAnother = isFirst(number) && this.#known.before === null;
    if (holder.run !== null) return mayBeAnother ? 'another' : 'former';
    const { take } = holder;
    if (take === null) return 'holder';
    const isElse = this.#isOwn(run) && take.installationId !== this.#known.installationId;
    if (take.again) return isElse ? 'former' : 'holder';
    // A run that is older than the take had the task before: the take came too late.
    return isElse || number > FIRST_NUMBERS ? 'another' : 'holder';
  }

  #isOwn(run: string | null): boolean {
    return run !== null && this.#known.ownRuns.includes(run);
  }

  #replace(take: TakeEntry | null): void {
    if (this.holder?.run) this.#formerRuns.add(this.holder.run);
    this.holder = { take, told: null, run: null, doubtful: null };
  }
}

function isFirst(number: number): boolean {
  return number >= 1 && number <= FIRST_NUMBERS;
}
