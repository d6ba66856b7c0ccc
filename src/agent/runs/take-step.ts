import { AgentError } from '../../shared/errors.ts';
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
function standBack(active: ActiveRun, services: RunServices, { code, message, againInMs }: NotTaken): void {
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
