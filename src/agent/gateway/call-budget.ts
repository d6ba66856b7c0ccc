export interface CallAllowance {
  callsPerSecond: number;
  callsInReserve: number;
}

/** How many calls a run may still make: a reserve that is used up by calls and fills with time. */
export class CallBudget {
  readonly #allowance: CallAllowance;
  #left: number;
  #asOfMs: number | null = null;

  constructor(allowance: CallAllowance) {
    this.#allowance = allowance;
    this.#left = allowance.callsInReserve;
  }

  /** Takes one call from the budget; false when there is none left. `nowMs` is of a clock that nobody sets. */
  take(nowMs: number): boolean {
    const { callsPerSecond, callsInReserve } = this.#allowance;
    const elapsedMs = nowMs - (this.#asOfMs ?? nowMs);
    this.#asOfMs = nowMs;
    this.#left = Math.min(callsInReserve, this.#left + (elapsedMs * callsPerSecond) / 1000);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/** So that a flood of calls is no flood of records. */
const BETWEEN_RECORDS_MS = 1000;

type RecordTimes = (times: number) => void;

/** The calls that were too many, recorded together. */
export class TurnedAway {
  #times = 0;
  #record: RecordTimes | null = null;
  #recordedAtMs = Number.NEGATIVE_INFINITY;

  /** One more, with the way to record it and those before it. */
  add(nowMs: number, record: RecordTimes): void {
    this.#times += 1;
    this.#record = record;
    if (nowMs - this.#recordedAtMs < BETWEEN_RECORDS_MS) return;
    this.#recordedAtMs = nowMs;
    this.flush();
  }

  /** Records what was not recorded yet. */
  flush(): void {
    const times = this.#times;
    this.#times = 0;
    if (times > 0) this.#record?.(times);
  }
}
