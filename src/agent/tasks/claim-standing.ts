import type { TaskView } from './election.ts';
import { readAgentEntry, type TakeEntry } from './take-entry.ts';

/** A live run appends an entry at least every ten minutes; one that was silent for so long is nobody's any more. */
export const SILENT_MS = 30 * 60_000;

/**
 * Who answers for a task that is CLAIMED by our principal, as its log tells. `unmarked`: no agent ever wrote there, or
 * its entries were dropped. `ended`: its run told its end, so the task was kept on purpose.
 */
export type ClaimStanding =
  | { kind: 'unmarked' }
  | {
      kind: 'live' | 'silent' | 'ended';
      /** The newest take; null where it was dropped. */
      take: TakeEntry | null;
      /** When the newest entry of an agent was written, by the platform's clock. */
      lastEntryAtMs: number;
    };

/** Without the platform's clock whoever has not ended counts as live. */
export function claimStandingOf({
  logs,
  serverTimeMs,
}: Pick<TaskView, 'logs' | 'serverTimeMs'>): ClaimStanding {
  let take: TakeEntry | null = null;
  let newest: { kind: 'take' | 'mark' | 'end'; atMs: number } | null = null;
  for (const { message, timestamp } of logs.toReversed()) {
    const entry = readAgentEntry(message);
    if (entry === null) continue;
    newest ??= { kind: entry.kind, atMs: Date.parse(timestamp) };
    if (entry.kind !== 'take') continue;
    take = entry;
    break;
  }
  if (newest === null) return { kind: 'unmarked' };
  const silentMs = serverTimeMs === null ? 0 : serverTimeMs - newest.atMs;
  const kind = newest.kind === 'end' ? 'ended' : silentMs >= SILENT_MS ? 'silent' : 'live';
  return { kind, take, lastEntryAtMs: newest.atMs };
}
