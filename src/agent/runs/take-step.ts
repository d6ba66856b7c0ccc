import { AgentError, isAgentError } from '../../shared/errors.ts';
import { backoffMs } from '../kuflow/retry.ts';
import { resumeTake } from '../tasks/resume-take.ts';
import { takeTask } from '../tasks/take.ts';
import type { NotTaken } from '../tasks/take-result.ts';
import type { ActiveRun } from './active-run.ts';
import type { RunServices } from './run-services.ts';
import { endWithError, removeRun } from './untaken-run.ts';

/**
 * Makes the run's task ours.
 * @returns the host that had it before, where one had; null when it is another's, and the run is over
 * @throws AgentError as takeTask says
 */
export async function takeStep(
  active: ActiveRun,
  services: RunServices,
): Promise<{ from: string | null } | null> {
  const { taskId, attempt } = active.run;
  if (taskId === null) {
    services.decider.onRun(active.run, {
      decision: 'taken',
      code: 'STARTED_BY_HAND',
      message: 'Started by hand, without a task.',
    });
    active.becomeTaken();
    return { from: null };
  }
  const { journal, hostName, now } = services;
  const take = await takeTask({
    ...takeInput(services),
    taskId,
    runIds: journal.runs.listForTask(taskId).map(({ id }) => id),
    attempt,
    reclaim: active.request.reclaim,
    onIntent: (intent) => journal.runs.saveTake(active.id, intent),
    signal: active.signal,
  });
  if (!take.taken) {
    standBack(active, services, take);
    return null;
  }
  journal.host.removeNextTry(taskId);
  active.becomeTaken();
  if (take.announced) active.heardAtMs = now();
  const over = active.request.reclaim === 'take-over';
  services.decider.onRun(active.run, {
    decision: 'taken',
    code: over ? 'TAKEN_OVER' : 'TAKEN',
    message: over
      ? `Taken over by ${hostName} from ${take.from ?? 'another host'}, which fell silent.`
      : `Taken by ${hostName}, attempt ${attempt}.`,
  });
  return { from: take.from };
}

/** How often it is looked whether the platform has told who we are. */
const PRINCIPAL_LOOK_MS = 250;

/**
 * Finds out, however long the platform is away, what became of a take that an earlier agent did not see the end of.
 * @returns true when the task is ours; false when it is not, and the run is forgotten, or when this agent ends or
 *   drains first, and the run is left to the next start
 */
export async function resumeTakeStep(active: ActiveRun, services: RunServices): Promise<boolean> {
  const { journal, decider, hostName, closing } = services;
  const { taskId, attempt } = active.run;
  const intent = journal.runs.loadTake(active.id);
  if (taskId === null || intent === null) throw new Error('Only a take that was begun can be resumed');
  const isLeft = () => closing.aborted || active.abandoned;
  const pause = (milliseconds: number) =>
    takeInput(services).sleep(milliseconds, active.signal.aborted ? undefined : active.signal);
  while (services.principalId() === null && !isLeft()) await pause(PRINCIPAL_LOOK_MS);
  let whose: 'ours' | 'not-ours' | null = null;
  for (let failures = 0; whose === null && !isLeft(); failures++) {
    try {
      // Nobody else's signal: what may be ours is not left because the run was cancelled.
      whose = await resumeTake({ ...takeInput(services), taskId, attempt, signal: closing }, intent);
    } catch (error) {
      if (!isAgentError(error)) throw error;
      if (closing.aborted) break;
      services.log.warn('What became of a take is not known yet', {
        runId: active.id,
        error: error.message,
      });
      await pause(backoffMs(failures, services.random));
    }
  }
  if (whose === 'not-ours') removeRun(active, services);
  if (whose !== 'ours') return false;
  journal.host.removeNextTry(taskId);
  active.becomeTaken();
  decider.onRun(active.run, {
    decision: 'taken',
    code: 'TAKEN',
    message: `Taken by ${hostName}, attempt ${attempt}, just before its agent ended.`,
  });
  return true;
}

/** What this host brings to every take. */
export function takeInput(services: Omit<RunServices, 'leave'>) {
  const { client, hostName, installationId, takes, closing, sleep, random, now } = services;
  return {
    client,
    principalId: services.principalId(),
    hostName,
    installationId,
    memory: takes,
    closing,
    // Both only end the wait: the take looks at its signals itself.
    sleep: (milliseconds: number, signal?: AbortSignal) => sleep(milliseconds, signal).catch(() => {}),
    random,
    now,
  };
}

/** The task is another's, or over. Whoever started the run by hand waits for it; any other run is forgotten. */
export function standBack(
  active: ActiveRun,
  services: RunServices,
  { code, message, againInMs }: NotTaken,
): void {
  const { journal, takes, decider, now } = services;
  const { taskId } = active.run;
  if (taskId === null) return;
  const next = journal.host.findNextTry(taskId);
  if (next && againInMs !== null && active.request.reclaim === 'retry')
    journal.host.saveNextTry({ ...next, dueAtMs: now() + againInMs });
  else journal.host.removeNextTry(taskId);
  if (againInMs !== null) takes.rest(taskId, againInMs);
  services.postponed.delete(taskId);
  decider.onTask(taskId, { decision: 'skipped', code, message });
  if (active.request.source === 'manual') endWithError(active, services, new AgentError('CONFLICT', message));
  else removeRun(active, services);
}
