import { type AgentError, toAgentError } from '../../shared/errors.ts';
import type { Status } from '../../shared/status.ts';
import type { KuFlowClient } from '../kuflow/create-client.ts';
import { retryAfterOf } from '../kuflow/retry.ts';
import type { AgentLog } from '../logs/agent-log.ts';
import { Poke } from '../sources/poke.ts';
import { describeWorker, type WorkerIdentity } from './worker-identity.ts';

/** What the platform wants unless X-KF-DELAY-WINDOW says otherwise. */
const DEFAULT_WINDOW_MS = 300_000;
/** Nothing makes us register more often than this. */
const SHORTEST_WAIT_MS = 1000;
/** Timers stand still while a machine sleeps, so a wait is cut into slices that look at the clock. */
const SLICE_MS = 5000;

export interface RegistrationOptions {
  client: Pick<KuFlowClient, 'registerWorker' | 'noteNextTry'>;
  worker: WorkerIdentity;
  /** The local address of the route to the API, in the API's form. */
  findIp: () => Promise<string>;
  /** The robots this host serves. Call `poke` when they changed. */
  robotIds: () => readonly string[];
  onRegistered: (registered: { identity: string; principalId: string | null; first: boolean }) => void;
  /** The platform refuses us, or does no more. */
  onRefused: () => void;
  log: AgentLog;
  now: () => number;
  /** Waits at most so long; returns early when `signal` aborts. */
  wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** Keeps this installation known to the platform as a worker. */
export class WorkerRegistration {
  readonly #options: RegistrationOptions;
  readonly #poke = new Poke();
  #poked = false;
  #worker: NonNullable<Status['worker']> | null = null;
  #refusal: Status['workerError'] = null;
  #principalId: string | null = null;
  /** What the last registration told; null before the first and after one that failed. */
  #toldRobotIds: string | null = null;

  constructor(options: RegistrationOptions) {
    this.#options = options;
  }

  /** null until the first registration. */
  status(): Status['worker'] {
    return this.#worker;
  }

  /** Why the platform refuses us; null: it does not, as far as is known. */
  refusal(): Status['workerError'] {
    return this.#refusal;
  }

  /** Who we are on the platform; null until it told. */
  principalId(): string | null {
    return this.#principalId;
  }

  /** Registers at once, unless the platform was just told the same. */
  poke(): void {
    if (this.#robotsKey() === this.#toldRobotIds) return;
    this.#poked = true;
    this.#poke.poke();
  }

  /** Registers again and again until `signal` aborts. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    log.debug('Worker registration started', {});
    let failures = 0;
    let windowMs = DEFAULT_WINDOW_MS;
    while (!signal.aborted) {
      this.#poked = false;
      try {
        windowMs = await this.#register(signal);
        failures = 0;
        this.#poked = this.#robotsKey() !== this.#toldRobotIds;
        await this.#waitUntilDue(windowMs, signal);
      } catch (thrown) {
        if (signal.aborted) break;
        const error = toAgentError(thrown);
        failures++;
        this.#toldRobotIds = null;
        if (!error.retryable) this.#refused(error);
        const waitMs = Math.max(waitAfterFailure(failures, windowMs), retryAfterOf(error) ?? 0);
        this.#options.client.noteNextTry(this.#options.now() + waitMs);
        log[failures === 1 ? 'warn' : 'debug']('Worker could not be registered', {
          code: error.code,
          message: error.message,
          nextTryInMs: waitMs,
        });
        await this.#waitUntilDue(waitMs, signal);
      }
    }
    log.debug('Worker registration ended', {});
  }

  /** @returns how long the platform does without us */
  async #register(signal: AbortSignal): Promise<number> {
    const { client, worker, findIp, robotIds, now, log, onRegistered } = this.#options;
    const told = this.#robotsKey();
    const params = describeWorker(worker, await findIp(), robotIds());
    const { lastModifiedBy, delayWindowMs } = await client.registerWorker(params, { signal });
    const windowMs = Math.max(delayWindowMs ?? DEFAULT_WINDOW_MS, SHORTEST_WAIT_MS);
    const first = this.#worker === null;
    this.#toldRobotIds = told;
    this.#principalId = lastModifiedBy ?? this.#principalId;
    this.#refused(null);
    this.#worker = {
      identity: params.identity,
      registeredAt: new Date(now()).toISOString(),
      nextRefreshAt: new Date(now() + windowMs).toISOString(),
    };
    log[first ? 'info' : 'debug']('Worker registered', {
      identity: params.identity,
      robots: robotIds().length,
    });
    onRegistered({ identity: params.identity, principalId: this.#principalId, first });
    return windowMs;
  }

  /** A platform that is away has refused nothing: what it said last holds. */
  #refused(error: AgentError | null): void {
    const { now, onRefused } = this.#options;
    if (error?.message === this.#refusal?.message) return;
    this.#refusal = error && {
      code: error.code,
      message: error.message,
      since: new Date(now()).toISOString(),
    };
    onRefused();
  }

  /** Ends when the time has passed, by the slices or by the wall clock, or at a poke. */
  async #waitUntilDue(milliseconds: number, signal: AbortSignal): Promise<void> {
    const { now, wait = this.#poke.wait } = this.#options;
    const dueAt = now() + milliseconds;
    for (
      let left = milliseconds;
      left > 0 && now() < dueAt && !this.#poked && !signal.aborted;
      left -= SLICE_MS
    ) {
      await wait(Math.min(left, SLICE_MS), signal);
    }
  }

  #robotsKey(): string {
    return [...this.#options.robotIds()].sort().join(' ');
  }
}

/** As the official workers do: after the n-th failure in a row min(window, 1 s × 2.5^n). */
export function waitAfterFailure(failures: number, windowMs: number): number {
  return Math.min(windowMs, 1000 * 2.5 ** failures);
}
