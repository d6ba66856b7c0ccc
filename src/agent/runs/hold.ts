import type { AgentState } from '../../shared/status.ts';
import type { HostRecords, Pause } from '../journal/host-records.ts';
import type { Scheduler } from './scheduler.ts';

/*
 *            pause                    drain
 *  working ─────────► paused   any ──────────► draining
 *     ▲   resume, or its time is up │                │
 *     └─────────────────────────────┴──── resume ────┘
 *
 *  Beside these: while the machine goes to sleep nothing new is taken, until it wakes.
 */

export interface HoldOptions {
  records: HostRecords;
  scheduler: Scheduler;
  now: () => number;
  /** Something changed: clients want to hear of it, sources want to look again. */
  onChange: () => void;
}

/** How often a hold that may end by itself is looked at. Not by one timer: the clock may be moved meanwhile. */
const LOOK_MS = 1000;
/** A sleep that was announced and did not come: work goes on. */
const SLEEP_COMES_WITHIN_MS = 60_000;

/** Whether new work is held back, by whom and until when. A pause outlives a restart; a drain does not. */
export class Hold {
  readonly #options: HoldOptions;
  #pause: Pause | null;
  #draining = false;
  /** Since when the machine goes to sleep; null: it does not. */
  #sleepyAtMs: number | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HoldOptions) {
    this.#options = options;
    this.#pause = options.records.loadPause();
    options.scheduler.hold(this.state !== null);
    this.#watch();
  }

  /** @param untilMs epoch milliseconds; null: until somebody resumes */
  pause(reason: string | null, untilMs: number | null): void {
    this.#pause = { reason, untilMs };
    this.#options.records.savePause(this.#pause);
    this.#apply();
  }

  drain(): void {
    this.#draining = true;
    this.#apply();
  }

  /** The machine is about to sleep: a task that is taken now would lie until it wakes. */
  fallAsleep(): void {
    this.#sleepyAtMs = this.#options.now();
    this.#apply();
  }

  wakeUp(): void {
    if (this.#sleepyAtMs === null) return;
    this.#sleepyAtMs = null;
    this.#apply();
  }

  resume(): void {
    this.#sleepyAtMs = null;
    this.#draining = false;
    this.#pause = null;
    this.#options.records.savePause(null);
    this.#apply();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Ends a pause whose time is up. */
  expire(): void {
    const sleepyForMs = this.#sleepyAtMs === null ? 0 : Math.abs(this.#options.now() - this.#sleepyAtMs);
    if (sleepyForMs >= SLEEP_COMES_WITHIN_MS) this.wakeUp();
    const { untilMs } = this.#pause ?? { untilMs: null };
    if (untilMs !== null && untilMs <= this.#options.now()) {
      this.#pause = null;
      this.#options.records.savePause(null);
      this.#apply();
    }
  }

  get pauseView(): { reason: string | null; until: string | null } | null {
    if (this.#pause === null)
      return this.#sleepyAtMs === null ? null : { reason: 'the machine goes to sleep', until: null };
    const { reason, untilMs } = this.#pause;
    return { reason, until: untilMs === null ? null : new Date(untilMs).toISOString() };
  }

  /** The state that this brings about; null: none, work goes on. */
  get state(): Extract<AgentState, 'paused' | 'draining'> | null {
    if (this.#draining) return 'draining';
    return this.pauseView === null ? null : 'paused';
  }

  /** Why no new work is wanted, in words; null: it is. */
  get reason(): { code: string; message: string } | null {
    if (this.#draining) return { code: 'DRAINING', message: 'This host is draining: it takes no new work.' };
    if (this.pauseView === null) return null;
    const { reason, until } = this.pauseView;
    return {
      code: 'PAUSED',
      message: `This host is paused${reason === null ? '' : ` (${reason})`}${until === null ? '' : ` until ${until}`}.`,
    };
  }

  #apply(): void {
    this.#options.scheduler.hold(this.state !== null);
    this.#watch();
    this.#options.onChange();
  }

  /** While nothing is held an idle host is not woken for it. */
  #watch(): void {
    clearInterval(this.#timer);
    const endsByItself = this.#sleepyAtMs !== null || (this.#pause !== null && this.#pause.untilMs !== null);
    this.#timer = endsByItself ? setInterval(() => this.expire(), LOOK_MS) : undefined;
    this.#timer?.unref();
  }
}
