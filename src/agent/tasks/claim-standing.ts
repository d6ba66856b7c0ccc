import { markedRun } from '../logs/mark.ts';
import { REST_MS, type TaskView } from './election.ts';
import { SILENT_MS } from './give-up.ts';
import { readHolder } from './read-holder.ts';
import { readAgentEntry, type TakeEntry } from './take-entry.ts';

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
      /** True when the host may as well have been beaten: a minute later it is known. */
      isDoubtful: boolean;
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
  { logs, serverTimeMs }: Pick<TaskView, 'logs' | 'serverTimeMs'>,
  self: Self | null = null,
): ClaimStanding {
  const ownRuns = self?.runIds.map(markedRun) ?? [];
  const installationId = self?.installationId ?? null;
  const holder = readHolder(logs, { ownRuns, installationId, before: null });
  const newest = logs.findLast(({ message }) => readAgentEntry(message) !== null);
  if (holder === null || newest === undefined) return { kind: 'unmarked' };
  const lastEntryAtMs = Date.parse(newest.timestamp);
  const ageMs = (atMs: number) => (serverTimeMs === null ? 0 : serverTimeMs - atMs);
  const { run, told, doubtful } = holder;
  // Behind an end it has won if the task was READY again, and then its run begins within moments.
  if (told !== null && told !== 'mark' && doubtful !== null && ageMs(doubtful.atMs) < REST_MS) {
    const { take } = doubtful;
    const isOwn = take.installationId === installationId;
    return { kind: 'live', take, isOwn, isDoubtful: true, lastEntryAtMs };
  }
  const { take } = holder;
  const isOwn = take?.installationId === installationId || (run !== null && ownRuns.includes(run));
  const kind = told === 'end' ? 'ended' : ageMs(lastEntryAtMs) >= SILENT_MS ? 'silent' : 'live';
  return { kind, take, isOwn, isDoubtful: false, lastEntryAtMs };
}
