import { AgentError, toAgentError } from '../../shared/errors.ts';
import { isTakeOpen } from '../tasks/take-result.ts';
import type { ActiveRun } from './active-run.ts';
import { endOfError } from './outcome.ts';
import type { RunServices } from './run-services.ts';
import { resumeRunSession, type SettlingSession } from './run-session.ts';
import { settleRun } from './settle-run.ts';
import { takeStep } from './take-step.ts';
import { removeRun } from './untaken-run.ts';

/**
 * The run of a host that died, taken over: nothing is run, the task is settled as lost, and the failure policy says
 * what becomes of it. Never rejects; what fails before the take is found again at the next look.
 */
export async function lostRun(active: ActiveRun, services: RunServices): Promise<void> {
  try {
    const take = await takeStep(active, services);
    if (take === null) return;
    const end = endOfError(
      new AgentError(
        'AGENT_CRASHED',
        `${take.from ?? 'The host that had the task'} has told nothing of it for 30 minutes; what it did is not known.`,
      ),
    );
    await settleRun(active, services, end, openSession(active, services));
  } catch (thrown) {
    if (services.closing.aborted && (active.taken || isTakeOpen(thrown))) return;
    const { message } = toAgentError(thrown);
    const { taskId } = active.run;
    services.log[active.taken ? 'error' : 'debug']('Task could not be taken over', { taskId, message });
    if (!active.taken) removeRun(active, services);
  }
}

/** Null: its folder cannot be made; the task is told all the same. */
function openSession(active: ActiveRun, services: RunServices): SettlingSession | null {
  try {
    return resumeRunSession(active, services);
  } catch (thrown) {
    const { message } = toAgentError(thrown);
    services.log.error('Run log of a task taken over cannot be opened', { runId: active.id, error: message });
    return null;
  }
}
