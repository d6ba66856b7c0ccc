import { markedRun } from '../logs/mark.ts';
import type { TaskView } from './election.ts';
import { SILENT_MS } from './give-up.ts';
import { readHolder } from './read-holder.ts';
import { readAgentEntry, type TakeEntry, tagOf } from './take-entry.ts';

/**
 * Who answers for a task that is CLAIMED by our principal, as its log tells. `unmarked`: no agent ever wrote there, or
 * its entries were dropped. `ended`: its run told its end, so the task was kept on purpose.
 */
export type ClaimStanding =
  | { kind: 'unmarked' }
  | {
      kind: 'live' | 'silent' | 'ended';
      /** By which its host has it; null where it was dropped. */
      take: TakeEntry | null;
      /** True when that host is this one. */
      isOwn: boolean;
      /** When the newest entry of an agent was written, by the platform's clock. */
      lastEntryAtMs: number;
    };

/** What this host knows of itself. */
export interface Self {
  installationId: string;
  /** Ids of the runs of the task that it had. */
  runIds: readonly string[];
}

/** Without the platform's clock whoever has not ended counts as live. */
export function claimStandingOf(
  { logs, ownerId, serverTimeMs }: Pick<TaskView, 'logs' | 'ownerId' | 'serverTimeMs'>,
  self: Self | null = null,
): ClaimStanding {
  const ownRuns = self?.runIds.map(markedRun) ?? [];
  const installationId = self?.installationId ?? null;
  const principal = ownerId === null ? null : tagOf(ownerId);
  const holder = readHolder(logs, { installationId, ownRuns, principal });
  const newest = logs.findLast(({ message }) => readAgentEntry(message) !== null);
  if (newest === undefined) return { kind: 'unmarked' };
  const lastEntryAtMs = Date.parse(newest.timestamp);
  const { take, run, told } = holder ?? { take: null, run: null, told: null };
  const isOwn = take?.installationId === installationId || (run !== null && ownRuns.includes(run));
  const silentMs = serverTimeMs === null ? 0 : serverTimeMs - lastEntryAtMs;
  const kind = told === 'end' ? 'ended' : silentMs >= SILENT_MS ? 'silent' : 'live';
  return { kind, take, isOwn, lastEntryAtMs };
}
