import { isAgentError } from '../../shared/errors.ts';
import type { SettleAction } from '../../shared/run.ts';
import { isRefusal } from '../logs/append-entry.ts';
import type { SettleChoice } from './failure-policy.ts';

/** The calls that settling makes; src/agent/kuflow offers them. */
export interface SettleCalls {
  completeTask(taskId: string): Promise<unknown>;
  assignTask(taskId: string, owner: { ownerId: string } | { ownerEmail: string }): Promise<unknown>;
  retrieveTask(taskId: string): Promise<{ state: string }>;
}

export interface SettleResult {
  action: SettleAction;
  /** Why the platform did not let us do what was chosen. */
  refusal: string | null;
}

/**
 * Tells the platform how a run ended, after its whole log is there. Completing twice is harmless: a task that
 * is COMPLETED already counts as done.
 * @throws AgentError when the platform cannot be reached; the caller tries again.
 */
export async function settleTask(input: {
  calls: SettleCalls;
  taskId: string;
  choice: SettleChoice;
  handOverTo: string | null;
  completedByRobot: boolean;
}): Promise<SettleResult> {
  const { calls, taskId, choice } = input;
  switch (choice.action) {
    case 'completed':
      if (input.completedByRobot) return { action: 'completed', refusal: null };
      return await unlessRefused(
        choice.action,
        async () => {
          await calls.completeTask(taskId);
        },
        async () => (await calls.retrieveTask(taskId)).state === 'COMPLETED',
      );
    case 'handed-over': {
      const owner = ownerOf(input.handOverTo ?? '');
      return await unlessRefused(choice.action, async () => {
        await calls.assignTask(taskId, owner);
      });
    }
    case 'kept':
    case 'retry':
    case 'none':
      return { action: choice.action, refusal: null };
  }
}

/** An email address or a principal's id, as `assign` takes it. */
export function ownerOf(text: string): { ownerId: string } | { ownerEmail: string } {
  return text.includes('@') ? { ownerEmail: text } : { ownerId: text };
}

async function unlessRefused(
  action: SettleAction,
  call: () => Promise<void>,
  isDone: () => Promise<boolean> = async () => false,
): Promise<SettleResult> {
  try {
    await call();
    return { action, refusal: null };
  } catch (error) {
    if (!isAgentError(error) || !isRefusal(error)) throw error;
    // Of a task that is gone even the look is refused.
    const done = await isDone().catch((looking: unknown) => {
      if (isAgentError(looking) && isRefusal(looking)) return false;
      throw looking;
    });
    if (done) return { action, refusal: null };
    return { action: action === 'handed-over' ? 'kept' : 'none', refusal: error.message };
  }
}
