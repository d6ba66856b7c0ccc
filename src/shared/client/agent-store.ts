import type { ControlEvent, Progress } from '../control-api.ts';
import { type AgentError, assertNever, toAgentError } from '../errors.ts';
import type { Run } from '../run.ts';
import type { Status } from '../status.ts';
import type { AgentClient } from './agent-client.ts';

/*
 *  connecting ──snapshot──► live ──the stream ends──► lost ──snapshot──► live
 *       └───────── no session ─────────┴───────────────┴──► signed-out
 */
export type Link =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | { readonly state: 'lost'; readonly sinceMs: number; readonly nextTryAtMs: number }
  | { readonly state: 'signed-out' };

/** What is known of the agent at this moment. A new object whenever something changed. */
export interface AgentView {
  readonly link: Link;
  /** The last one heard; null: none yet. */
  readonly status: Status | null;
  /** Runs that have not ended, oldest first. */
  readonly liveRuns: readonly Run[];
  /** How far preparing is, by code of the robot. */
  readonly progress: ReadonlyMap<string, Progress>;
  /** Counts ends of runs: whoever lists runs asks again. */
  readonly endings: number;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/** Listens to the agent for as long as the page is open, and comes back when the agent does. */
export class AgentStore {
  readonly #client: AgentClient;
  readonly #listeners = new Set<() => void>();
  readonly #hearers = new Set<(event: ControlEvent, before: AgentView) => void>();
  #view: AgentView = {
    link: { state: 'connecting' },
    status: null,
    liveRuns: [],
    progress: new Map(),
    endings: 0,
  };
  #wake = () => {};

  constructor(client: AgentClient) {
    this.#client = client;
  }

  readonly view = (): AgentView => this.#view;

  readonly listen = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Each event, with what was known before it; a snapshot is none. */
  readonly hear = (hearer: (event: ControlEvent, before: AgentView) => void): (() => void) => {
    this.#hearers.add(hearer);
    return () => this.#hearers.delete(hearer);
  };

  /** Does not wait for the next try. */
  readonly tryNow = (): void => this.#wake();

  /** Takes what an order answers for the status, before the event says so too; not where events came meanwhile. */
  readonly order = async (ask: () => Promise<Status>): Promise<void> => {
    const before = this.#view.status;
    const status = await ask();
    if (this.#view.status === before) this.#change({ status });
  };

  async follow(signal: AbortSignal): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    while (!signal.aborted) {
      const error = await this.#listenOnce(signal, () => {
        waitMs = FIRST_WAIT_MS;
      });
      if (signal.aborted) return;
      if (error?.code === 'PAGE_SIGNED_OUT') {
        this.#change({ link: { state: 'signed-out' } });
        return;
      }
      const { link } = this.#view;
      const sinceMs = link.state === 'lost' ? link.sinceMs : Date.now();
      this.#change({ link: { state: 'lost', sinceMs, nextTryAtMs: Date.now() + waitMs } });
      await this.#pause(waitMs);
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    }
  }

  /** @returns why the stream ended; null: the agent ended it */
  async #listenOnce(signal: AbortSignal, onLive: () => void): Promise<AgentError | null> {
    try {
      for await (const events of this.#client.stream('events', {}, signal)) {
        let known = this.#view;
        const heard = events.map((event) => {
          const before = known;
          known = applyEvent(before, event);
          return { event, before };
        });
        this.#change(known);
        for (const { event, before } of heard) {
          if (event.type !== 'snapshot') for (const hearer of this.#hearers) hearer(event, before);
        }
        onLive();
      }
      return null;
    } catch (error) {
      return toAgentError(error);
    }
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #change(change: Partial<AgentView>): void {
    this.#view = { ...this.#view, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** One event applied to what was known. */
export function applyEvent(view: AgentView, event: ControlEvent): AgentView {
  switch (event.type) {
    case 'snapshot':
      return {
        link: { state: 'live' },
        status: event.status,
        liveRuns: event.runs.filter(isLive),
        progress: new Map(),
        endings: view.endings + 1,
      };
    case 'status':
      return { ...view, status: event.status };
    case 'run': {
      const { run } = event;
      const known = view.liveRuns.some(({ id }) => id === run.id);
      if (!isLive(run)) {
        return {
          ...view,
          liveRuns: view.liveRuns.filter(({ id }) => id !== run.id),
          endings: view.endings + 1,
        };
      }
      const liveRuns = known
        ? view.liveRuns.map((other) => (other.id === run.id ? run : other))
        : [...view.liveRuns, run];
      const progress = run.state === 'running' ? without(view.progress, run.robot.code) : view.progress;
      return { ...view, liveRuns, progress };
    }
    case 'progress':
      return {
        ...view,
        progress: new Map(view.progress).set(event.progress.robotCode, event.progress),
      };
    default:
      return assertNever(event);
  }
}

function isLive(run: Run): boolean {
  return run.state !== 'ended';
}

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  if (!map.has(key)) return map;
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
