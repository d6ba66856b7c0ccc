import { AgentError } from '../../shared/errors.ts';
import type { Run } from '../../shared/run.ts';
import type { Journal } from '../journal/open-journal.ts';
import { ownerOf, type SettleCalls } from './settle.ts';

export interface SettleKeptInput {
  taskId: string;
  action: 'complete' | 'hand-over';
  /** Email or principal id; needed to hand over. */
  to: string | null;
}

/**
 * Ends a task that a failed run kept: completes it, or hands it to a person.
 * @returns the task's latest run here, with what became of its task
 * @throws AgentError RUN_NOT_FOUND when no run of this host had the task; USAGE; what the platform answers
 */
export async function settleKept(
  input: SettleKeptInput,
  services: { calls: SettleCalls; journal: Journal; now: () => number },
): Promise<Run> {
  const { taskId, action } = input;
  const { calls, journal, now } = services;
  const run = journal.runs.listForTask(taskId).at(-1);
  if (!run) {
    throw new AgentError('RUN_NOT_FOUND', `No run of this host had the task ${taskId}.`, {
      hint: 'Give the id of a task that kubot runs lists.',
    });
  }
  if (run.state !== 'ended')
    throw new AgentError('CONFLICT', `Task ${taskId} runs here now; cancel its run first.`);
  if (action === 'complete') await calls.completeTask(taskId);
  else if (input.to === null)
    throw new AgentError('USAGE', 'Handing over needs an email address or a principal id.');
  else await calls.assignTask(taskId, ownerOf(input.to));
  const settled: Run = {
    ...run,
    settled: {
      at: new Date(now()).toISOString(),
      action: action === 'complete' ? 'completed' : 'handed-over',
    },
  };
  journal.runs.update(settled, null);
  journal.host.removeNextTry(taskId);
  return settled;
}
