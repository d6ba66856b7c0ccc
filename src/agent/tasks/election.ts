import { createHash } from 'node:crypto';
import type { TaskState } from '../kuflow/task.ts';
import { type LogEntry, readAgentEntry, readTake, type TakeEntry, tagOf } from './take-entry.ts';

// The rules by which hosts that share a credential agree on one of them; docs/adr/0006 says why they hold.

/** A take younger than this keeps every other host from the task. */
export const REST_MS = 60_000;
/** Who appended claims within this time, or not at all: others that saw its take wait twice as long. */
export const LEASE_MS = 30_000;
/** A log whose oldest entry is younger than this, and that may have dropped others, may hide a take. */
export const YOUNG_MS = 4000;
/**
 * Who is known to have claimed so soon after its take has the task, though its entry is dropped: others that looked in
 * between saw a young log. Half of YOUNG_MS is left for clocks that disagree.
 */
export const FRESH_MS = 2000;
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

/** Whether a take may be hidden that was dropped just now. */
export function mayHideTake({ logs, serverTimeMs }: TaskView, keeps: number): boolean {
  const [oldest] = logs;
  if (oldest === undefined || isWholeSince(null, logs, keeps)) return false;
  return serverTimeMs === null || serverTimeMs - Date.parse(oldest.timestamp) < YOUNG_MS;
}

/** The host in whose eyes others are rivals: by its take, and of which principal it is (`tagOf`), where known. */
export interface Contender {
  nonce: string;
  principal: string | null;
}

/**
 * Whose entries in between decide. `takes`: all takes of other hosts, on a READY task. On one that is CLAIMED by our
 * principal hosts of another have lost; `claimers`: takes of hosts that had claimed, and runs that tell of themselves;
 * `agents`: whatever an agent wrote.
 */
export type Rivals = 'takes' | 'claimers' | 'agents';

export interface PlaceInput {
  /** Id of the last entry before the append; null: the log was empty. */
  afterId: string | null;
  logs: readonly LogEntry[];
  /** Where in `logs` our entry is. */
  at: number;
  me: Contender;
  /** The platform is known to keep at least so many entries a task. */
  keeps: number;
  rivals: Rivals;
}

/**
 * Whether our entry was the first after the snapshot. `unclear`: what came between may have been dropped, for the
 * platform keeps a bounded number and drops the oldest.
 */
export function placeOf(input: PlaceInput): 'first' | 'beaten' | 'unclear' {
  const { afterId, logs, at, me, keeps, rivals } = input;
  if (findRival(afterId, logs.slice(0, at), me, rivals)) return 'beaten';
  return isWholeSince(afterId, logs, keeps) ? 'first' : 'unclear';
}

/** The first entry of a rival's since `afterId`. */
export function findRival(
  afterId: string | null,
  logs: readonly LogEntry[],
  me: Contender,
  rivals: Rivals,
): LogEntry | undefined {
  const since = logs.slice(logs.findIndex(({ id }) => id === afterId) + 1);
  return since.find(({ message }) => isRival(message, me, rivals));
}

/** Whether everything that was appended since the entry `afterId` is there; null: since the log was empty. */
export function isWholeSince(afterId: string | null, logs: readonly LogEntry[], keeps: number): boolean {
  return afterId === null ? logs.length < keeps : logs.some(({ id }) => id === afterId);
}

function isRival(message: string, me: Contender, rivals: Rivals): boolean {
  const entry = readAgentEntry(message);
  if (entry?.kind !== 'take') return entry !== null && rivals !== 'takes';
  if (entry.nonce === me.nonce) return false;
  if (rivals === 'takes') return true;
  return !isForeign(entry, me.principal) && (rivals === 'agents' || entry.claimed || entry.again);
}

/** True for a take of another principal's host. */
function isForeign(take: TakeEntry, principal: string | null): boolean {
  return take.principal !== null && principal !== null && take.principal !== principal;
}

/** Whether our take stands after the claim: it is there, and no rival's that can have won came behind it. */
export function standingOf(
  logs: readonly LogEntry[],
  entryId: string,
  me: Contender,
): { stands: true } | { stands: false; rival: TakeEntry | null } {
  const mine = logs.findIndex(({ id }) => id === entryId);
  if (mine === -1) return { stands: false, rival: null };
  for (const [at, { message }] of logs.entries()) {
    const rival = at > mine ? readTake(message) : null;
    if (rival === null || rival.nonce === me.nonce || isForeign(rival, me.principal)) continue;
    // Whose host had not seen our take was beaten by it.
    if (rival.claimed || seenBy(rival, logs, at) >= mine) return { stands: false, rival };
  }
  return { stands: true };
}

/**
 * Whether the host of a take won by it, as far as the log tells: no rival wrote between what it had seen and the take.
 * @param at where in `logs` the take is
 */
export function hasWon(take: TakeEntry, logs: readonly LogEntry[], at: number): boolean {
  const rivals = take.again ? 'agents' : take.claimed ? 'claimers' : 'takes';
  const between = logs.slice(seenBy(take, logs, at) + 1, at);
  return !between.some(({ message }) => isRival(message, take, rivals));
}

/** Where the entry is that a take's host had seen last; -1: it saw none of those that are left. */
function seenBy({ after }: TakeEntry, logs: readonly LogEntry[], at: number): number {
  return after === null ? -1 : logs.slice(0, at).findLastIndex(({ id }) => tagOf(id) === after);
}
