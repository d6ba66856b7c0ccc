import { isAgentError } from '../../shared/errors.ts';
import type { Task } from '../kuflow/task.ts';
import { REST_MS } from './election.ts';
import type { TakeEntry } from './take-entry.ts';

export interface NotTaken {
  taken: false;
  code: 'TAKEN_ELSEWHERE' | 'TASK_GONE';
  message: string;
  /** The task may be had after so long; null: nothing speaks for it. */
  againInMs: number | null;
}

export interface Taken {
  taken: true;
  task: Task;
  /** False when the entry "Taken by …" did not reach the task's log. */
  announced: boolean;
  nonce: string;
  /** The host that had a task which was CLAIMED already; null: nobody, or nobody knows. */
  from: string | null;
  /** When the answer that decided was asked for. */
  decidedAtMs: number;
}

export type TakeResult = Taken | NotTaken;

/** True for the error of a take that the agent's end cut off: the journalled intent tells the next start. */
export function isTakeOpen(error: unknown): boolean {
  return isAgentError(error) && error.details?.takeOpen === true;
}

export function elsewhere(message: string, againInMs: number | null = null): NotTaken {
  return { taken: false, code: 'TAKEN_ELSEWHERE', message, againInMs };
}

export function gone(message: string): NotTaken {
  return { taken: false, code: 'TASK_GONE', message, againInMs: null };
}

/** Another host was first. */
export function beatenBy(rival: TakeEntry | null, againInMs: number | null = REST_MS): NotTaken {
  return elsewhere(`${rival?.host ?? 'Another host'} was first to take the task.`, againInMs);
}
