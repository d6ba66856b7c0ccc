import { createHash } from 'node:crypto';
import type { AgentError } from '../../shared/errors.ts';
import type { HostRecords, PrepareFailure } from '../journal/host-records.ts';

const MINUTE_MS = 60_000;
/** Waits after the first, second, third and every further failure (docs: "Next tries"). */
const WAITS_MS = [1, 5, 30, 60].map((minutes) => minutes * MINUTE_MS);

/**
 * Remembers robots whose post-install fails, so that a broken robot is not installed anew for every task:
 * one task is told, the rest wait for the next try.
 */
export class PrepareFailures {
  readonly #records: HostRecords;
  readonly #now: () => number;
  /** Errors that runs see together, with what was remembered of each and whether a task was told of it. */
  readonly #seen = new WeakMap<AgentError, { failure: PrepareFailure; told: boolean }>();

  constructor(records: HostRecords, now: () => number) {
    this.#records = records;
    this.#now = now;
  }

  /** The failure that still holds the robot back, or undefined when it may be tried. */
  findHolding(key: string): { message: string; nextTryAtMs: number } | undefined {
    const failure = this.#records.findPrepareFailure(key);
    return failure && failure.nextTryAtMs > this.#now() ? failure : undefined;
  }

  /**
   * A preparation failed with `error`, which all runs that waited for it see. The first task is to be told of it
   * (undefined); for the others it holds until the next try.
   */
  tell(key: string, error: AgentError, taskId: string | null): PrepareFailure | undefined {
    const seen = this.#seen.get(error) ?? { failure: this.#add(key, error.message), told: false };
    this.#seen.set(error, seen);
    if (taskId === null) return undefined;
    if (seen.told) return seen.failure;
    seen.told = true;
    return undefined;
  }

  forget(key: string): void {
    if (this.#records.findPrepareFailure(key)) this.#records.removePrepareFailure(key);
  }

  #add(key: string, message: string): PrepareFailure {
    const failures = (this.#records.findPrepareFailure(key)?.failures ?? 0) + 1;
    const wait = WAITS_MS[Math.min(failures, WAITS_MS.length) - 1] ?? MINUTE_MS;
    const nextTryAtMs = this.#now() + wait;
    const failure = { failures, nextTryAtMs, message };
    this.#records.savePrepareFailure(key, failure);
    return failure;
  }
}

/**
 * What a failure is remembered by: the robot's revision and a digest of what post-install saw of variables and
 * settings, so that a change of any of them tries again at once.
 */
export function prepareFailureKey(input: {
  robotId: string;
  revision: string;
  variables: Record<string, string>;
  settings: unknown;
}): string {
  const sorted = Object.entries(input.variables).sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = createHash('sha256')
    .update(JSON.stringify([sorted, input.settings]))
    .digest('hex');
  return `${input.robotId}/${input.revision}/${digest.slice(0, 16)}`;
}
