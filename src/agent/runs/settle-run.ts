import { assertNever, isAgentError, toAgentError } from '../../shared/errors.ts';
import type { Run } from '../../shared/run.ts';
import { removeTree } from '../runtimes/remove-tree.ts';
import { chooseSettleAction, type FailurePolicy, type SettleChoice } from '../tasks/failure-policy.ts';
import { type SettleResult, settleTask } from '../tasks/settle.ts';
import type { ActiveRun } from './active-run.ts';
import { describeDuration, type RunEnd } from './outcome.ts';
import type { RunServices } from './run-services.ts';
import type { SettlingSession } from './run-session.ts';
import { untilTaken } from './until-taken.ts';
import { uploadOutputs } from './upload-outputs.ts';

/**
 * Ends a run that was taken: rest of the log → document → last entry → complete, or what the failure policy
 * says. Tried until the platform takes it; the run stays in `settling` for as long.
 * @param session null when not even its run log could be opened
 */
export async function settleRun(
  active: ActiveRun,
  services: RunServices,
  end: RunEnd,
  session: SettlingSession | null,
): Promise<void> {
  const { run, robot } = active;
  const policy = services.config.robot(robot.code);
  const first = run.state !== 'settling';
  if (first) {
    becomeSettling(active, services, end);
    session?.sayEnd(end);
  }
  const completedByRobot =
    end.outcome === 'succeeded' ? active.completedByRobot : await isTaskOver(active, services);
  const choice = chooseSettleAction({ end, attempt: run.attempt, policy, completedByRobot });
  if (first && choice.warning !== null) session?.log.agentLine('WARN', choice.warning);
  if (session && policy.uploadOutputs) await uploadOutputs(active, services, session);
  const summary = summaryOf(active.run, choice, policy);
  const log = session ? await session.finish(summary, end) : await tellWithoutLog(active, services, end);
  const result = await settleOnPlatform(active, services, choice);
  if (result.refusal !== null) {
    services.log.warn('Platform refused to settle the task', { runId: run.id, reason: result.refusal });
    services.decider.onRun(active.run, {
      decision: 'refused',
      code: 'SETTLE_REFUSED',
      message: `The platform refused what was to become of the task: ${result.refusal}`,
    });
  }
  if (result.action === 'retry' && choice.retryInMs !== null) saveRetry(active, services, choice.retryInMs);
  if (run.taskId !== null) services.postponed.delete(run.taskId);
  if (session) await removeTemporaryFiles(session, services);
  active.become('ended', {
    log: { ...active.run.log, ...log },
    settled: { at: new Date(services.now()).toISOString(), action: result.action },
  });
  services.log.info('Run ended', {
    runId: run.id,
    robot: robot.code,
    outcome: end.outcome,
    code: end.error?.code ?? null,
    durationMs: active.run.durationMs,
    settled: result.action,
  });
  services.leave(active);
}

/** What a robot left in its TMPDIR is nobody's; where it cannot be removed, the run's folder goes by age. */
async function removeTemporaryFiles({ folders }: SettlingSession, { log }: RunServices): Promise<void> {
  try {
    await removeTree(folders.tmpDir);
  } catch (error) {
    log.warn('Temporary files of a run could not be removed', {
      dir: folders.tmpDir,
      error: toAgentError(error).message,
    });
  }
}

/** How the run ended is journalled before anyone is told: a crash after this changes nothing about it. */
function becomeSettling(active: ActiveRun, services: RunServices, end: RunEnd): void {
  const endedAt = new Date(services.now()).toISOString();
  const durationMs = active.ranMs;
  active.become('settling', { ...end, endedAt, durationMs });
}

/**
 * A robot may have asked to complete its task, not been answered and failed before anyone looked: what the failure
 * policy does to a task is not for one that is over.
 */
async function isTaskOver(active: ActiveRun, services: RunServices): Promise<boolean> {
  const { taskId } = active.run;
  if (active.completedByRobot) return true;
  if (taskId === null || !(active.mayBeCompletedByRobot || active.isCompleting())) return false;
  const look = () => services.client.retrieveTask(taskId, { signal: services.closing });
  try {
    const { state } = await untilTaken(active, services, look, isRefused);
    return state === 'COMPLETED' || state === 'CANCELLED';
  } catch (error) {
    if (isRefused(error)) return true;
    throw error;
  }
}

/** The task is gone, or shown to us no more: looking again cannot help. */
function isRefused(error: unknown): boolean {
  return isAgentError(error) && error.code === 'PLATFORM_REFUSED';
}

/** One line for the task's reader: how it ended and what becomes of the task. */
function summaryOf(run: Run, choice: SettleChoice, policy: FailurePolicy): string {
  const took = run.durationMs === null ? '' : ` after ${describeDuration(run.durationMs)}`;
  if (run.outcome === 'succeeded') return `Succeeded${took}.`;
  const what = `${nameOfOutcome(run.outcome)}${took}: ${run.error?.message ?? 'no reason is known'}`;
  return `${what} ${nextStep(run, choice, policy)}[${run.error?.code ?? 'UNEXPECTED'}]`;
}

/** What becomes of the task: a sentence with a space behind it, or nothing. */
function nextStep(run: Run, { action, retryInMs }: SettleChoice, policy: FailurePolicy): string {
  switch (action) {
    case 'retry': {
      const nth = `attempt ${run.attempt + 1} of ${policy.retryAttempts}`;
      return `Tried again in ${describeDuration(retryInMs ?? 0)} (${nth}): what this one did may be done twice. `;
    }
    case 'kept':
      return 'The task stays claimed until somebody settles it or starts it again. ';
    case 'handed-over':
      return `The task is handed over to ${policy.handOverTo}. `;
    case 'completed':
    case 'none':
      return '';
    default:
      return assertNever(action);
  }
}

function nameOfOutcome(outcome: Run['outcome']): string {
  const words = (outcome ?? 'ended').replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

async function settleOnPlatform(
  active: ActiveRun,
  services: RunServices,
  choice: SettleChoice,
): Promise<SettleResult> {
  const { taskId } = active.run;
  // What another host took over is that host's to settle.
  if (taskId === null || active.successor !== null) return { action: 'none', refusal: null };
  return await untilTaken(active, services, () =>
    settleTask({
      calls: services.client,
      taskId,
      choice,
      handOverTo: services.config.robot(active.robot.code).handOverTo,
      completedByRobot: active.completedByRobot,
    }),
  );
}

/** Without a run log there is still the task to be told. */
async function tellWithoutLog(
  active: ActiveRun,
  services: RunServices,
  end: RunEnd,
): Promise<Partial<Run['log']>> {
  const { taskId } = active.run;
  if (taskId === null || end.error === null) return {};
  const message = `${end.error.message} ${end.error.hint ?? ''} [end ${end.outcome}] ·${active.id.slice(-8)}/1`;
  try {
    await services.client.appendLog(taskId, { message, level: 'ERROR' });
    return { entriesSent: 1 };
  } catch (error) {
    services.log.warn('Task could not be told', { runId: active.id, error: toAgentError(error).message });
    return {};
  }
}

function saveRetry(active: ActiveRun, services: RunServices, retryInMs: number): void {
  const { run, robot } = active;
  if (run.taskId === null) return;
  services.journal.host.saveNextTry({
    taskId: run.taskId,
    dueAtMs: services.now() + retryInMs,
    kind: 'retry',
    lasting: false,
    robotId: robot.id,
    robotCode: robot.code,
    operation: active.request.operation,
    processId: run.processId,
    code: run.error?.code ?? 'UNEXPECTED',
  });
}
