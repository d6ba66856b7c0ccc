import { isAgentError, toAgentError } from '../../shared/errors.ts';
import type { KuFlowClient } from '../kuflow/create-client.ts';
import type { Sleep } from '../kuflow/retry.ts';
import type { TaskState } from '../kuflow/task.ts';
import type { AgentLog } from '../logs/agent-log.ts';
import type { LogEntry } from './take-entry.ts';

/** What the platform says of a running task. GONE: it does not show it to us any more. */
export interface TaskSighting {
  taskId: string;
  state: TaskState | 'GONE';
  ownerId: string | null;
  /** Absent where only the state was asked for. */
  logs?: readonly LogEntry[];
}

export interface TaskCheckOptions {
  client: Pick<KuFlowClient, 'retrieveTask' | 'findTasks'>;
  /** Ids of the tasks that run here now. */
  taskIds: () => readonly string[];
  /** Who decides what it means is elsewhere. */
  report: (sighting: TaskSighting) => void;
  /** From one look to the next, on average. */
  everyMs: number;
  /** Narrows the page query where the credentials see several tenants. */
  tenantId: string | null;
  random: () => number;
  wait: Sleep;
  log: AgentLog;
}

/** Above this many running tasks one page query replaces a GET for each. */
const MOST_SINGLE_LOOKS = 10;
/** Tasks of the page query; ours were changed lately, by their own log. */
const PAGE_LIMIT = 1000;
/** ± 20 %, so that hosts started together don't ask together. */
const JITTER = 0.2;

/**
 * Looks up the running tasks until `signal` aborts: the platform pushes nothing, so a cancellation is seen only by
 * looking. Never rejects.
 */
export async function startTaskCheck(options: TaskCheckOptions, signal: AbortSignal): Promise<void> {
  const { everyMs, random, wait, log } = options;
  log.debug('Task check started', { everyMs });
  while (!signal.aborted) {
    await wait(Math.round(everyMs * (1 - JITTER + 2 * JITTER * random())), signal);
    if (signal.aborted) break;
    try {
      await checkTasks(options, signal);
    } catch (error) {
      if (!signal.aborted) log.debug('Task check failed', { message: toAgentError(error).message });
    }
  }
  log.debug('Task check ended', {});
}

/** One look at all running tasks. */
export async function checkTasks(
  options: Pick<TaskCheckOptions, 'client' | 'taskIds' | 'report' | 'tenantId'>,
  signal: AbortSignal,
): Promise<void> {
  const { client, taskIds, report, tenantId } = options;
  const missing = new Set(taskIds());
  if (missing.size > MOST_SINGLE_LOOKS) {
    const claimed = await client.findTasks({
      states: ['CLAIMED'],
      definitionCodes: [],
      tenantId,
      limit: PAGE_LIMIT,
      order: 'recently-changed',
      signal,
    });
    for (const { id, state, ownerId } of claimed)
      if (missing.delete(id)) report({ taskId: id, state, ownerId });
  }
  // What the page does not hold has another state by now, or lies further back: each is asked for.
  for (const taskId of missing) {
    if (signal.aborted) return;
    report(await sight(client, taskId, signal));
  }
}

async function sight(
  client: TaskCheckOptions['client'],
  taskId: string,
  signal: AbortSignal,
): Promise<TaskSighting> {
  try {
    const { state, ownerId, logs } = await client.retrieveTask(taskId, { signal });
    return { taskId, state, ownerId, logs };
  } catch (error) {
    if (!isAgentError(error) || error.details?.status !== 404) throw error;
    return { taskId, state: 'GONE', ownerId: null };
  }
}
