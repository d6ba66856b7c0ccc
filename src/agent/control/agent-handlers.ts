import type { ControlHandlers } from '../../shared/control-api.ts';
import { AgentError } from '../../shared/errors.ts';
import type { Status } from '../../shared/status.ts';
import { describeRun, explainWhy, listRuns } from '../journal/describe-run.ts';
import { findRun } from '../journal/find-run.ts';
import { readLog } from '../journal/read-log.ts';
import type { Hold } from '../runs/hold.ts';
import type { RobotPreparer } from '../runs/robot-preparer.ts';
import type { RunManager } from '../runs/run-manager.ts';
import type { RunServices } from '../runs/run-services.ts';
import { startByHand } from '../runs/start-task.ts';
import { settleKept } from '../tasks/settle-kept.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';
import type { EventHub } from './event-hub.ts';

export interface HandlerParts {
  services: Omit<RunServices, 'leave'>;
  manager: RunManager;
  preparer: RobotPreparer;
  hold: Hold;
  hub: EventHub;
  status: () => Status;
  /** The robots that this host may run. */
  robots: () => readonly CatalogueRobot[];
  settings: Pick<ControlHandlers, 'configGet' | 'configSet' | 'configExplain'>;
  closing: AbortSignal;
}

/** What the control API answers: the same for the command line, the window, the browser page and the tests. */
export function createHandlers(parts: HandlerParts): ControlHandlers {
  const { services, manager, hold, hub } = parts;
  const { journal, paths } = services;
  return {
    status: async () => parts.status(),
    robots: async () => parts.preparer.views(),
    prepare: async ({ code }) => {
      const robot = findRobot(parts.robots(), code);
      services.failures.forget(services.variables.failureKey(robot));
      await parts.preparer.prepare(robot, parts.closing);
      const view = parts.preparer.views().find((candidate) => candidate.id === robot.id);
      if (!view) throw new AgentError('ROBOT_NOT_FOUND', `Robot ${code} has left the catalogue.`);
      return view;
    },
    runs: async (query) => listRuns(journal, query),
    run: async ({ id }) => describeRun(journal, findRun(journal, id, { tasks: true }), paths.runs),
    logs: ({ id, follow }, signal) =>
      readLog(journal, paths.runs, id, follow ? (signal ?? parts.closing) : null),
    why: async ({ id }) => explainWhy(journal, id),
    start: async (input) =>
      startByHand(
        {
          requestId: input.requestId,
          robot: findRobot(parts.robots(), input.robot),
          operation: input.operation,
          variables: input.variables,
          taskId: input.taskId,
        },
        manager,
        services,
      ),
    cancel: async ({ id }) => manager.cancel(findRun(journal, id, { tasks: true }).id),
    settle: async (input) =>
      settleKept(
        { taskId: input.taskId, action: input.action, to: input.email },
        { calls: services.client, journal, now: services.now },
      ),
    pause: async ({ forMs, reason }) => {
      hold.pause(reason, forMs === null ? null : services.now() + forMs);
      return parts.status();
    },
    resume: async () => {
      hold.resume();
      return parts.status();
    },
    drain: async () => {
      hold.drain();
      manager.dropUntaken();
      return parts.status();
    },
    ...parts.settings,
    events: (signal) =>
      hub.stream(signal === undefined ? parts.closing : AbortSignal.any([signal, parts.closing])),
  };
}

/** @throws AgentError ROBOT_NOT_FOUND */
function findRobot(robots: readonly CatalogueRobot[], text: string): CatalogueRobot {
  const found = robots.find((robot) => robot.code === text || robot.id === text);
  if (found) return found;
  const known = robots.map((robot) => robot.code).join(', ');
  throw new AgentError(
    'ROBOT_NOT_FOUND',
    `This host serves no robot ${text}${known ? `; it serves ${known}` : ''}.`,
  );
}
