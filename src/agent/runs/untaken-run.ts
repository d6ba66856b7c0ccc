import type { AgentError } from '../../shared/errors.ts';
import type { ActiveRun } from './active-run.ts';
import { describeDuration, endOfError, endOfProcess, type TerminationReason } from './outcome.ts';
import type { RunServices } from './run-services.ts';

// Ways for a run to end before its task was taken. None of them touches the task on the platform.

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** Wait before a task is tried again that this host could not serve: doubled from the first to the last. */
const FIRST_WAIT_MS = 15 * SECOND_MS;
const LAST_WAIT_MS = 10 * MINUTE_MS;
/** Reasons that time alone seldom mends; they are looked at again all the same. */
const LASTING: Record<string, number> = {
  HOST_ARCHITECTURE: 60 * MINUTE_MS,
  HOST_ARCHIVE_FORMAT: 60 * MINUTE_MS,
  POLICY_REFUSED: 60 * MINUTE_MS,
  HOST_DISK: MINUTE_MS,
};

/** Forgets the run as if it had never been queued; its decision stays. */
export function removeRun(active: ActiveRun, services: RunServices): void {
  services.journal.runs.remove(active.id);
  services.leave(active);
}

/** The agent drains or ends before the task was taken. */
export function leaveTask(active: ActiveRun, services: RunServices): void {
  services.decider.onRun(active.run, {
    decision: 'postponed',
    code: 'DRAINING',
    message: 'This host takes no new work now; the task was left as it is.',
  });
  removeRun(active, services);
}

/**
 * This host cannot serve the task now: the task stays as it is on the platform, for others or for later. Whoever
 * started the run by hand waits for it, so it ends with the error; any other run is forgotten.
 * @param dueAtMs when to try again, where something else knows it better than the backoff
 */
export function postponeTask(
  active: ActiveRun,
  services: RunServices,
  error: AgentError,
  dueAtMs?: number,
): void {
  const { robot, request } = active;
  const { taskId } = active.run;
  if (taskId === null) throw new Error('Only a task can be postponed');
  const tries = services.postponed.get(taskId) ?? 0;
  services.postponed.set(taskId, tries + 1);
  const lasting = LASTING[error.code];
  const waitMs = lasting ?? Math.min(FIRST_WAIT_MS * 2 ** Math.min(tries, 10), LAST_WAIT_MS);
  const due = dueAtMs ?? services.now() + waitMs;
  services.journal.host.saveNextTry({
    taskId,
    dueAtMs: due,
    kind: request.reclaim ? 'retry' : 'postponed',
    lasting: lasting !== undefined,
    robotId: robot.id,
    robotCode: robot.code,
    operation: request.operation,
    processId: request.processId,
    code: error.code,
  });
  services.decider.onTask(taskId, {
    decision: error.code === 'POLICY_REFUSED' ? 'refused' : 'postponed',
    code: error.code,
    message: `${error.message} Tried again in ${describeDuration(due - services.now())}.`,
  });
  if (request.source === 'manual') endWithError(active, services, error);
  else removeRun(active, services);
}

/** Ended from outside before it began. Its task is left alone here until somebody starts it by hand. */
export function endUntaken(active: ActiveRun, services: RunServices, reason: TerminationReason): void {
  const { taskId } = active.run;
  if (taskId !== null && reason === 'cancelled-by-operator') {
    services.journal.host.exclude(taskId, new Date(services.now()).toISOString());
    services.journal.host.removeNextTry(taskId);
    services.decider.onRun(active.run, {
      decision: 'skipped',
      code: 'EXCLUDED',
      message: `Cancelled${active.terminatedBy === null ? '' : ` by ${active.terminatedBy}`} before it began; this host leaves the task alone until: kubot start ${active.robot.code} --task ${taskId}`,
    });
  }
  const end = endOfProcess({
    exitCode: null,
    signal: null,
    termination: reason,
    terminatedBy: active.terminatedBy,
    timeoutMs: 0,
    platformState: active.platformState,
    diskFull: false,
  });
  finish(active, services, end);
}

/** A run that somebody waits for, but that cannot be, ends with its error. */
export function endWithError(active: ActiveRun, services: RunServices, error: AgentError): void {
  services.log.error('Run could not start', { runId: active.id, code: error.code, message: error.message });
  finish(active, services, endOfError(error));
}

function finish(active: ActiveRun, services: RunServices, end: ReturnType<typeof endOfError>): void {
  const at = new Date(services.now()).toISOString();
  active.become('ended', { ...end, endedAt: at, settled: { at, action: 'none' } });
  services.leave(active);
}
