import { SILENT_MS } from './claim-standing.ts';
import { isOwnTake, type LogEntry, readAgentEntry, type TakeEntry } from './take-entry.ts';

/**
 * The host that took a task over from the take of this nonce; null: none did. A later take counts only if its host
 * may have won by it: what an agent wrote before it must be an end, long silent, or of that host itself.
 */
export function findSuccessor(logs: readonly LogEntry[], nonce: string): TakeEntry | null {
  const mine = logs.findLastIndex(({ message }) => isOwnTake(message, nonce));
  let before = null as { ended: boolean; atMs: number; installationId: string | null } | null;
  for (const { message, timestamp } of logs.slice(Math.max(mine, 0))) {
    const entry = readAgentEntry(message);
    if (entry === null) continue;
    const atMs = Date.parse(timestamp);
    const take = entry.kind === 'take' ? entry : null;
    if (take?.again && !isOwnTake(message, nonce)) {
      const isFree =
        before === null ||
        before.ended ||
        atMs - before.atMs >= SILENT_MS ||
        before.installationId === take.installationId;
      if (isFree) return take;
    }
    before = {
      ended: entry.kind === 'end',
      atMs,
      installationId: take?.installationId ?? before?.installationId ?? null,
    };
  }
  return null;
}
