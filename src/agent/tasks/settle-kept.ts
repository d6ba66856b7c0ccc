import { AgentError, isAgentError } from '../../shared/errors.ts';
import type { Run } from '../../shared/run.ts';
import type { Journal } from '../journal/open-journal.ts';
import type { KuFlowClient } from '../kuflow/create-client.ts';
import type { Task } from '../kuflow/task.ts';
import { endOfError } from '../runs/outcome.ts';
import { createRunId } from '../runs/run-id.ts';
import { claimStandingOf } from './claim-standing.ts';
import { reasonAgainst } from './reclaim.ts';
import { ownerOf } from './settle.ts';
import type { TakeResult } from './take-result.ts';

export interface SettleKeptInput {
  taskId: string;
  action: 'complete' | 'hand-over';
  /** Email or principal id; needed to hand over. */
  to: string | null;
}

export interface SettleKeptServices {
  client: Pick<KuFlowClient, 'retrieveTask' | 'completeTask' | 'assignTask'>;
  journal: Journal;
  principalId: () => string | null;
  installationId: string;
  /** Takes a task that is CLAIMED by our principal, so that a host that had it lets go. */
  take: (taskId: string) => Promise<TakeResult>;
  now: () => number;
}

/**
 * Ends a task that a failed run kept, or that no live host answers for: completes it, or hands it to a person.
 * @returns the task's latest run, with what became of its task; for one that no run of this host had, a run that
 *   stands for the lost one
 * @throws AgentError RUN_NOT_FOUND when neither this host nor the platform knows the task; CONFLICT when it runs, is
 *   another's or is over; USAGE; what the platform answers
 */
export async function settleKept(input: SettleKeptInput, services: SettleKeptServices): Promise<Run> {
  const { taskId, action, to } = input;
  const { client, journal, now } = services;
  const known = journal.runs.listForTask(taskId).at(-1);
  if (known && known.state !== 'ended')
    throw new AgentError('CONFLICT', `Task ${taskId} runs here now; cancel its run first.`);
  if (action === 'hand-over' && to === null)
    throw new AgentError('USAGE', 'Handing over needs an email address or a principal id.');
  const task = await findTask(taskId, services);
  throwIfElsewhere(task, services);
  if (!known) {
    throwUnlessOurs(task, services);
    const take = await services.take(taskId);
    if (!take.taken) throw new AgentError('CONFLICT', take.message);
  }
  if (action === 'complete') await client.completeTask(taskId);
  else await client.assignTask(taskId, ownerOf(to ?? ''));
  const at = new Date(now()).toISOString();
  const settled: Run = {
    ...(known ?? lostRunOf(task, at, now())),
    settled: { at, action: action === 'complete' ? 'completed' : 'handed-over' },
  };
  if (known) journal.runs.update(settled, null);
  else journal.runs.insert(settled, `settle/${settled.id}`);
  journal.host.removeNextTry(taskId);
  return settled;
}

async function findTask(taskId: string, { client }: SettleKeptServices): Promise<Task> {
  try {
    return await client.retrieveTask(taskId);
  } catch (error) {
    if (!isAgentError(error) || error.code !== 'PLATFORM_REFUSED') throw error;
    throw new AgentError(
      'RUN_NOT_FOUND',
      `The platform does not show us a task ${taskId}, so there is nothing to settle.`,
      { hint: 'Give the id of a task that kubot runs or kubot runs --orphans lists.', cause: error },
    );
  }
}

/** @throws AgentError CONFLICT when another host has the task */
function throwIfElsewhere(task: Task, { installationId, journal }: SettleKeptServices): void {
  if (task.state !== 'CLAIMED') return;
  const runIds = journal.runs.listForTask(task.id).map(({ id }) => id);
  const reason = reasonAgainst(claimStandingOf(task, { installationId, runIds }), 'by-hand', task);
  if (reason !== null) throw new AgentError('CONFLICT', reason);
}

/** @throws AgentError CONFLICT */
function throwUnlessOurs({ id, state, ownerId }: Task, { principalId }: SettleKeptServices): void {
  if (state === 'CLAIMED' && ownerId !== null && ownerId === principalId()) return;
  const whose = state === 'CLAIMED' ? 'CLAIMED by somebody else' : state;
  throw new AgentError('CONFLICT', `Task ${id} is ${whose} on the platform; it is not ours to settle.`);
}

/** For the list of runs: what another host, or an earlier installation, did not live to tell. */
function lostRunOf(task: Task, at: string, nowMs: number): Run {
  const standing = claimStandingOf(task);
  const take = standing.kind === 'unmarked' ? null : standing.take;
  const error = new AgentError(
    'AGENT_CRASHED',
    `${take?.host ?? 'The host that had the task'} did not tell how its run ended; a person settled the task.`,
  );
  return {
    id: createRunId(nowMs),
    robot: { id: '', code: task.definitionCode, revision: null },
    operation: null,
    source: 'manual',
    processId: task.processId,
    taskId: task.id,
    attempt: take?.attempt ?? 1,
    state: 'ended',
    ...endOfError(error),
    runtimes: {},
    sandbox: { requested: 'off', achieved: 'off', missing: [], reason: null },
    requestedAt: at,
    startedAt: null,
    endedAt: at,
    durationMs: null,
    outDir: null,
    log: { lines: 0, bytes: 0, entriesSent: 0, linesLeftOut: 0, documentUri: null },
    settled: null,
  };
}
