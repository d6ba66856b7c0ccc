import { findResting, LEASE_MS, REST_MS, type Rivals, rendezvousShareMs, standingOf } from './election.ts';
import { takeClaimed } from './reclaim.ts';
import {
  type Appended,
  type Claimed,
  lastId,
  type Sight,
  TakeAttempt,
  type TakeInput,
} from './take-attempt.ts';
import { readTake } from './take-entry.ts';
import { beatenBy, elsewhere, gone, type NotTaken, type TakeResult } from './take-result.ts';

/** Appends of one take, when others wrote in between or an answer was lost. */
const MOST_APPENDS = 3;

/**
 * Makes a task ours, and only ours, also among hosts that share our credentials: look → append → claim → judge. The
 * log is the referee (docs/adr/0006). Tasks that are CLAIMED by us already only where `reclaim` says so.
 * @throws AgentError when the platform cannot be asked before anything was claimed, or refuses the claim of a
 *   task that is READY all the same; INTERRUPTED when `signal` aborts before the claim, or (isTakeOpen) when
 *   `closing` aborts while it is not known whether a claim succeeded
 */
export async function takeTask(input: TakeInput): Promise<TakeResult> {
  const attempt = new TakeAttempt(input);
  const { memory, taskId } = input;
  let taken = false;
  try {
    const first = await take(attempt);
    const result = first.taken ? await attempt.confirm(first) : first;
    taken = result.taken;
    if (!result.taken && result.code === 'TAKEN_ELSEWHERE') memory.noteRival();
    return result;
  } finally {
    if (!taken) memory.noteOver(taskId, attempt.nonce);
  }
}

async function take(attempt: TakeAttempt): Promise<TakeResult> {
  const { memory, taskId, installationId, signal, reclaim } = attempt.input;
  if (memory.hasRivals) await attempt.pause(rendezvousShareMs(taskId, installationId));
  attempt.throwIfAborted();
  const sight = await attempt.look({ signal });
  if ('taken' in sight) return sight;
  const { task } = sight;
  if (task.state === 'CLAIMED' && reclaim !== null && attempt.isOurs(task))
    return await takeClaimed(attempt, sight, reclaim);
  return await takeReady(attempt, sight);
}

async function takeReady(attempt: TakeAttempt, first: Sight): Promise<TakeResult> {
  const { memory, onIntent, signal } = attempt.input;
  const look = () => attempt.look({ signal });
  let sight = first;
  for (let appends = 1; ; appends++) {
    const refusal = refusalOf(attempt, sight);
    if (refusal) return refusal;
    attempt.throwIfAborted();
    // A take on a READY task proves that the platform takes entries on READY tasks, whatever it did before.
    if (memory.claimsFirst && !sight.task.logs.some(({ message }) => readTake(message)))
      return await claimFirst(attempt, sight, 'takes');
    if (appends === 1) onIntent({ nonce: attempt.nonce, step: 'append', entryId: lastId(sight) });
    const appended = await attempt.append('first', lastId(sight), look);
    if ('taken' in appended) return appended;
    if (appended.kind === 'refused') {
      const now = await look();
      if ('taken' in now) return now;
      if (now.task.state !== 'READY') return refusalOf(attempt, now) ?? beatenBy(null);
      memory.noteReady('refused');
      return await claimFirst(attempt, now, 'claimers');
    }
    const place = appended.kind === 'there' ? attempt.placeOf(lastId(sight), appended, 'takes') : 'unclear';
    if (appended.sight.task.state !== 'READY') return refusalOf(attempt, appended.sight) ?? beatenBy(null);
    memory.noteReady('accepted');
    if (appended.kind === 'there' && place === 'first') return await claimAfter(attempt, appended);
    if (place === 'beaten')
      return beatenBy(findResting(appended.sight.task, (take) => attempt.isOver(take))?.take ?? null);
    if (appends >= MOST_APPENDS) {
      if (appended.kind === 'absent' && appended.error) throw appended.error;
      return elsewhere('The log of the task changed too quickly to see who was first.', REST_MS);
    }
    sight = appended.sight;
  }
}

/** Our entry was first: the task is claimed, and the log read as of the claim, or later. */
async function claimAfter(
  attempt: TakeAttempt,
  appended: Extract<Appended, { kind: 'there' }>,
): Promise<TakeResult> {
  attempt.throwIfAborted();
  const inTime = () => attempt.now() - appended.sight.askedAtMs <= LEASE_MS;
  if (!inTime()) return elsewhere('This host was too slow: others may have taken the task since.', REST_MS);
  attempt.input.onIntent({ nonce: attempt.nonce, step: 'claim', entryId: appended.id });
  const claimed = await attempt.claim(inTime);
  if ('taken' in claimed) return claimed;
  // An answer without our entry need not be the whole log; one from the platform's own look is.
  const shows = claimed.sight.task.logs.some(({ id }) => id === appended.id);
  const sight = claimed.how === 'answered' && !shows ? await attempt.lookUntilKnown() : claimed.sight;
  return 'taken' in sight ? sight : judgeClaim(attempt, { ...claimed, sight }, appended.id);
}

/** Whether a task that was claimed after our entry is this host's to run. */
export function judgeClaim(attempt: TakeAttempt, { sight, how }: Claimed, entryId: string): TakeResult {
  const refusal = refusalUnlessOurs(attempt, { sight, how });
  if (refusal) return refusal;
  const { task } = sight;
  const standing = standingOf(task.logs, { id: entryId, nonce: attempt.nonce });
  if (standing.stands) return attempt.won(sight);
  if (standing.rival) return beatenBy(standing.rival, null);
  return elsewhere(PUSHED_OUT);
}

const PUSHED_OUT =
  'The task is claimed with our credentials, but its log lost the entry that says by which host. If no host runs it, kubot runs --orphans lists it.';

/**
 * For a platform that refuses entries on READY tasks: who claimed elects in the log of the CLAIMED task.
 * @param rivals whose entries since then speak against us: `claimers` when ours was just refused, so that a take of
 *   somebody else's can only have come after a claim
 */
async function claimFirst(attempt: TakeAttempt, before: Sight, rivals: Rivals): Promise<TakeResult> {
  const afterId = lastId(before);
  const refusal = refusalOf(attempt, before);
  if (refusal) return refusal;
  attempt.throwIfAborted();
  attempt.input.onIntent({ nonce: attempt.nonce, step: 'claim-first', entryId: afterId });
  const claimed = await attempt.claim(() => true);
  if ('taken' in claimed) return claimed;
  if (claimed.how === 'refused') return refusalOf(attempt, claimed.sight) ?? beatenBy(null);
  return await electClaimed(attempt, claimed, { afterId, rivals });
}

/**
 * Elects among hosts that may all have claimed: whose take is the first of those after their claims.
 * @param ready the log's last entry when the task was READY, and whose entries since then speak against us
 */
export async function electClaimed(
  attempt: TakeAttempt,
  claimed: Claimed,
  ready: { afterId: string | null; rivals: Rivals },
): Promise<TakeResult> {
  const { how } = claimed;
  const hidden = how === 'answered' && !claimed.sight.task.showsLog;
  const sight = hidden ? await attempt.lookUntilKnown() : claimed.sight;
  if ('taken' in sight) return sight;
  const refusal = refusalUnlessOurs(attempt, { sight, how });
  if (refusal) return refusal;
  // Whoever wrote before our claim was known may have won while the task was READY, or have claimed first.
  const rival = attempt.findRival(ready.afterId, sight, ready.rivals);
  if (rival) return beatenBy(rival, null);
  if (!attempt.isWholeSince(ready.afterId, sight)) return elsewhere(PUSHED_OUT);
  const fromId = lastId(sight);
  attempt.input.onIntent({ nonce: attempt.nonce, step: 'elect', entryId: fromId });
  return await electFrom(attempt, claimed, fromId);
}

/** @param fromId the log's last entry when our claim was known */
export async function electFrom(
  attempt: TakeAttempt,
  claimed: Claimed,
  fromId: string | null,
): Promise<TakeResult> {
  for (let tries = 0; ; tries++) {
    const appended = await attempt.untilKnown(() =>
      attempt.append('claimed', fromId, () => attempt.lookUntilKnown()),
    );
    if ('taken' in appended) return appended;
    if (appended.kind === 'refused') return await takenUnannounced(attempt, claimed, fromId);
    const refusal = refusalUnlessOurs(attempt, { ...claimed, sight: appended.sight });
    if (refusal) return refusal;
    if (appended.kind === 'there') return judgeElection(attempt, fromId, appended);
    if (appended.error === null) return elsewhere(PUSHED_OUT);
    await attempt.backOff(tries, appended.error);
  }
}

/** Whether our entry is the first of those after the claims. */
export function judgeElection(
  attempt: TakeAttempt,
  fromId: string | null,
  appended: { sight: Sight; at: number },
): TakeResult {
  const place = attempt.placeOf(fromId, appended, 'claimers');
  if (place === 'beaten') return beatenBy(null, null);
  if (place === 'unclear') return elsewhere(PUSHED_OUT);
  return attempt.won(appended.sight);
}

/** The platform takes no entries of this task at all: there is nothing to elect by, and the claim alone decides. */
async function takenUnannounced(
  attempt: TakeAttempt,
  claimed: Claimed,
  fromId: string | null,
): Promise<TakeResult> {
  const sight = await attempt.lookUntilKnown();
  if ('taken' in sight) return sight;
  const refusal = refusalUnlessOurs(attempt, { ...claimed, sight });
  if (refusal) return refusal;
  const rival = attempt.findRival(fromId, sight, 'claimers');
  if (rival) return beatenBy(rival, null);
  return attempt.won(sight, { announced: false });
}

/** Why a task that must be READY is not for us now; null: it is. */
function refusalOf(attempt: TakeAttempt, { task }: Sight): NotTaken | null {
  switch (task.state) {
    case 'READY': {
      const resting = findResting(task, (take) => attempt.isOver(take));
      if (resting === null) return null;
      return elsewhere(
        `${resting.take.host} was about to take the task a moment ago; it is left alone for a minute.`,
        resting.leftMs,
      );
    }
    case 'CLAIMED':
      if (!attempt.isOurs(task))
        return elsewhere(`The task is CLAIMED by ${task.ownerId ?? 'somebody else'}.`);
      return elsewhere(
        'The task is CLAIMED with our credentials already: by another host that shares them, or by an earlier run.',
      );
    case 'COMPLETED':
    case 'CANCELLED':
      return gone(`The task is ${task.state} by now.`);
  }
}

/** Why a task that we claimed is not ours; null: it is CLAIMED by our principal. */
function refusalUnlessOurs(attempt: TakeAttempt, { sight, how }: Claimed): NotTaken | null {
  const { task } = sight;
  const believed = how === 'answered' && task.ownerId === null;
  return task.state === 'CLAIMED' && (believed || attempt.isOurs(task))
    ? null
    : (refusalOf(attempt, sight) ?? beatenBy(null));
}
