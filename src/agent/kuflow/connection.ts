import type { AgentError } from '../../shared/errors.ts';
import type { Status } from '../../shared/status.ts';

export type Connection = Status['connection'];

/** Clocks this close together do no harm: certificates and log entries are not that exact. */
const WORTH_SAYING_MS = 60_000;

export interface ConnectionTrackerOptions {
  endpoint: string;
  now: () => number;
  /** Hears of each change but those of times alone. */
  onChange: (connection: Connection) => void;
}

/** Of a call's errors those that a person has to mend: credentials that are refused, or cannot be had. */
export function needsSomebody({ code }: Pick<AgentError, 'code'>): boolean {
  return code === 'UNAUTHORIZED' || code === 'SIGN_IN_NEEDED' || code === 'KEYRING_UNAVAILABLE';
}

/*
 *             answer that makes sense               401, nobody signed in
 *  offline ────────────────────────► connected ──────────► unauthorized
 *     ▲                                  │ ▲                    │
 *     └── no answer, 5xx, a web page ────┘ └─── an answer ──────┘
 *
 * A refusal of one call (4xx) is an answer that makes sense; a 429 leaves the state as it is.
 */

/** What each call's end tells about the connection to the platform. */
export class ConnectionTracker {
  readonly #options: ConnectionTrackerOptions;
  #connection: Connection;

  constructor(options: ConnectionTrackerOptions) {
    this.#options = options;
    const since = new Date(options.now()).toISOString();
    this.#connection = {
      endpoint: options.endpoint,
      state: 'offline',
      since,
      nextTryAt: null,
      lastError: null,
      clockSkewMs: null,
    };
  }

  get connection(): Connection {
    return this.#connection;
  }

  succeeded(): void {
    const { state, lastError } = this.#connection;
    if (state !== 'connected' || lastError !== null) this.#become('connected', null);
  }

  failed(error: AgentError): void {
    if (error.code === 'PLATFORM_REFUSED') this.succeeded();
    else if (needsSomebody(error)) this.#become('unauthorized', error);
    else if (error.code === 'RATE_LIMITED') this.#become(this.#connection.state, error);
    else if (error.code !== 'INTERRUPTED') this.#become('offline', error);
  }

  /** An answer's Date header: how far the clock of this machine is off. */
  noteServerTime(date: string | null): void {
    const serverMs = date === null ? Number.NaN : Date.parse(date);
    if (!Number.isFinite(serverMs)) return;
    // The header comes in whole seconds, cut off.
    const skewMs = Math.round(this.#options.now() - serverMs - 500);
    const clockSkewMs = Math.abs(skewMs) < WORTH_SAYING_MS ? null : skewMs;
    const before = this.#connection.clockSkewMs;
    if (Math.abs((clockSkewMs ?? 0) - (before ?? 0)) < WORTH_SAYING_MS / 2) return;
    this.#connection = { ...this.#connection, clockSkewMs };
    this.#options.onChange(this.#connection);
  }

  /** Somebody will try again then. Of several the soonest is told. */
  noteNextTry(atMs: number): void {
    if (this.#connection.state === 'connected') return;
    const due = this.#nextTryStillDue();
    if (due !== null && Date.parse(due) <= atMs) return;
    this.#connection = { ...this.#connection, nextTryAt: new Date(atMs).toISOString() };
    this.#options.onChange(this.#connection);
  }

  #become(state: Connection['state'], error: AgentError | null): void {
    const before = this.#connection;
    const lastError = error === null ? null : { code: error.code, message: error.message };
    const changed = before.state !== state || before.lastError?.message !== lastError?.message;
    this.#connection = {
      ...before,
      state,
      since: before.state === state ? before.since : new Date(this.#options.now()).toISOString(),
      nextTryAt: state === 'connected' ? null : this.#nextTryStillDue(),
      lastError,
    };
    if (changed) this.#options.onChange(this.#connection);
  }

  #nextTryStillDue(): string | null {
    const { nextTryAt } = this.#connection;
    return nextTryAt !== null && Date.parse(nextTryAt) > this.#options.now() ? nextTryAt : null;
  }
}
