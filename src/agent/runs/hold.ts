import type { AgentState } from '../../shared/status.ts';
import type { HostRecords, Pause } from '../journal/host-records.ts';
import type { Scheduler } from './scheduler.ts';

/*
 *            pause                    drain
 *  working ─────────► paused   any ──────────► draining
 *     ▲   resume, or its time is up │                │
 *     └─────────────────────────────┴──── resume ────┘
 */

export interface HoldOptions {
  records: HostRecords;
  scheduler: Scheduler;
  now: () => number;
  /** Something changed: clients want to hear of it, sources want to look again. */
  onChange: () => void;
}

/** Whether new work is held back, by whom and until when. A pause outlives a restart; a drain does not. */
export class Hold {
  readonly #options: HoldOptions;
  #pause: Pause | null;
  #draining = false;

  constructor(options: HoldOptions) {
    this.#options = options;
    this.#pause = options.records.loadPause();
    options.scheduler.hold(this.state !== null);
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

  resume(): void {
    this.#draining = false;
    this.#pause = null;
    this.#options.records.savePause(null);
    this.#apply();
  }

  /** Ends a pause whose time is up; called now and then by a loop. */
  expire(): void {
    const { untilMs } = this.#pause ?? { untilMs: null };
    if (untilMs !== null && untilMs <= this.#options.now()) {
      this.#pause = null;
      this.#options.records.savePause(null);
      this.#apply();
    }
  }

  get pauseView(): { reason: string | null; until: string | null } | null {
    if (this.#pause === null) return null;
    const { reason, untilMs } = this.#pause;
    return { reason, until: untilMs === null ? null : new Date(untilMs).toISOString() };
  }

  /** The state that this brings about; null: none, work goes on. */
  get state(): Extract<AgentState, 'paused' | 'draining'> | null {
    if (this.#draining) return 'draining';
    return this.#pause === null ? null : 'paused';
  }

  /** Why no new work is wanted, in words; null: it is. */
  get reason(): { code: string; message: string } | null {
    if (this.#draining) return { code: 'DRAINING', message: 'This host is draining: it takes no new work.' };
    if (this.#pause === null) return null;
    const { reason, until } = this.pauseView ?? { reason: null, until: null };
    return {
      code: 'PAUSED',
      message: `This host is paused${reason === null ? '' : ` (${reason})`}${until === null ? '' : ` until ${until}`}.`,
    };
  }

  #apply(): void {
    this.#options.scheduler.hold(this.state !== null);
    this.#options.onChange();
  }
}
