import type { Run, RunState } from '../../shared/run.ts';
import type { Journal } from '../journal/open-journal.ts';
import type { RunRequest } from '../sources/work-source.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';
import type { TerminationReason } from './outcome.ts';

/*
 *  queued ─► preparing ─► running ─► settling ─► ended{…}
 *     ▲          │           │
 *     └──────────┘ (waits    └─ cancel, timeout: end the process, then settle
 *       for a slot)
 */

/** What may follow what. `queued` is any wait, before preparing or for a slot; taking belongs to it. */
const FOLLOWERS: Record<RunState, readonly RunState[]> = {
  queued: ['preparing', 'running', 'settling', 'ended'],
  preparing: ['queued', 'running', 'settling', 'ended'],
  running: ['settling'],
  settling: ['ended'],
  ended: [],
};

export interface ActiveRunOptions {
  run: Run;
  request: RunRequest;
  robot: CatalogueRobot;
  journal: Journal;
  now: () => number;
  onChange: (run: Run) => void;
}

/** One run while it lives: its present document, and the ways to end it. Each change is journalled at once. */
export class ActiveRun {
  readonly request: RunRequest;
  /** As it is prepared: another revision than the one it was queued with, if that was gone by then. */
  robot: CatalogueRobot;
  /** Folders of package, runtimes and environment that it needs. */
  places: readonly string[] = [];
  /** The robot completed its own task through the gateway. */
  completedByRobot = false;
  /** The robot asked for that, and the answer was lost: a completion that is seen now is its own. */
  mayBeCompletedByRobot = false;
  /** True while a call of the robot's that completes its task is on its way. */
  isCompleting: () => boolean = () => false;
  abandoned = false;
  /** The host that took the task over, once that was seen: nothing of it is this run's to change any more. */
  successor: string | null = null;
  /** When the platform last accepted an entry of this run's, by the wall clock; -Infinity: not since the start. */
  heardAtMs = Number.NEGATIVE_INFINITY;
  /** Refuses the robot's calls from now on. */
  loseAccess: () => void = () => undefined;
  /** State of the task that made the platform's cancellation visible. */
  platformState: string | null = null;
  readonly #options: ActiveRunOptions;
  #abort = new AbortController();
  #taken = false;
  #run: Run;
  #termination: TerminationReason | null = null;
  #terminatedBy: string | null = null;
  /** By a clock that nobody sets. */
  #startedAtMs: number | null = null;

  constructor(options: ActiveRunOptions) {
    this.#options = options;
    this.#run = options.run;
    this.request = options.request;
    this.robot = options.robot;
  }

  get id(): string {
    return this.#run.id;
  }

  get run(): Run {
    return this.#run;
  }

  /** Aborts when the run is to end before its robot does. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** This host owns the task: from then on the run is settled, whatever happens. */
  get taken(): boolean {
    return this.#taken;
  }

  /** A drain that came while the take was under way comes too late: the run has its time like any other. */
  becomeTaken(): void {
    this.#taken = true;
    if (!this.abandoned) return;
    this.abandoned = false;
    if (this.#termination === null) this.#abort = new AbortController();
  }

  get termination(): TerminationReason | null {
    return this.#termination;
  }

  /** The granted user who asked for it; null: the owner, or nobody. */
  get terminatedBy(): string | null {
    return this.#terminatedBy;
  }

  /** Since the robot was started, however the wall clock was moved; null: it was not started by this agent. */
  get ranMs(): number | null {
    return this.#startedAtMs === null ? null : Math.round(performance.now() - this.#startedAtMs);
  }

  /** Asks the run to end; the first reason wins. */
  terminate(reason: TerminationReason, by: string | null = null): void {
    if (this.#termination !== null || this.#run.state === 'ended') return;
    this.#termination = reason;
    this.#terminatedBy = by;
    this.#abort.abort(reason);
  }

  /** The agent drains: ends the wait of a run that was not taken; its task stays on the platform for others. */
  abandon(): void {
    if (this.#taken || this.#termination !== null) return;
    if (this.#run.taskId === null) {
      this.terminate('cancelled-by-operator');
      return;
    }
    this.abandoned = true;
    this.#abort.abort('abandoned');
  }

  /** Moves to `state`, with what else changed. Journalled before anyone hears of it. */
  become(state: RunState, change: Partial<Run> = {}): void {
    if (!FOLLOWERS[this.#run.state].includes(state)) {
      throw new Error(`A run cannot go from ${this.#run.state} to ${state}`);
    }
    if (state === 'running') this.#startedAtMs = performance.now();
    this.#apply({ ...change, state }, this.#options.now());
  }

  /** Changes the document without changing the state. */
  change(change: Partial<Run>): void {
    this.#apply(change, null);
  }

  #apply(change: Partial<Run>, atMs: number | null): void {
    this.#run = { ...this.#run, ...change };
    this.#options.journal.runs.update(this.#run, atMs === null ? null : new Date(atMs).toISOString());
    this.#options.onChange(this.#run);
  }
}
