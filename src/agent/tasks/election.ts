import { createHash } from 'node:crypto';
import type { TaskState } from '../kuflow/task.ts';
import { isOwnTake, type LogEntry, readAgentEntry, readTake, type TakeEntry } from './take-entry.ts';

// The rules by which hosts that share a credential agree on one of them; docs/adr/0006 says why they hold.

/** A take younger than this keeps every other host from the task. */
export const REST_MS = 60_000;
/**
 * Who appended claims within this time, or not at all; and a rival's take counts as a winner's when it is newer by
 * this much. A rival that saw the take waited REST_MS, so half of it is left for clocks that disagree.
 */
export const LEASE_MS = 30_000;
/** Hosts that start together spread over this time. */
const SPREAD_MS = 300;

/** A task as any answer has it. */
export interface TaskView {
  state: TaskState;
  ownerId: string | null;
  logs: readonly LogEntry[];
  /** The platform's clock; null where it told none. */
  serverTimeMs: number | null;
}

/** This host's share of the wait before a take, 0 to 300 ms: another order of the hosts for each task. */
export function rendezvousShareMs(taskId: string, installationId: string): number {
  const hash = createHash('sha256').update(`${taskId} ${installationId}`).digest().readUInt32BE(0);
  return Math.floor((hash / 2 ** 32) * SPREAD_MS);
}

/**
 * The youngest take that still rests, and how much longer; those that are over do not. Without the platform's clock every take
 * does: ours may be off by more than the rest.
 */
export function findResting(
  { logs, serverTimeMs }: TaskView,
  isOver: (take: TakeEntry) => boolean,
): { take: TakeEntry; leftMs: number } | null {
  for (const entry of logs.toReversed()) {
    const take = readTake(entry.message);
    if (take === null || isOver(take)) continue;
    const leftMs = serverTimeMs === null ? REST_MS : REST_MS - (serverTimeMs - Date.parse(entry.timestamp));
    return leftMs > 0 ? { take, leftMs } : null;
  }
  return null;
}

export interface PlaceInput {
  /** Id of the last entry before the append; null: the log was empty. */
  afterId: string | null;
  logs: readonly LogEntry[];
  /** Where in `logs` our entry is. */
  at: number;
  nonce: string;
  /** The platform is known to keep at least so many entries a task. */
  keeps: number;
  rivals: Rivals;
}

/**
 * Whose entries in between decide: all takes of other hosts, only those of hosts that had claimed, or whatever an
 * agent wrote.
 */
export type Rivals = 'takes' | 'claimers' | 'agents';

/**
 * Whether our entry was the first after the snapshot. `unclear`: what came between may have been dropped, for the
 * platform keeps a bounded number and drops the oldest.
 */
export function placeOf(input: PlaceInput): 'first' | 'beaten' | 'unclear' {
  const { afterId, logs, at, nonce, keeps, rivals } = input;
  if (findRival(afterId, logs.slice(0, at), { nonce, rivals })) return 'beaten';
  return isWholeSince(afterId, logs, keeps) ? 'first' : 'unclear';
}

/** The first entry of a rival's since `afterId`. */
export function findRival(
  afterId: string | null,
  logs: readonly LogEntry[],
  { nonce, rivals }: { nonce: string; rivals: Rivals },
): LogEntry | undefined {
  const since = logs.slice(logs.findIndex(({ id }) => id === afterId) + 1);
  return since.find(({ message }) => isRival(message, rivals) && !isOwnTake(message, nonce));
}

/** Whether everything that was appended since the entry `afterId` is there; null: since the log was empty. */
export function isWholeSince(afterId: string | null, logs: readonly LogEntry[], keeps: number): boolean {
  return afterId === null ? logs.length < keeps : logs.some(({ id }) => id === afterId);
}

function isRival(message: string, rivals: Rivals): boolean {
  const entry = readAgentEntry(message);
  if (entry === null || rivals === 'agents') return entry !== null;
  return entry.kind === 'take' && (rivals === 'takes' || entry.claimed || entry.again);
}

/** Whether our take stands after the claim: it is there, and no rival's that can have won is newer. */
export function standingOf(
  logs: readonly LogEntry[],
  mine: { id: string; nonce: string },
): { stands: true } | { stands: false; rival: TakeEntry | null } {
  const at = logs.findIndex(({ id }) => id === mine.id);
  const entry = logs[at];
  if (entry === undefined) return { stands: false, rival: null };
  const winnersFromMs = Date.parse(entry.timestamp) + LEASE_MS;
  for (const { message, timestamp } of logs.slice(at + 1)) {
    const rival = readTake(message);
    if (rival === null || isOwnTake(message, mine.nonce)) continue;
    if (Date.parse(timestamp) >= winnersFromMs) return { stands: false, rival };
  }
  return { stands: true };
}
