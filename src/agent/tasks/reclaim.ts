import { assertNever } from '../../shared/errors.ts';
import { describeDuration } from '../runs/outcome.ts';
import { type ClaimStanding, claimStandingOf } from './claim-standing.ts';
import { REST_MS } from './election.ts';
import { lastId, type Reclaim, type Sight, type TakeAttempt } from './take-attempt.ts';
import { beatenBy, elsewhere, type NotTaken, type TakeResult } from './take-result.ts';

/** Appends of one take whose answers were lost. */
const MOST_APPENDS = 3;

/**
 * Takes a task that is CLAIMED by our principal: by its log alone, for there is nothing left to claim. Ours if no
 * agent wrote anything between the look and our entry.
 */
export async function takeClaimed(
  attempt: TakeAttempt,
  before: Sight,
  reclaim: Reclaim,
): Promise<TakeResult> {
  const { onIntent, signal, installationId, runIds = [] } = attempt.input;
  const standing = claimStandingOf(before.task, { installationId, runIds });
  const reason = reasonAgainst(standing, reclaim, before.task);
  if (reason !== null) return elsewhere(reason);
  const afterId = lastId(before);
  const { take, isOwn } = standing.kind === 'unmarked' ? { take: null, isOwn: false } : standing;
  const how = isOwn ? 'again' : 'over';
  onIntent({ nonce: attempt.nonce, step: 'reclaim', entryId: afterId });
  for (let appends = 1; ; appends++) {
    attempt.throwIfAborted();
    const appended = await attempt.append(how, afterId, () => attempt.look({ signal }));
    if ('taken' in appended) return appended;
    if (appended.kind === 'refused') {
      // There is nothing to elect by. What this host or a person holds to be ours goes on; nothing else does.
      if (reclaim !== 'retry' && reclaim !== 'by-hand') throw appended.error;
      return attempt.won(before, { announced: false, from: take?.host ?? null });
    }
    const { sight } = appended;
    if (!isStillOurs(attempt, sight)) return elsewhere(`The task is ${sight.task.state} by now.`);
    if (appended.kind === 'there') {
      const result = judgeReclaim(attempt, afterId, appended);
      if (result.taken) return { ...result, from: take?.host ?? null };
      // What came between need not be a successor's: another look tells.
      return reclaim === 'retry' ? { ...result, againInMs: REST_MS } : result;
    }
    if (appended.error === null) return unclear();
    if (appends >= MOST_APPENDS) throw appended.error;
  }
}

/** Whether our entry makes the task ours. */
export function judgeReclaim(
  attempt: TakeAttempt,
  afterId: string | null,
  appended: { sight: Sight; at: number },
): TakeResult {
  const place = attempt.placeOf(afterId, appended, 'agents');
  if (place === 'first') return attempt.won(appended.sight);
  return place === 'beaten' ? beatenBy(null, null) : unclear();
}

/** Why a task that is CLAIMED by our principal is not to be taken for this reason; null: it may. */
export function reasonAgainst(
  standing: ClaimStanding,
  reclaim: Reclaim,
  { serverTimeMs }: { serverTimeMs: number | null },
): string | null {
  if (standing.kind === 'unmarked') {
    return reclaim === 'take-over'
      ? 'No host ever said that it took the task; it is left to a person.'
      : null;
  }
  const { take, isOwn } = standing;
  const owner = take?.host ?? 'Another host';
  const live = `${owner} has the task${sinceWhen(standing.lastEntryAtMs, serverTimeMs)}.`;
  switch (reclaim) {
    case 'retry':
      return take === null || isOwn ? null : `${owner} took the task over meanwhile.`;
    case 'by-hand':
      return standing.kind === 'live' && !isOwn ? live : null;
    case 'take-over':
      if (standing.kind === 'silent') return null;
      return standing.kind === 'ended' ? `${owner} ended its run and kept the task.` : live;
    case 'assigned':
      return `${owner} took the task already.`;
    default:
      return assertNever(reclaim);
  }
}

function sinceWhen(lastEntryAtMs: number, serverTimeMs: number | null): string {
  if (serverTimeMs === null) return '';
  return `: its last log entry is ${describeDuration(Math.max(0, serverTimeMs - lastEntryAtMs))} old`;
}

function isStillOurs(attempt: TakeAttempt, { task }: Sight): boolean {
  return task.state === 'CLAIMED' && attempt.isOurs(task);
}

function unclear(): NotTaken {
  return elsewhere('The log of the task changes too quickly to see who is first.', REST_MS);
}
