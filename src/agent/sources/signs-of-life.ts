import { toAgentError } from '../../shared/errors.ts';
import type { NextTry } from '../journal/host-records.ts';
import type { KuFlowClient } from '../kuflow/create-client.ts';
import type { Sleep } from '../kuflow/retry.ts';
import type { AgentLog } from '../logs/agent-log.ts';
import { BESIDE_THE_LOG, markOf } from '../logs/mark.ts';
import type { ActiveRun } from '../runs/active-run.ts';
import { describeDuration } from '../runs/outcome.ts';
import { judgeSilence } from '../tasks/give-up.ts';
import { waitingMessage } from '../tasks/take-entry.ts';
import type { TaskSighting } from '../tasks/task-check.ts';

export interface SignsOfLifeOptions {
  client: Pick<KuFlowClient, 'appendLog' | 'retrieveTask'>;
  live: () => readonly ActiveRun[];
  /** Tasks that wait for their next attempt, with their last run here. */
  waiting: () => readonly { next: NextTry; runId: string }[];
  /** The setting, by robot code. */
  takesOver: (robotCode: string) => boolean;
  report: (sighting: TaskSighting) => void;
  /** A clock that counts sleep. */
  now: () => number;
  wait: Sleep;
  log: AgentLog;
}

const LOOK_MS = 30_000;
/** As often as a live run says so, a task that waits for its retry does. */
const WAITING_BEAT_MS = 10 * 60_000;

/**
 * Keeps other hosts from tasks that this one has, where they may take over: each of its runs shows life in time, or is
 * ended; a task that waits for its next attempt shows life too. Until `signal` aborts; never rejects.
 */
export async function startSignsOfLife(options: SignsOfLifeOptions, signal: AbortSignal): Promise<void> {
  const shownAtMs = new Map<string, number>();
  while (!signal.aborted) {
    // Side by side: an answer that does not come must not keep another run alive.
    await Promise.all([
      ...options.live().map((active) => watchSilence(active, options, signal)),
      ...options.waiting().map((waiting) => showWaiting(waiting, shownAtMs, options, signal)),
    ]);
    await options.wait(LOOK_MS, signal);
  }
}

/** One look at one run. */
export async function watchSilence(
  active: ActiveRun,
  options: SignsOfLifeOptions,
  signal: AbortSignal,
): Promise<void> {
  const { run } = active;
  const { taskId } = run;
  const takeOver = options.takesOver(run.robot.code);
  if (taskId === null || run.state !== 'running' || active.termination !== null) return;
  const verdict = () => judgeSilence({ takeOver, silentMs: options.now() - active.heardAtMs });
  if (verdict() === 'go-on') return;
  try {
    // First of all whether the task is ours still: after a long sleep it may be another host's.
    options.report({ ...(await options.client.retrieveTask(taskId, { signal })), taskId });
    if (active.termination !== null) return;
    const message = `still running${markOf(run.id, BESIDE_THE_LOG)}`;
    options.report({
      ...(await options.client.appendLog(taskId, { message, level: 'INFO' }, { signal })),
      taskId,
    });
    active.heardAtMs = options.now();
  } catch (error) {
    if (signal.aborted || verdict() !== 'give-up' || active.termination !== null) return;
    options.log.warn('Run is ended: the platform could not be told for too long', {
      runId: run.id,
      message: toAgentError(error).message,
    });
    active.loseAccess();
    active.terminate('cut-off');
  }
}

async function showWaiting(
  { next, runId }: { next: NextTry; runId: string },
  shownAtMs: Map<string, number>,
  { client, takesOver, now, log }: SignsOfLifeOptions,
  signal: AbortSignal,
): Promise<void> {
  const { taskId, dueAtMs, robotCode } = next;
  if (!takesOver(robotCode) || now() - (shownAtMs.get(taskId) ?? 0) < WAITING_BEAT_MS) return;
  shownAtMs.set(taskId, now());
  const message = waitingMessage(runId, describeDuration(Math.max(0, dueAtMs - now())));
  try {
    await client.appendLog(taskId, { message, level: 'INFO' }, { signal });
  } catch (error) {
    log.debug('Waiting task could not be told', { taskId, message: toAgentError(error).message });
  }
}
