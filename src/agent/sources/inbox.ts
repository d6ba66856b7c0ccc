import { isAgentError, toAgentError } from '../../shared/errors.ts';
import type { Route, Settings } from '../../shared/settings.ts';
import type { Task, TaskSummary } from '../kuflow/task.ts';
import type { AgentLog } from '../logs/agent-log.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';
import type { Reason } from './appetite.ts';
import { type InboxVerdict, judgeTask, type TaskHistory } from './judge-task.ts';
import { PollPace } from './poll-pace.ts';
import type { RunRequest, WorkSource } from './work-source.ts';

export interface InboxOptions {
  client: {
    findTasks(query: {
      states: 'READY'[];
      definitionCodes: string[];
      tenantId: string | null;
      limit: number;
      signal: AbortSignal;
    }): Promise<TaskSummary[]>;
    retrieveTask(taskId: string, options: { signal: AbortSignal }): Promise<Task>;
    noteNextTry(atMs: number): void;
  };
  settings: Pick<Settings, 'routes' | 'pollMinMs' | 'pollMaxMs' | 'tenantId'>;
  operationPointerFor: (robotCode: string) => string;
  /** The platform's robots, with those that this host leaves alone. */
  robots: () => readonly CatalogueRobot[];
  history: TaskHistory;
  /** Why no more work is wanted now, of a robot or, without one, at all; null: it is. */
  reasonToLeave: (robotCode: string | null) => Reason | null;
  /** The host drains: nobody is asked for work any more. */
  isDraining: () => boolean;
  /** Hands a request on. */
  accept: (request: RunRequest) => void;
  decide: (taskId: string, verdict: Exclude<InboxVerdict, { kind: 'run' }>) => void;
  log: AgentLog;
  now: () => number;
  random: () => number;
  /** Waits, but returns at once when there is a reason to look again or `signal` aborts. */
  wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** One look at the inbox: how many tasks were handed on, and whether the look succeeded. */
export interface InboxPoll {
  at: number;
  ok: boolean;
  found: number;
}

/** A READY task that this host would run and does not take now. */
export interface LeftTask {
  readonly taskId: string;
  readonly robot: string;
  readonly code: string;
  readonly message: string;
}

/** How many tasks one poll reads; more wait for the next. */
const POLL_LIMIT = 200;

/** READY tasks of the platform's REST inbox whose definition is routed to a robot of this host. */
export class InboxSource implements WorkSource {
  readonly name = 'inbox';
  readonly #options: InboxOptions;
  readonly #pace: PollPace;
  readonly #listeners = new Set<(poll: InboxPoll) => void>();
  #state = 'starting';
  #lastPollAt: string | null = null;
  #left: LeftTask[] = [];

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#pace = new PollPace({
      minMs: options.settings.pollMinMs,
      maxMs: options.settings.pollMaxMs,
      now: options.now,
      random: options.random,
    });
  }

  state(): { name: string; state: string; lastPollAt: string | null } {
    return { name: this.name, state: this.#state, lastPollAt: this.#lastPollAt };
  }

  /** What the last look found and left, with the reason. */
  left(): readonly LeftTask[] {
    return this.#left;
  }

  /** Hears of every poll; returns how to stop hearing. */
  onPoll(listener: (poll: InboxPoll) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async start(signal: AbortSignal): Promise<void> {
    const { client, log, now, wait } = this.#options;
    log.info('Inbox polling started', {});
    while (!signal.aborted) {
      const poll = await this.#poll(signal);
      if (signal.aborted) break;
      for (const listener of this.#listeners) listener(poll);
      const waitMs = this.#pace.nextWaitMs(poll);
      if (!poll.ok) client.noteNextTry(now() + waitMs);
      await wait(waitMs, signal);
    }
    this.#state = 'stopped';
    log.info('Inbox polling ended', {});
  }

  async #poll(signal: AbortSignal): Promise<InboxPoll> {
    const { client, settings, now } = this.#options;
    const routes = this.#routes();
    const reason = this.#options.reasonToLeave(null);
    this.#state = reason === null ? 'polling' : reason.code.toLowerCase();
    let found = 0;
    if (this.#options.isDraining()) {
      this.#left = [];
      return { at: now(), ok: true, found };
    }
    const left: LeftTask[] = [];
    try {
      // A host that wants no more looks all the same, so that each task that waits here knows why.
      if (routes.size > 0) {
        const tasks = await client.findTasks({
          states: ['READY'],
          definitionCodes: [...routes.keys()],
          tenantId: settings.tenantId,
          limit: POLL_LIMIT,
          signal,
        });
        for (const task of tasks) {
          if (signal.aborted) break;
          if (await this.#consider(task, routes, left, signal)) found++;
        }
      }
      this.#left = left;
      this.#lastPollAt = new Date(now()).toISOString();
      return { at: now(), ok: true, found };
    } catch (thrown) {
      if (signal.aborted) return { at: now(), ok: false, found };
      const error = toAgentError(thrown);
      this.#state = error.code.toLowerCase();
      this.#options.log.debug('Inbox poll failed', { code: error.code, message: error.message });
      return { at: now(), ok: false, found };
    }
  }

  async #consider(
    task: TaskSummary,
    routes: Map<string, Route>,
    left: LeftTask[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const { history, robots, reasonToLeave, decide, accept, client } = this.#options;
    const route = routes.get(task.definitionCode);
    if (!route) return false;
    const early = judgeTask({ task, route, robots: robots(), history, reasonToLeave });
    if (early.kind !== 'run') {
      decide(task.id, early);
      if (early.kind === 'no')
        left.push({ taskId: task.id, robot: route.robot, code: early.code, message: early.message });
      return false;
    }
    let item: Task;
    try {
      item = await client.retrieveTask(task.id, { signal });
    } catch (error) {
      if (isAgentError(error) && error.code === 'PLATFORM_REFUSED') return false;
      throw error;
    }
    if (item.state !== 'READY') return false;
    accept({
      requestId: `${task.id}/${early.attempt}`,
      source: 'inbox',
      robotId: early.robot.id,
      operation:
        route.operation ?? operationInData(item.data, this.#options.operationPointerFor(early.robot.code)),
      processId: item.processId,
      taskId: task.id,
      variables: {},
      attempt: early.attempt,
      requestedAt: new Date(this.#options.now()).toISOString(),
      reclaim: null,
    });
    return true;
  }

  /**
   * Task definition code → robot: what the setting says, else the robot of the same code, unless this host leaves
   * that one alone: its tasks are for others.
   */
  #routes(): Map<string, Route> {
    const routes = new Map<string, Route>();
    for (const robot of this.#options.robots())
      if (robot.state === 'unprepared') routes.set(robot.code, { robot: robot.code });
    for (const [code, route] of Object.entries(this.#options.settings.routes)) routes.set(code, route);
    return routes;
  }
}

/** The operation that the task's data names at `pointer` (RFC 6901), if it names one. */
export function operationInData(data: unknown, pointer: string): string | null {
  let value: unknown = data;
  for (const step of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return null;
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    value = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  }
  return typeof value === 'string' && value !== '' ? value : null;
}
