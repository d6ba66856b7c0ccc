import { drivesScreen } from '../../shared/robot-settings.ts';
import type { Status } from '../../shared/status.ts';
import type { WaitingTask } from '../../shared/waiting-task.ts';
import type { AgentConfig } from '../config/agent-config.ts';
import type { NextTry } from '../journal/host-records.ts';
import type { PlatformLink } from '../platform-link.ts';
import type { Hold } from '../runs/hold.ts';
import { robotLimit } from '../runs/robot-limit.ts';
import type { RunManager } from '../runs/run-manager.ts';
import type { RunServices } from '../runs/run-services.ts';
import { judgeSighting } from '../tasks/judge-sighting.ts';
import { startTaskCheck } from '../tasks/task-check.ts';
import { type Reason, reasonToLeave } from './appetite.ts';
import { type InboxPoll, InboxSource } from './inbox.ts';
import { openTakeOver } from './open-take-over.ts';
import { Poke } from './poke.ts';
import { startRetries } from './retries.ts';
import { listWaiting } from './waiting-tasks.ts';

export interface SourcesOptions {
  config: AgentConfig;
  services: Omit<RunServices, 'leave'>;
  manager: RunManager;
  platform: PlatformLink;
  hold: () => Hold;
  random: () => number;
}

export interface Sources {
  states(): Status['sources'];
  /** Tasks without a run that wait here. */
  waiting(): WaitingTask[];
  onPoll(listener: (poll: InboxPoll) => void): () => void;
  /** Something happened that may mean work: looks again at once. */
  poke(): void;
  /** The machine slept, or its clock was moved by so much: looks at everything again, running tasks first. */
  wake(jumpMs: number): void;
  /** Looks for work until `signal` aborts. */
  start(signal: AbortSignal): Promise<void>;
}

/** Everything that brings work in, and what watches the tasks that run. */
export function openSources(options: SourcesOptions): Sources {
  const { config, services, manager, platform, random } = options;
  const { journal, now, log, decider } = services;
  const inboxPoke = new Poke();
  const retryPoke = new Poke();
  const catalogued = new Poke();
  const checkPoke = new Poke();
  const lifePoke = new Poke();
  const inbox = new InboxSource({
    client: platform.client,
    settings: config.settings,
    operationPointerFor: (code) => config.robot(code).operationPointer,
    robots: () => platform.catalogue.all(),
    history: {
      hasLiveRun: (taskId) => manager.hasLiveRun(taskId),
      isExcluded: (taskId) => journal.host.isExcluded(taskId),
      findNextTry: (taskId, robot) => {
        const next = journal.host.findNextTry(taskId);
        // Another revision, other variables or a post-install that went well: it is tried at once.
        const isOver =
          next?.code === 'POST_INSTALL_FAILED' &&
          services.failures.findHolding(services.variables.failureKey(robot)) === undefined;
        return isOver ? undefined : next;
      },
      isResting: (taskId) => services.takes.isResting(taskId),
      highestAttempt: (taskId) => journal.runs.highestAttempt(taskId),
      now,
    },
    reasonToLeave: (robotCode) => reasonNow(options, robotCode),
    isDraining: () => options.hold().state === 'draining',
    accept: (request) => {
      const robot = platform.catalogue.served().find((one) => one.id === request.robotId);
      // While the inbox read the task, somebody may have started it by hand.
      if (robot && !(request.taskId !== null && manager.hasLiveRun(request.taskId)))
        manager.accept(request, robot);
    },
    decide: (taskId, verdict) => {
      if (verdict.kind === 'no') decider.onTask(taskId, verdict);
    },
    log,
    now,
    random,
    wait: inboxPoke.wait,
  });
  const acceptRetry = (next: NextTry): void => {
    if (manager.hasLiveRun(next.taskId)) return;
    const robot = platform.catalogue.served().find((one) => one.id === next.robotId);
    const held = reasonToHold(options, next.robotCode);
    if (!robot || held !== null) {
      const reason = held ?? {
        code: 'ROBOT_NOT_HERE',
        message: `The next attempt is due, but this host serves ${next.robotCode} no more.`,
      };
      decider.onTask(next.taskId, { decision: 'postponed', ...reason });
      return;
    }
    const attempt = journal.runs.highestAttempt(next.taskId) + 1;
    manager.accept(
      {
        requestId: `${next.taskId}/${attempt}`,
        source: 'inbox',
        robotId: next.robotId,
        operation: next.operation,
        processId: next.processId,
        taskId: next.taskId,
        variables: {},
        attempt,
        requestedAt: new Date(now()).toISOString(),
        reclaim: 'retry',
      },
      robot,
    );
  };
  const poke = () => {
    inboxPoke.poke();
    retryPoke.poke();
  };
  platform.onCatalogue(() => {
    catalogued.poke();
    inboxPoke.poke();
  });
  let reached = false;
  platform.onChange((event) => {
    if (event?.event === 'registered') catalogued.poke();
    // Whoever reaches the platform first tells those who wait to try it again.
    const before = reached;
    reached = platform.client.connection().state === 'connected';
    if (reached && !before) poke();
  });
  return {
    states: () => [inbox.state()],
    waiting: () =>
      listWaiting({
        nextTries: journal.host.listNextTries(),
        left: inbox.left(),
        hasLiveRun: (taskId) => manager.hasLiveRun(taskId),
        decisionsOf: (id) => journal.decisions.list({ kind: 'task', id }),
      }),
    onPoll: (listener) => inbox.onPoll(listener),
    poke,
    wake: (jumpMs) => {
      // By a clock that was put back, next tries would be that much later, and a run that nobody heard of for long
      // would seem to have been heard of lately.
      if (jumpMs < 0) {
        for (const next of journal.host.listNextTries())
          journal.host.saveNextTry({ ...next, dueAtMs: Math.round(next.dueAtMs + jumpMs) });
        for (const active of manager.list()) active.heardAtMs += jumpMs;
      }
      lifePoke.poke();
      checkPoke.poke();
      poke();
    },
    start: async (signal) => {
      // Without the catalogue nothing is known to run, without the registration not who we are: a retry would take
      // our own task for somebody else's.
      while (!isKnown(platform) && !signal.aborted) await catalogued.wait(1000, signal);
      await Promise.all([
        inbox.start(signal),
        startRetries({ records: journal.host, accept: acceptRetry, now, wait: retryPoke.wait }, signal),
        openTakeOver(options, lifePoke, signal),
        startTaskCheck(
          {
            client: platform.client,
            taskIds: () =>
              manager.list().flatMap(({ run, taken }) => (taken && run.taskId ? [run.taskId] : [])),
            report: (sighting) => judgeSighting(sighting, manager.list(), services),
            everyMs: config.settings.taskCheckMs,
            tenantId: config.tenantId,
            random,
            wait: (milliseconds, stop = signal) => checkPoke.wait(milliseconds, stop),
            log,
          },
          signal,
        ),
      ]);
    },
  };
}

function isKnown({ catalogue, registration }: PlatformLink): boolean {
  return catalogue.loaded && registration.status() !== null;
}

/** A robot that drives the screen waits behind the one that waits for the person: its tasks stay on the platform. */
function courtesyAgainst(robotCode: string, { config, courtesy }: SourcesOptions['services']) {
  return drivesScreen(config.robot(robotCode)) ? courtesy.reasonAgainst(robotCode) : null;
}

/** Why nothing of a robot may begin now, be there room or not. */
function reasonToHold({ hold, services }: SourcesOptions, robotCode: string): Reason | null {
  return hold().reason ?? courtesyAgainst(robotCode, services);
}

/** Why no more work is wanted now, or none of a robot. */
function reasonNow(options: SourcesOptions, robotCode: string | null): Reason | null {
  const { config, manager, hold, services } = options;
  const held = robotCode === null ? hold().reason : reasonToHold(options, robotCode);
  if (held !== null) return held;
  const contenders = manager
    .list()
    .filter(({ run }) => run.state !== 'settling')
    .map(({ id, robot }) => ({ robotCode: robot.code, waitsForPerson: services.courtesy.isWaiting(id) }));
  const room = {
    maxConcurrentRuns: config.settings.maxConcurrentRuns,
    robotLimit: (code: string) => robotLimit(config, code),
    drivesScreen: (code: string) => drivesScreen(config.robot(code)),
  };
  return reasonToLeave(contenders, room, robotCode);
}
