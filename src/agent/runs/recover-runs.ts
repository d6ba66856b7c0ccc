import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError, toAgentError } from '../../shared/errors.ts';
import type { Run } from '../../shared/run.ts';
import { completesTask } from '../gateway/open-run.ts';
import { ActiveRun } from './active-run.ts';
import { endOfError, type RunEnd } from './outcome.ts';
import { isRunId } from './run-id.ts';
import type { RunServices } from './run-services.ts';
import { resumeRunSession, type SettlingSession } from './run-session.ts';
import { settleRun } from './settle-run.ts';
import { resumeTakeStep } from './take-step.ts';
import { endWithError } from './untaken-run.ts';

export interface RecoverOptions {
  services: RunServices;
  /** Lets a run go to its end. */
  recover: (run: Run) => void;
  /** Ends processes that a crash left of our runs, found by the run id in their environment. */
  sweepLeftovers: (isOurs: (runId: string) => boolean) => Promise<number>;
}

/**
 * Brings the runs that a crash of the agent left unfinished to their end. What was not taken is forgotten (its task
 * is still READY on the platform), what may have been taken is looked up, what was started is lost, what had ended is
 * settled as it ended. Returns once all are on their way: settling waits for the platform.
 */
export async function recoverRuns({ services, recover, sweepLeftovers }: RecoverOptions): Promise<void> {
  const { journal, log, paths } = services;
  const unfinished = journal.runs.listUnfinished();
  // By its folder: a journal that was damaged, or lost, knows of no run.
  const processesEnded = await sweepLeftovers(
    (runId) => isRunId(runId) && existsSync(join(paths.runs, runId)),
  );
  if (unfinished.length === 0 && processesEnded === 0) return;
  log.warn('Runs of an earlier agent found unfinished', { runs: unfinished.length, processesEnded });
  for (const run of unfinished) {
    const take = journal.runs.loadTake(run.id);
    if (run.taskId === null || wasTaken(run, services) || (take !== null && take.step !== 'append')) {
      recover(run);
      continue;
    }
    if (take) services.takes.noteOver(run.taskId, take.nonce);
    journal.runs.remove(run.id);
  }
}

function wasTaken(run: Run, { journal }: Pick<RunServices, 'journal'>): boolean {
  return journal.decisions
    .list({ kind: 'run', id: run.id })
    .some(({ decision, runId }) => decision === 'taken' && runId === run.id);
}

/** The way of one run of an earlier agent to its end. Never rejects. */
export async function recoverRun(active: ActiveRun, services: RunServices): Promise<void> {
  try {
    if (!active.taken && !(await resumeTakeStep(active, services))) return;
    const { run } = active;
    if (run.taskId === null && (run.state === 'queued' || run.state === 'preparing'))
      endWithError(active, services, crashed(run));
    else await settleRun(active, services, endOf(run), openSession(active, services));
  } catch (thrown) {
    if (services.closing.aborted) return;
    const { message } = toAgentError(thrown);
    services.log.error('Run of an earlier agent could not be settled', { runId: active.id, error: message });
  }
}

/** Null: its folder cannot be used; the task is told all the same. */
function openSession(active: ActiveRun, services: RunServices): SettlingSession | null {
  try {
    return resumeRunSession(active, services);
  } catch (error) {
    services.log.error('Run log of an earlier agent cannot be opened', {
      runId: active.id,
      error: toAgentError(error).message,
    });
    return null;
  }
}

/** A run that had its outcome keeps it; any other is lost. */
function endOf(run: Run): RunEnd {
  if (run.outcome !== null) {
    const { outcome, error, exitCode, signal } = run;
    return { outcome, error, exitCode, signal };
  }
  return endOfError(crashed(run));
}

function crashed(run: Run): AgentError {
  const when = run.startedAt === null ? 'before the robot was started' : 'while the robot ran';
  return new AgentError('AGENT_CRASHED', `The agent on this host ended ${when}; what it did is not known.`);
}

/** What the manager needs to let such a run live once more. */
export function activeRunOf(run: Run, services: RunServices, onChange: (run: Run) => void): ActiveRun {
  const active = new ActiveRun({
    run,
    request: {
      requestId: run.id,
      source: run.source,
      robotId: run.robot.id,
      operation: run.operation,
      processId: run.processId,
      taskId: run.taskId,
      variables: {},
      attempt: run.attempt,
      requestedAt: run.requestedAt,
      reclaim: 'retry',
    },
    robot: {
      id: run.robot.id,
      code: run.robot.code,
      name: run.robot.code,
      tenantId: null,
      revision: run.robot.revision ?? '',
      sourceType: 'PACKAGE',
      sourceFile: null,
      environmentVariables: {},
      state: 'unprepared',
      reason: null,
    },
    journal: services.journal,
    now: services.now,
    onChange,
  });
  if (run.taskId === null || wasTaken(run, services)) active.becomeTaken();
  active.completedByRobot = completedItself(run, services);
  // A call that was on its way at the crash is in no record.
  active.mayBeCompletedByRobot = run.outcome === null;
  return active;
}

function completedItself(run: Run, { journal }: RunServices): boolean {
  const { taskId } = run;
  return (
    taskId !== null && journal.touched.listCompletions(run.id).some((call) => completesTask(call, taskId))
  );
}
