import { randomBytes } from 'node:crypto';
import { AgentError, isAgentError } from '../../shared/errors.ts';
import type { KuFlowClient } from '../kuflow/create-client.ts';
import { backoffMs, isOutcomeUnknown, type Sleep, sleepFor } from '../kuflow/retry.ts';
import type { Task } from '../kuflow/task.ts';

export interface TakeInput {
  client: Pick<KuFlowClient, 'retrieveTask' | 'claimTask' | 'appendLog'>;
  taskId: string;
  /** Our principal; null until the platform told it. */
  principalId: string | null;
  hostName: string;
  installationId: string;
  /** Accepts a task that we hold already: a retry, `start --task`. */
  reclaim: boolean;
  /** Ends waiting. A claim that is on its way is followed to its end, and once it succeeded the task is taken. */
  signal: AbortSignal;
  sleep?: Sleep;
  random?: () => number;
  /** Distinguishes this take from others of this host. */
  nonce?: string;
}

export type TakeResult =
  | {
      taken: true;
      task: Task;
      /** False when the entry "Taken by …" did not reach the task's log. */
      announced: boolean;
    }
  | { taken: false; code: 'TAKEN_ELSEWHERE' | 'TASK_GONE'; message: string };

/** Claims whose outcome stays open are looked up; so often is the claim itself made again. */
const MOST_CLAIMS = 3;
const MOST_ANNOUNCEMENTS = 3;

/**
 * Makes a task ours by claiming it: only READY tasks, and those that we hold already where `reclaim` says so.
 * @throws AgentError when the platform cannot be asked before anything was claimed, or refuses the claim of a
 *   task that is READY all the same; INTERRUPTED when `signal` aborts
 */
export async function takeTask(input: TakeInput): Promise<TakeResult> {
  const before = await look(input, { signal: input.signal });
  if ('taken' in before) return before;
  const refusal = refusalOf(before, input, input.reclaim);
  if (refusal) return refusal;
  const claimed = before.state === 'CLAIMED' ? before : await claim(input);
  if ('taken' in claimed) return claimed;
  return await announce(input, claimed);
}

/** The task as it is, or why it is not to be had. */
async function look(input: TakeInput, options: { signal?: AbortSignal }): Promise<Task | TakeResult> {
  try {
    return await input.client.retrieveTask(input.taskId, options);
  } catch (error) {
    if (!isAgentError(error) || error.code !== 'PLATFORM_REFUSED') throw error;
    return {
      taken: false,
      code: 'TASK_GONE',
      message: `The platform does not show the task to us any more. ${error.message}`,
    };
  }
}

/** Why a task in this state is not for us; null: it is. */
function refusalOf(
  task: Task,
  input: TakeInput,
  acceptOurs: boolean,
): (TakeResult & { taken: false }) | null {
  switch (task.state) {
    case 'READY':
      return null;
    case 'CLAIMED':
      if (!isOurs(task, input))
        return elsewhere(`The task is CLAIMED by ${task.ownerId ?? 'somebody else'}.`);
      if (acceptOurs) return null;
      return elsewhere(
        'The task is CLAIMED with our credentials already: by another host that shares them, or by an earlier run.',
      );
    case 'COMPLETED':
    case 'CANCELLED':
      return { taken: false, code: 'TASK_GONE', message: `The task is ${task.state} by now.` };
  }
}

/** Claims, and follows a claim whose answer was lost until it is known what became of it. */
async function claim(input: TakeInput): Promise<Task | TakeResult> {
  const { client, taskId, signal, sleep = sleepFor, random = Math.random } = input;
  for (let claims = 1; ; claims++) {
    if (signal.aborted)
      throw new AgentError('INTERRUPTED', 'Taking the task was ended before it was claimed.');
    try {
      const task = await client.claimTask(taskId);
      // An answer without an owner, or before we know who we are, is believed: it says 200.
      if (task.ownerId === null || input.principalId === null || isOurs(task, input)) return task;
      return elsewhere(`The claim was answered with another owner, ${task.ownerId}.`);
    } catch (error) {
      const unknown = isOutcomeUnknown(error);
      const now = unknown ? await lookUntilKnown(input) : await look(input, {});
      if ('taken' in now) return now;
      // Refused, yet READY: something else is wrong, which the platform's answer says.
      if (now.state === 'READY' && (!unknown || claims >= MOST_CLAIMS)) throw error;
      // Without knowing who we are only the claim's own answer can tell whether it is ours.
      const mayBeOurs = unknown && input.principalId === null && now.state === 'CLAIMED';
      if (now.state === 'READY' || (mayBeOurs && claims < MOST_CLAIMS)) {
        await sleep(backoffMs(claims - 1, random), signal);
        continue;
      }
      const refusal = refusalOf(now, input, unknown);
      if (refusal) return refusal;
      return now;
    }
  }
}

/**
 * The task after a claim that may have succeeded. To leave now could leave a task claimed by nobody who runs it,
 * so this goes on without network, however long, until the platform answers or the agent ends.
 */
async function lookUntilKnown(input: TakeInput): Promise<Task | TakeResult> {
  const { sleep = sleepFor, random = Math.random, signal } = input;
  for (let tries = 0; ; tries++) {
    try {
      return await look(input, {});
    } catch (error) {
      if (signal.aborted) throw error;
      await sleep(backoffMs(tries, random), signal);
    }
  }
}

/** Tells the task's reader who has it. The task is ours by now, whatever becomes of this. */
async function announce(input: TakeInput, claimed: Task): Promise<TakeResult> {
  const { client, taskId, hostName, installationId, signal } = input;
  const nonce = input.nonce ?? randomBytes(4).toString('hex');
  const message = `Taken by ${hostName} [take ${installationId} ${nonce}]`;
  let task = claimed;
  for (let tries = 0; tries < MOST_ANNOUNCEMENTS && !signal.aborted; tries++) {
    try {
      task = await client.appendLog(taskId, { message, level: 'INFO' }, { signal });
      return { taken: true, task, announced: true };
    } catch (error) {
      if (!isOutcomeUnknown(error)) break;
      const now = await look(input, { signal }).catch(() => null);
      if (now === null || 'taken' in now) break;
      task = now;
      if (now.logs.some((entry) => entry.message.includes(nonce)))
        return { taken: true, task, announced: true };
    }
  }
  return { taken: true, task, announced: false };
}

function isOurs(task: Task, input: TakeInput): boolean {
  return task.ownerId !== null && task.ownerId === input.principalId;
}

function elsewhere(message: string): TakeResult & { taken: false } {
  return { taken: false, code: 'TAKEN_ELSEWHERE', message };
}
