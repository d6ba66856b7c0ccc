import type { Task } from '../kuflow/task.ts';
import { claimStandingOf } from '../tasks/claim-standing.ts';
import { judgeSighting } from '../tasks/judge-sighting.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';
import { operationInData } from './inbox.ts';
import type { SourcesOptions } from './open-sources.ts';
import type { Poke } from './poke.ts';
import { routedRobots } from './routed-robots.ts';
import { startSignsOfLife } from './signs-of-life.ts';
import { startTakeOver, TAKE_OVER_LOOK_MS } from './take-over.ts';
import type { RunRequest } from './work-source.ts';

/**
 * What hosts do for each other that share a credential, where the settings say so. Until `signal` aborts.
 * @param life pokes those who watch whether the runs of this host show life
 */
export async function openTakeOver(
  options: SourcesOptions,
  life: Pick<Poke, 'wait'>,
  signal: AbortSignal,
): Promise<void> {
  const { config, services, manager, platform, random } = options;
  const { journal, now, log } = services;
  const { settings } = config;
  const mayTakeOver =
    settings.takeOver || Object.values(settings.robots).some((robot) => robot.takeOver === true);
  if (!mayTakeOver && !settings.takeAssigned) return;
  const takesOver = (robotCode: string) => config.robot(robotCode).takeOver;
  const wait = (milliseconds: number, stop: AbortSignal = signal) =>
    services.sleep(milliseconds, stop).catch(() => undefined);
  await Promise.all([
    startTakeOver(
      {
        client: platform.client,
        tenantId: config.tenantId,
        principalId: services.principalId,
        routes: () => routedRobots(settings.routes, platform.catalogue.served()),
        wants: ({ code }) => ({ takeOver: takesOver(code), takeAssigned: settings.takeAssigned }),
        held: () => options.hold().reason !== null,
        isKnown: (taskId) =>
          manager.hasLiveRun(taskId) ||
          journal.host.isExcluded(taskId) ||
          journal.host.findNextTry(taskId)?.kind === 'retry',
        hasHistory: (taskId) => journal.runs.highestAttempt(taskId) > 0,
        accept: (task, robot, reclaim) => manager.accept(requestOf(task, robot, reclaim, options), robot),
        // What was assigned to us is work like that of the inbox.
        everyMs: () => (settings.takeAssigned ? settings.pollMaxMs : TAKE_OVER_LOOK_MS),
        now,
        random,
        wait,
        log,
      },
      signal,
    ),
    startSignsOfLife(
      {
        client: platform.client,
        live: () => manager.list().filter(({ taken }) => taken),
        waiting: () =>
          journal.host.listNextTries().flatMap((next) => {
            const run = next.kind === 'retry' ? journal.runs.listForTask(next.taskId).at(-1) : undefined;
            return run && !manager.hasTakenRun(next.taskId) ? [{ next, runId: run.id }] : [];
          }),
        takesOver,
        report: (sighting) => judgeSighting(sighting, manager.list(), services),
        now,
        wait: (milliseconds, stop = signal) => life.wait(milliseconds, stop),
        log,
      },
      signal,
    ),
  ]);
}

function requestOf(
  task: Task,
  robot: CatalogueRobot,
  reclaim: 'take-over' | 'assigned',
  { config, services }: SourcesOptions,
): RunRequest {
  const standing = claimStandingOf(task);
  const before = standing.kind === 'unmarked' ? null : standing.take;
  const here = services.journal.runs.highestAttempt(task.id);
  // A run that is taken over is the dead host's attempt, settled here; an assigned task begins its first.
  const attempt = reclaim === 'take-over' ? Math.max(before?.attempt ?? 1, here) : here + 1;
  return {
    requestId: `${task.id}/${reclaim}/${before?.nonce ?? attempt}`,
    source: 'inbox',
    robotId: robot.id,
    operation:
      config.settings.routes[task.definitionCode]?.operation ??
      operationInData(task.data, config.robot(robot.code).operationPointer),
    processId: task.processId,
    taskId: task.id,
    variables: {},
    attempt,
    requestedAt: new Date(services.now()).toISOString(),
    reclaim,
  };
}
