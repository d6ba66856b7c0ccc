import { AgentError } from '../../shared/errors.ts';

/*
 * Slots: who may run now.
 *
 *   ask ──► waiting ──(slot free, not held)──► leased ──► released
 *              │
 *              └── abort ──► gone
 *
 * Waiting is first come, first served, but one that cannot go (its robot is at its limit, the desktop is
 * taken) lets those behind it pass.
 */

export interface SlotRequest {
  runId: string;
  robotCode: string;
  /** The robot drives the screen: at most one such run at a time on a host. */
  desktop: boolean;
  /** Runs of this robot at the same time. */
  robotLimit: number;
}

export interface SlotLease {
  release(): void;
}

interface Waiter {
  request: SlotRequest;
  grant: (lease: SlotLease) => void;
}

/** Hands out leave to run within the limits: all runs, runs of one robot, the exclusive desktop. */
export class Scheduler {
  readonly #limit: number;
  readonly #waiting: Waiter[] = [];
  readonly #leased = new Map<string, SlotRequest>();
  #held = false;

  constructor(limits: { maxConcurrentRuns: number }) {
    this.#limit = limits.maxConcurrentRuns;
  }

  /**
   * Waits for a slot.
   * @throws AgentError INTERRUPTED when `signal` aborts first
   */
  acquire(request: SlotRequest, signal: AbortSignal): Promise<SlotLease> {
    return new Promise((resolve, reject) => {
      const interrupted = () => new AgentError('INTERRUPTED', 'The wait for a slot was ended.');
      if (signal.aborted) {
        reject(interrupted());
        return;
      }
      const waiter: Waiter = {
        request,
        grant: (lease) => {
          signal.removeEventListener('abort', leave);
          resolve(lease);
        },
      };
      const leave = () => {
        const at = this.#waiting.indexOf(waiter);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(interrupted());
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiter);
      this.#grantWhatCan();
    });
  }

  /** Why a request would wait now, in words; null: it would not. */
  reasonToWait(request: SlotRequest): { code: string; message: string } | null {
    if (this.#held) return { code: 'PAUSED', message: 'New runs are held back on this host.' };
    if (this.#leased.size >= this.#limit) {
      return {
        code: 'NO_SLOT',
        message: `All ${this.#limit} slots of this host are taken (maxConcurrentRuns).`,
      };
    }
    const ofRobot = [...this.#leased.values()].filter(
      (other) => other.robotCode === request.robotCode,
    ).length;
    if (ofRobot >= request.robotLimit) {
      return {
        code: 'ROBOT_AT_LIMIT',
        message: `${request.robotCode} runs ${ofRobot} times already, which is its limit on this host.`,
      };
    }
    const desktop = request.desktop && [...this.#leased.values()].find((other) => other.desktop);
    if (desktop) {
      return { code: 'DESKTOP_TAKEN', message: `Another desktop robot runs: ${desktop.robotCode}.` };
    }
    return null;
  }

  /** Holds back (pause, drain) or lets go; leases that are out stay. */
  hold(held: boolean): void {
    this.#held = held;
    this.#grantWhatCan();
  }

  get isHeld(): boolean {
    return this.#held;
  }

  get free(): number {
    return Math.max(0, this.#limit - this.#leased.size);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  #grantWhatCan(): void {
    for (let at = 0; at < this.#waiting.length; ) {
      const waiter = this.#waiting[at];
      if (!waiter || this.reasonToWait(waiter.request) !== null) {
        at++;
        continue;
      }
      this.#waiting.splice(at, 1);
      this.#leased.set(waiter.request.runId, waiter.request);
      waiter.grant(this.#lease(waiter.request.runId));
    }
  }

  #lease(runId: string): SlotLease {
    return {
      release: () => {
        if (this.#leased.delete(runId)) this.#grantWhatCan();
      },
    };
  }
}
