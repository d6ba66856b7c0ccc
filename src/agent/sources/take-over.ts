import { toAgentError } from '../../shared/errors.ts';
import type { KuFlowClient } from '../kuflow/create-client.ts';
import type { Sleep } from '../kuflow/retry.ts';
import type { Task, TaskSummary } from '../kuflow/task.ts';
import type { AgentLog } from '../logs/agent-log.ts';
import { claimStandingOf } from '../tasks/claim-standing.ts';
import { SILENT_MS } from '../tasks/give-up.ts';
import type { Reclaim } from '../tasks/take-attempt.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';

export interface TakeOverOptions {
  client: Pick<KuFlowClient, 'findTasks' | 'retrieveTask'>;
  tenantId: string | null;
  principalId: () => string | null;
  /** Robots of this host by the code of the task definitions that are routed to them. */
  routes: () => ReadonlyMap<string, CatalogueRobot>;
  /** What is wanted of the tasks of a robot. */
  wants: (robot: CatalogueRobot) => { takeOver: boolean; takeAssigned: boolean };
  /** Why nothing new is wanted at all: paused, draining; null: it is. */
  held: () => boolean;
  /** True for a task that this host has to do with already: it runs here, waits here, was left alone on purpose. */
  isKnown: (taskId: string) => boolean;
  /** True for a task that a run of this host's had. */
  hasHistory: (taskId: string) => boolean;
  accept: (task: Task, robot: CatalogueRobot, reclaim: Extract<Reclaim, 'take-over' | 'assigned'>) => void;
  /** From one look to the next, on average. */
  everyMs: () => number;
  now: () => number;
  random: () => number;
  wait: Sleep;
  log: AgentLog;
}

/** How often dead hosts' tasks are looked for. */
export const TAKE_OVER_LOOK_MS = 3 * 60_000;
const MOST_TASKS = 1000;
const JITTER = 0.3;

/**
 * Looks for tasks that are CLAIMED by our principal and that no host answers for, until `signal` aborts: those of
 * hosts that fell silent (takeOver), and those that were assigned to us and never taken (takeAssigned). Never rejects.
 */
export async function startTakeOver(options: TakeOverOptions, signal: AbortSignal): Promise<void> {
  const { everyMs, random, wait, log } = options;
  const lookAgainAtMs = new Map<string, number>();
  while (!signal.aborted) {
    try {
      await lookForOrphans(options, lookAgainAtMs, signal);
    } catch (error) {
      if (!signal.aborted) log.debug('Look for orphans failed', { message: toAgentError(error).message });
    }
    await wait(Math.round(everyMs() * (1 - JITTER + 2 * JITTER * random())), signal);
  }
}

/**
 * One look.
 * @param lookAgainAtMs when each task that had a live host may have lost it at the earliest
 */
export async function lookForOrphans(
  options: TakeOverOptions,
  lookAgainAtMs: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  const { client, tenantId, principalId, held, isKnown, now } = options;
  const ours = principalId();
  const routes = wantedRoutes(options);
  if (ours === null || routes.size === 0 || held()) return;
  const claimed = await client.findTasks({
    states: ['CLAIMED'],
    definitionCodes: [...routes.keys()],
    tenantId,
    limit: MOST_TASKS,
    signal,
  });
  const mine = claimed.filter((task) => task.ownerId === ours && !isKnown(task.id));
  forgetOthers(lookAgainAtMs, mine);
  for (const { id, definitionCode } of mine) {
    if (signal.aborted) return;
    const robot = routes.get(definitionCode);
    if (!robot || (lookAgainAtMs.get(id) ?? 0) > now()) continue;
    const task = await client.retrieveTask(id, { signal });
    // The page was older: the task may have come to this host, or to its end, meanwhile.
    if (task.state !== 'CLAIMED' || task.ownerId !== ours || isKnown(id)) continue;
    lookAgainAtMs.set(id, now() + considerOrphan(options, task, robot));
  }
}

/** @returns how long it is of no use to look again */
function considerOrphan(options: TakeOverOptions, task: Task, robot: CatalogueRobot): number {
  const { wants, hasHistory, accept } = options;
  const { takeOver, takeAssigned } = wants(robot);
  const standing = claimStandingOf(task);
  if (standing.kind === 'silent' && takeOver) accept(task, robot, 'take-over');
  if (standing.kind === 'unmarked' && takeAssigned && !hasHistory(task.id)) accept(task, robot, 'assigned');
  if (standing.kind !== 'live' || task.serverTimeMs === null) return 0;
  return Math.max(0, SILENT_MS - (task.serverTimeMs - standing.lastEntryAtMs));
}

function wantedRoutes({ routes, wants }: TakeOverOptions): Map<string, CatalogueRobot> {
  return new Map(
    [...routes()].filter(([, robot]) => {
      const { takeOver, takeAssigned } = wants(robot);
      return takeOver || takeAssigned;
    }),
  );
}

function forgetOthers(lookAgainAtMs: Map<string, number>, tasks: readonly TaskSummary[]): void {
  const ids = new Set(tasks.map(({ id }) => id));
  for (const id of lookAgainAtMs.keys()) if (!ids.has(id)) lookAgainAtMs.delete(id);
}
