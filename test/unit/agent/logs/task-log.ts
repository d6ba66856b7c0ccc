import { readFileSync } from 'node:fs';
import type { ShipperApi, TaskAnswer } from '../../../../src/agent/logs/shipper-ports.ts';
import { AgentError } from '../../../../src/shared/errors.ts';
import type { LogLevel } from '../../../../src/shared/run.ts';

/** What happens to a call: it works, never arrives, or arrives and its answer is lost. */
export type Fate = 'ok' | 'not-sent' | 'answer-lost' | AgentError;

/** A task's log as the platform keeps it: bounded, the oldest dropped, with faults as told. */
export class TaskLog {
  readonly all: { message: string; level: LogLevel; atMs: number }[] = [];
  /** What was uploaded. */
  readonly documents: Buffer[] = [];
  state: TaskAnswer['state'] = 'CLAIMED';
  ownerId: string | null = null;
  bound = 500;
  /** Fates of the next calls, the first first; none: they work. */
  fates: Fate[] = [];
  readonly #now: () => number;
  #kept: { id: string; timestamp: string; message: string; level: LogLevel }[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  get messages(): string[] {
    return this.all.map((entry) => entry.message);
  }

  /** An entry of the robot's own, or of anybody else. */
  add(message: string, level: LogLevel = 'INFO'): void {
    this.all.push({ message, level, atMs: this.#now() });
    const timestamp = new Date(this.#now()).toISOString();
    this.#kept = [...this.#kept, { id: String(this.all.length), timestamp, message, level }].slice(
      -this.bound,
    );
  }

  readonly api: ShipperApi = {
    appendLog: async (_taskId, { message, level }) => this.#meet(() => this.add(message, level)),
    readTask: async () => this.#meet(() => undefined),
    uploadDocument: async (_processId, document) => {
      await this.#meet(() => this.documents.push(readFileSync(document.path)));
      return { documentUri: `kuflow-file:uri=${this.documents.length}` };
    },
  };

  async #meet(work: () => void): Promise<TaskAnswer> {
    const fate = this.fates.shift() ?? 'ok';
    if (fate instanceof AgentError) throw fate;
    if (fate === 'not-sent') throw lost('not-sent');
    work();
    if (fate === 'answer-lost') throw lost('unknown');
    return {
      state: this.state,
      ownerId: this.ownerId,
      lastModifiedBy: null,
      logs: [...this.#kept],
      serverTimeMs: this.#now(),
    };
  }
}

function lost(outcome: string): AgentError {
  return new AgentError('PLATFORM_UNREACHABLE', 'The connection was cut.', { details: { outcome } });
}

export function refused(status: number): AgentError {
  return new AgentError('PLATFORM_REFUSED', `The platform refused with ${status}.`, { details: { status } });
}

/** A clock that stands until it is moved; who sleeps wakes when it passes. */
export class Clock {
  #now = Date.parse('2026-01-01T00:00:00Z');
  readonly #sleepers = new Set<{ dueMs: number; wake: () => void }>();
  /** Moves by itself whenever somebody sleeps. */
  running = false;

  now = (): number => this.#now;

  sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) {
        resolve();
        return;
      }
      const sleeper = {
        dueMs: this.#now + milliseconds,
        wake: () => {
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', sleeper.wake, { once: true });
      if (this.running) setImmediate(() => this.#advanceTo(sleeper.dueMs));
    });

  /** Moves on, step by step from sleeper to sleeper, so that each sees its own time. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await settled();
      const next = Math.min(...[...this.#sleepers].map((sleeper) => sleeper.dueMs));
      if (next > end) break;
      this.#advanceTo(next);
    }
    this.#now = end;
  }

  #advanceTo(timeMs: number): void {
    this.#now = Math.max(this.#now, timeMs);
    for (const sleeper of [...this.#sleepers]) if (sleeper.dueMs <= this.#now) sleeper.wake();
  }
}

/** Lets everything that is ready run. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
