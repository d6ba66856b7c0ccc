import { AgentError } from '../../shared/errors.ts';
import type { Run } from '../../shared/run.ts';
import type { RunRequest } from '../sources/work-source.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';
import { ActiveRun } from './active-run.ts';
import { liveRun } from './live-run.ts';
import { lostRun } from './lost-run.ts';
import { activeRunOf, recoverRun } from './recover-runs.ts';
import { createRunId } from './run-id.ts';
import type { RunServices } from './run-services.ts';

export interface RunManagerOptions {
  services: Omit<RunServices, 'leave'>;
  onChange: (run: Run) => void;
  /** True while what is not taken is let go of, also what a look at the platform brings that was under way. */
  isDraining: () => boolean;
}

/** The runs that live now: takes requests in, lets each go its way, ends them when asked. */
export class RunManager {
  readonly #options: RunManagerOptions;
  /** What the steps of a run share; recovery uses them too. */
  readonly services: RunServices;
  readonly #live = new Map<string, ActiveRun>();
  readonly #ways = new Set<Promise<void>>();
  readonly #idle: (() => void)[] = [];

  constructor(options: RunManagerOptions) {
    this.#options = options;
    this.services = {
      ...options.services,
      leave: (active) => this.#live.delete(active.id),
    };
  }

  /** Queues a run and lets it go. A request seen before gives the run it led to. */
  accept(request: RunRequest, robot: CatalogueRobot): Run {
    const { journal, now, config } = this.services;
    const known = journal.runs.findByRequest(request.requestId);
    if (known) return known;
    const run = newRun(request, robot, createRunId(now()), config.robot(robot.code).sandbox);
    journal.runs.insert(run, request.requestId);
    const active = new ActiveRun({ run, request, robot, journal, now, onChange: this.#options.onChange });
    this.#options.onChange(run);
    this.#go(active, request.reclaim === 'take-over' ? lostRun : liveRun);
    return run;
  }

  /** Lets a run that an earlier agent had taken go to its end. */
  recover(run: Run): void {
    const active = activeRunOf(run, this.services, this.#options.onChange);
    this.#go(active, recoverRun);
  }

  #go(active: ActiveRun, live: typeof liveRun): void {
    this.#live.set(active.id, active);
    const way = live(active, this.services).finally(() => {
      this.#ways.delete(way);
      this.#live.delete(active.id);
      if (this.#ways.size === 0) for (const wake of this.#idle.splice(0)) wake();
    });
    this.#ways.add(way);
    if (this.#options.isDraining()) active.abandon();
  }

  /**
   * Asks a run to end; it ends within the grace and its settling.
   * @param by who asks, where it is not the owner
   * @throws AgentError CONFLICT when it is over, or all but
   */
  cancel(runId: string, by: string | null = null): Run {
    const active = this.#live.get(runId);
    if (!active || active.run.state === 'settling' || active.run.state === 'ended') {
      throw new AgentError('CONFLICT', `Run ${runId} has ended already; there is nothing to cancel.`);
    }
    active.terminate('cancelled-by-operator', by);
    return active.run;
  }

  /** The agent is to end soon: what is taken is cancelled, what is not stays on the platform for others. */
  cancelAll(): void {
    for (const active of this.#live.values()) {
      active.abandon();
      active.terminate('cancelled-by-operator');
    }
  }

  /** Lets go of what has not been taken: it stays on the platform for others, or for later. */
  dropUntaken(): void {
    for (const active of this.#live.values()) active.abandon();
  }

  hasLiveRun(taskId: string): boolean {
    for (const active of this.#live.values()) if (active.run.taskId === taskId) return true;
    return false;
  }

  /** Not one that still waits to take it. */
  hasTakenRun(taskId: string): boolean {
    return this.list().some(({ run, taken }) => taken && run.taskId === taskId);
  }

  /** Live runs, oldest first. */
  list(): ActiveRun[] {
    return [...this.#live.values()];
  }

  counts(): { active: number; queued: number; unsettled: number } {
    const counts = { active: 0, queued: 0, unsettled: 0 };
    for (const { run } of this.#live.values()) {
      if (run.state === 'queued') counts.queued++;
      else if (run.state === 'settling') counts.unsettled++;
      else counts.active++;
    }
    return counts;
  }

  /** Resolves when no run lives. */
  async whenIdle(): Promise<void> {
    if (this.#ways.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}

function newRun(
  request: RunRequest,
  robot: CatalogueRobot,
  id: string,
  requestedSandbox: Run['sandbox']['requested'],
): Run {
  return {
    id,
    robot: { id: robot.id, code: robot.code, revision: robot.revision },
    operation: request.operation,
    source: request.source,
    processId: request.processId,
    taskId: request.taskId,
    attempt: request.attempt,
    state: 'queued',
    outcome: null,
    error: null,
    exitCode: null,
    signal: null,
    runtimes: {},
    sandbox: { requested: requestedSandbox, achieved: 'off', missing: [], reason: null },
    requestedAt: request.requestedAt,
    startedAt: null,
    endedAt: null,
    durationMs: null,
    outDir: null,
    log: { lines: 0, bytes: 0, entriesSent: 0, linesLeftOut: 0, documentUri: null },
    settled: null,
  };
}
