import { markedRun } from '../logs/mark.ts';
import { readHolder } from './read-holder.ts';
import { isOfTake, isOwnTake, type LogEntry, readTake, type TakeEntry } from './take-entry.ts';

/**
 * The host that took a task over from the take of this nonce, which had won; null: none did.
 * @param runId of the run that the take began; null: it has told nothing yet
 */
export function findSuccessor(
  logs: readonly LogEntry[],
  nonce: string,
  runId: string | null,
): TakeEntry | null {
  const mine = logs.findLastIndex(({ message }) => isOwnTake(message, nonce));
  const entry = logs[mine];
  const holder = readHolder(logs.slice(mine + 1), {
    ownRuns: [],
    installationId: null,
    before: {
      take: entry ? readTake(entry.message) : null,
      run: runId === null ? null : markedRun(runId),
      atMs: entry ? Date.parse(entry.timestamp) : Number.NEGATIVE_INFINITY,
    },
  });
  return holder?.take && !isOfTake(holder.take, nonce) ? holder.take : null;
}
