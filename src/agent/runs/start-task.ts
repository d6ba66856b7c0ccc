import { AgentError } from '../../shared/errors.ts';
import type { Run } from '../../shared/run.ts';
import { operationInData } from '../sources/inbox.ts';
import type { RunRequest } from '../sources/work-source.ts';
import { type ClaimStanding, claimStandingOf } from '../tasks/claim-standing.ts';
import { reasonAgainst } from '../tasks/reclaim.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';
import type { RunManager } from './run-manager.ts';
import type { RunServices } from './run-services.ts';

export interface StartInput {
  /** The client's UUID: sent again, it gives the run that it led to. */
  requestId: string;
  robot: CatalogueRobot;
  operation: string | null;
  variables: Record<string, string>;
  taskId: string | null;
}

type StartServices = Pick<
  RunServices,
  'client' | 'config' | 'installationId' | 'journal' | 'now' | 'principalId'
>;

/**
 * A run that somebody asked for by hand, with or without a task. A task is taken as the inbox would take it;
 * one that a failed run kept here gets its next attempt.
 * @throws AgentError TASK_NOT_FOUND; CONFLICT when the task runs here already, is another's or is over
 */
export async function startByHand(
  input: StartInput,
  manager: RunManager,
  services: StartServices,
): Promise<Run> {
  const { robot, taskId } = input;
  const request: RunRequest = {
    requestId: input.requestId,
    source: 'manual',
    robotId: robot.id,
    operation: input.operation,
    processId: null,
    taskId,
    variables: input.variables,
    attempt: 1,
    requestedAt: new Date(services.now()).toISOString(),
    reclaim: null,
  };
  if (taskId === null) return manager.accept(request, robot);
  const { runs, host } = services.journal;
  const before = runs.findByRequest(input.requestId);
  if (before) return before;
  const task = await findTask(taskId, services);
  // The look took time: meanwhile the request may have come again, or the inbox may have found the task.
  const known = runs.findByRequest(input.requestId);
  if (known) return known;
  if (manager.hasLiveRun(taskId))
    throw new AgentError('CONFLICT', `Task ${taskId} runs on this host already.`);
  const ours = task.state === 'CLAIMED' && task.ownerId !== null && task.ownerId === services.principalId();
  if (task.state !== 'READY' && !ours) {
    const whose = task.state === 'CLAIMED' ? 'CLAIMED by somebody else' : task.state;
    throw new AgentError(
      'CONFLICT',
      `Task ${taskId} is ${whose} on the platform; it cannot be started here.`,
    );
  }
  const runIds = runs.listForTask(taskId).map(({ id }) => id);
  const standing = claimStandingOf(task, { installationId: services.installationId, runIds });
  const elsewhere = ours ? reasonAgainst(standing, 'by-hand', task) : null;
  if (elsewhere !== null) throw new AgentError('CONFLICT', elsewhere);
  host.include(taskId);
  const route = services.config.settings.routes[task.definitionCode];
  const routed = route?.robot === robot.code || route?.robot === robot.id ? route.operation : undefined;
  const pointer = services.config.robot(robot.code).operationPointer;
  return manager.accept(
    {
      ...request,
      operation: input.operation ?? routed ?? operationInData(task.data, pointer),
      processId: task.processId,
      attempt: Math.max(runs.highestAttempt(taskId), ours ? attemptOf(standing) : 0) + 1,
      reclaim: ours ? 'by-hand' : null,
    },
    robot,
  );
}

/** The attempt that a host began last. */
function attemptOf(standing: ClaimStanding): number {
  return standing.kind === 'unmarked' ? 0 : (standing.take?.attempt ?? 0);
}

async function findTask(taskId: string, services: StartServices) {
  try {
    return await services.client.retrieveTask(taskId);
  } catch (error) {
    if (error instanceof AgentError && error.code === 'PLATFORM_REFUSED') {
      throw new AgentError(
        'TASK_NOT_FOUND',
        `The platform does not show us a task ${taskId}: ${error.message}`,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}
