import { hasWon } from './election.ts';
import { type LogEntry, type RunEntry, readAgentEntry, type TakeEntry } from './take-entry.ts';

/** Who has a task, as far as its log tells. */
export interface Holder {
  /** By which it has it; null: it was dropped from the log. */
  take: TakeEntry | null;
  /** As marks name its run; null: that has told nothing yet. */
  run: string | null;
  /** What its run told last of itself. */
  told: RunEntry['kind'] | null;
}

/** What is known beside the log. */
export interface Known {
  /** This host. */
  installationId: string | null;
  /** Runs of this host's, as marks name them. */
  ownRuns: readonly string[];
  /** Whose the task is, as takes name a principal: hosts of another do not have it. */
  principal: string | null;
}

/** The first entry of a run, or the next, if the first was refused for its length. */
const FIRST_NUMBERS = 2;

/**
 * The host that has a task, by the entries of its log in their order; null: no agent wrote any of them. What a beaten
 * host wrote, and what a proxy delivered late, change nothing.
 */
export function readHolder(logs: readonly LogEntry[], known: Known): Holder | null {
  const reader = new HolderReader(known);
  for (const [at, { message }] of logs.entries()) {
    const entry = readAgentEntry(message);
    if (entry?.kind !== 'take') {
      if (entry) reader.readRun(entry);
      continue;
    }
    const { principal } = entry;
    const isOurs = principal === null || known.principal === null || principal === known.principal;
    const isTwin = logs.findIndex((other) => other.message === message) < at;
    if (isOurs && !isTwin && hasWon(entry, logs, at)) reader.replace(entry);
  }
  return reader.holder;
}

class HolderReader {
  holder: Holder | null = null;
  readonly #known: Known;
  /** Of those who had the task before: what comes of them still was delivered late. */
  readonly #formerRuns = new Set<string>();

  constructor(known: Known) {
    this.#known = known;
  }

  readRun({ kind, run, number }: RunEntry): void {
    if (this.#formerRuns.has(run)) return;
    const whose = this.#whoseIs(run, number);
    if (whose === 'former') {
      this.#formerRuns.add(run);
      return;
    }
    const holder = whose === 'holder' && this.holder ? this.holder : this.replace(null);
    holder.run = run;
    // The end is the last word of a run; only the wait for the next attempt comes after it.
    const hasEnded = holder.told === 'end' || holder.told === 'waiting';
    if (!hasEnded || kind === 'waiting') holder.told = kind;
  }

  replace(take: TakeEntry | null): Holder {
    if (this.holder?.run) this.#formerRuns.add(this.holder.run);
    this.holder = { take, run: null, told: null };
    return this.holder;
  }

  /** Whose a run is: of who has the task by its take, of one before, or of one whose take is not there. */
  #whoseIs(run: string, number: number): 'holder' | 'former' | 'another' {
    const { holder } = this;
    if (holder === null) return 'another';
    if (holder.run !== null) return run === holder.run ? 'holder' : 'former';
    const isOwn = this.#known.ownRuns.includes(run);
    const isElse = isOwn && holder.take?.installationId !== this.#known.installationId;
    if (holder.take?.again) return isElse ? 'former' : 'holder';
    // A run that is older than the take had the task before: the take came too late.
    return isElse || number > FIRST_NUMBERS ? 'another' : 'holder';
  }
}
