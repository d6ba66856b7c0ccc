import { AgentError, toAgentError } from '../../shared/errors.ts';
import type { Run } from '../../shared/run.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';
import { ActiveRun } from './active-run.ts';
import { endOfError, type RunEnd } from './outcome.ts';
import type { RunServices } from './run-services.ts';
import { settleRun } from './settle-run.ts';

export interface RecoverOptions {
  services: RunServices;
  onChange: (run: Run) => void;
  /** Ends processes that a crash left, found by the run id in their environment. */
  sweepLeftovers: (runIds: string[]) => Promise<number>;
}

/**
 * Brings the runs that a crash of the agent left unfinished to their end: what was not taken is forgotten (its
 * task is still READY on the platform), what was running is lost, what had ended is settled as it ended.
 */
export async function recoverRuns(options: RecoverOptions): Promise<void> {
  const { services } = options;
  const unfinished = services.journal.runs.listUnfinished();
  if (unfinished.length === 0) return;
  const swept = await options.sweepLeftovers(unfinished.map((run) => run.id));
  services.log.warn('Runs of an earlier agent found unfinished', {
    runs: unfinished.length,
    processesEnded: swept,
  });
  await Promise.all(unfinished.map((run) => recover(run, options)));
}

async function recover(run: Run, { services, onChange }: RecoverOptions): Promise<void> {
  const taken = services.journal.decisions
    .list({ kind: 'run', id: run.id })
    .some((decision) => decision.decision === 'taken');
  if (!taken) {
    services.journal.runs.remove(run.id);
    return;
  }
  const active = activeRunOf(run, services, onChange);
  try {
    await settleRun(active, services, endOf(run), null);
  } catch (error) {
    services.log.error('Run of an earlier agent could not be settled', {
      runId: run.id,
      error: toAgentError(error).message,
    });
  }
}

/** A run that had its outcome keeps it; any other is lost. */
function endOf(run: Run): RunEnd {
  if (run.outcome !== null) {
    return { outcome: run.outcome, error: run.error, exitCode: run.exitCode, signal: run.signal };
  }
  return endOfError(
    new AgentError(
      'AGENT_CRASHED',
      `The agent on this host ended while the robot was ${run.state}; its result is unknown.`,
    ),
  );
}

function activeRunOf(run: Run, services: RunServices, onChange: (run: Run) => void): ActiveRun {
  const robot: CatalogueRobot = {
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
  };
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
      reclaim: true,
    },
    robot,
    journal: services.journal,
    now: services.now,
    onChange,
  });
  active.taken = true;
  return active;
}
