import { hasWon } from './election.ts';
import { isOwnTake, type LogEntry, readTake, type TakeEntry } from './take-entry.ts';

/** The host that took a task over from the take of this nonce, which had won; null: none did. */
export function findSuccessor(logs: readonly LogEntry[], nonce: string): TakeEntry | null {
  const mine = logs.findLastIndex(({ message }) => isOwnTake(message, nonce));
  let successor: TakeEntry | null = null;
  for (const [at, { message }] of logs.entries()) {
    const take = at > mine ? readTake(message) : null;
    // From our claim on the task is not READY, so who wanted it as one that is has lost.
    if (take?.again && take.nonce !== nonce && hasWon(take, logs, at)) successor = take;
  }
  return successor;
}
