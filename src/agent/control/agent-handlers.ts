import { join } from 'node:path';
import type { ControlHandlers } from '../../shared/control-api.ts';
import { AgentError, isAgentError } from '../../shared/errors.ts';
import type { Status } from '../../shared/status.ts';
import type { WaitingTask } from '../../shared/waiting-task.ts';
import { createCourtesyHandlers } from '../courtesy/courtesy-handlers.ts';
import { describeRun, explainWhy, listRuns } from '../journal/describe-run.ts';
import { findRun } from '../journal/find-run.ts';
import { readLog } from '../journal/read-log.ts';
import type { Hold } from '../runs/hold.ts';
import { readRunFile } from '../runs/read-run-file.ts';
import type { RobotPreparer } from '../runs/robot-preparer.ts';
import type { RunManager } from '../runs/run-manager.ts';
import type { RunServices } from '../runs/run-services.ts';
import { startByHand } from '../runs/start-task.ts';
import { takeInput } from '../runs/take-step.ts';
import { findRoutedRobot } from '../sources/routed-robots.ts';
import { listOrphans } from '../tasks/list-orphans.ts';
import { settleKept } from '../tasks/settle-kept.ts';
import { takeTask } from '../tasks/take.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';
import type { EventHub } from './event-hub.ts';

export interface HandlerParts {
  services: Omit<RunServices, 'leave'>;
  manager: RunManager;
  preparer: RobotPreparer;
  hold: Hold;
  hub: EventHub;
  status: () => Status;
  /** The platform's robots, with those that this host leaves alone. */
  robots: () => readonly CatalogueRobot[];
  waiting: () => WaitingTask[];
  /** There may be work now. */
  pokeSources: () => void;
  /** The platform may be there again, and what the sandbox lacked. */
  wake: () => Promise<void>;
  settings: Pick<ControlHandlers, 'configGet' | 'configSet' | 'configExplain'>;
  prune: ControlHandlers['prune'];
  doctor: Pick<ControlHandlers, 'doctor' | 'diskUse'>;
  closing: AbortSignal;
}

/**
 * What the control API answers: the same for the command line, the window, the browser page and the tests. What of it a
 * caller may use is handlersForCaller's.
 * @param by who gives the orders, where it is not the owner
 */
export function createHandlers(parts: HandlerParts, by: string | null = null): ControlHandlers {
  const { services, manager, hold, hub } = parts;
  const { journal, paths } = services;
  /** A robot that came since the catalogue was read is found too. */
  const findOrLookUp = async (text: string) => {
    const known = parts.robots().find((robot) => isNamed(robot, text) && robot.state === 'unprepared');
    return known ?? (await services.lookUpRobot(text)) ?? findRobot(parts.robots(), text);
  };
  return {
    whoAmI: async () => ({ access: 'owner', user: null, owner: null }),
    status: async () => parts.status(),
    robots: async () => parts.preparer.views(),
    prepare: async ({ code }) => {
      // Whoever asks has often just uploaded another package.
      const robot = (await services.lookUpRobot(code)) ?? findRobot(parts.robots(), code);
      const failureKey = services.variables.failureKey(robot);
      try {
        await parts.preparer.prepare(robot, parts.closing);
      } catch (error) {
        if (isAgentError(error) && error.code === 'POST_INSTALL_FAILED')
          services.failures.tell(failureKey, error, null);
        throw error;
      }
      services.failures.forget(failureKey);
      parts.pokeSources();
      const view = parts.preparer.views().find((candidate) => candidate.id === robot.id);
      if (!view) throw new AgentError('ROBOT_NOT_FOUND', `Robot ${code} has left the catalogue.`);
      return view;
    },
    waiting: async () => parts.waiting(),
    runs: async (query) => listRuns(journal, query),
    orphans: async () =>
      listOrphans({
        client: services.client,
        tenantId: services.config.tenantId,
        principalId: services.principalId,
        installationId: services.installationId,
        isAtWork: (taskId) =>
          manager.hasLiveRun(taskId) || journal.host.findNextTry(taskId)?.kind === 'retry',
        runsOf: (taskId) => journal.runs.listForTask(taskId).map(({ id }) => id),
        robotFor: (definitionCode) =>
          findRoutedRobot(
            definitionCode,
            services.config.settings.routes,
            parts.robots().filter(({ state }) => state === 'unprepared'),
          )?.code ?? null,
      }),
    run: async ({ id }) => describeRun(journal, findRun(journal, id, { tasks: true }), paths.runs),
    totals: async ({ days }) => journal.runs.totals(startOfDay(services.now(), days - 1)),
    logs: ({ id, follow, last }, signal) =>
      readLog(journal, paths.runs, id, follow ? (signal ?? parts.closing) : null, last),
    file: async function* ({ id, ...file }) {
      const run = findRun(journal, id, { tasks: true });
      for await (const chunk of readRunFile(join(paths.runs, run.id), file))
        yield { base64: chunk.toString('base64') };
    },
    why: async ({ id }) => explainWhy(journal, id),
    start: async (input) => {
      // A drain waits for every run, and a new one would wait for the drain.
      if (hold.state === 'draining') {
        throw new AgentError('CONFLICT', 'This host is draining: it starts nothing new.', {
          hint: 'Let it work again with: kubot resume.',
        });
      }
      return await startByHand(
        {
          requestId: input.requestId,
          robot: await findOrLookUp(input.robot),
          operation: input.operation,
          variables: input.variables,
          taskId: input.taskId,
        },
        manager,
        services,
      );
    },
    cancel: async ({ id }) => manager.cancel(findRun(journal, id, { tasks: true }).id, by),
    settle: async (input) =>
      settleKept(
        { taskId: input.taskId, action: input.action, to: input.email },
        {
          client: services.client,
          journal,
          principalId: services.principalId,
          installationId: services.installationId,
          take: (taskId) =>
            takeTask({
              ...takeInput(services),
              taskId,
              attempt: 1,
              reclaim: 'by-hand',
              // A take that ends here left nothing to find out.
              onIntent: () => undefined,
              signal: parts.closing,
            }),
          now: services.now,
        },
      ),
    pause: async ({ forMs, reason }) => {
      const named = by === null ? reason : [reason, `by ${by}`].filter(Boolean).join(', ');
      hold.pause(named, forMs === null ? null : services.now() + forMs);
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
    suspend: async () => {
      hold.fallAsleep();
      return parts.status();
    },
    ...createCourtesyHandlers({
      courtesy: services.courtesy,
      runId: (id) => findRun(journal, id, { tasks: true }).id,
      status: parts.status,
      closing: parts.closing,
    }),
    reconnect: async () => {
      hold.wakeUp();
      await parts.wake();
      return parts.status();
    },
    prune: parts.prune,
    ...parts.doctor,
    ...parts.settings,
    events: (signal) =>
      hub.stream(signal === undefined ? parts.closing : AbortSignal.any([signal, parts.closing])),
  };
}

/** Midnight here, so many days before the day of `now`. */
function startOfDay(now: number, daysBefore: number): number {
  const day = new Date(now);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() - daysBefore).getTime();
}

function isNamed(robot: CatalogueRobot, text: string): boolean {
  return robot.code === text || robot.id === text;
}

/** @throws AgentError ROBOT_NOT_FOUND */
function findRobot(robots: readonly CatalogueRobot[], text: string): CatalogueRobot {
  const found = robots.find((robot) => isNamed(robot, text));
  if (found?.state === 'unprepared') return found;
  if (found) {
    throw new AgentError('ROBOT_NOT_FOUND', `This host does not serve ${found.code}: ${found.reason}`);
  }
  const known = robots
    .filter(({ state }) => state === 'unprepared')
    .map(({ code }) => code)
    .join(', ');
  throw new AgentError(
    'ROBOT_NOT_FOUND',
    `This host serves no robot ${text}${known ? `; it serves ${known}` : ''}.`,
  );
}
