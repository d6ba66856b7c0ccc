import { findResting, LEASE_MS, mayHideTake, REST_MS, rendezvousShareMs, YOUNG_MS } from './election.ts';
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
const WATCH_MS = 20_000;
const WATCH_EVERY_MS = 100;

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
  let seen = first;
  for (let appends = 1; ; appends++) {
    const sight = await watch(attempt, seen);
    if ('taken' in sight) return sight;
    attempt.throwIfAborted();
    // An entry that comes just after another's claim drives out what matters. A take on a READY task proves that the
    // platform takes entries there, whatever it did before.
    if (memory.claimsFirst && !sight.task.logs.some(({ message }) => readTake(message)))
      return await claimFirst(attempt, sight, 'claim-untried');
    if (appends === 1) onIntent({ nonce: attempt.nonce, step: 'append', entryId: lastId(sight) });
    const appended = await attempt.append('first', lastId(sight), look);
    if ('taken' in appended) return appended;
    if (appended.kind === 'refused') {
      const now = await look();
      if ('taken' in now) return now;
      if (now.task.state !== 'READY') return refusalOf(attempt, now) ?? beatenBy(null);
      memory.noteReady('refused');
      return await claimFirst(attempt, now, 'claim-first');
    }
    const place = appended.kind === 'there' ? attempt.placeOf(lastId(sight), appended, 'takes') : 'unclear';
    if (appended.sight.task.state !== 'READY') return refusalOf(attempt, appended.sight) ?? beatenBy(null);
    memory.noteReady('accepted');
    if (appended.kind === 'there' && place === 'first') return await claimAfter(attempt, appended);
    if (place === 'beaten')
      return beatenBy(findResting(appended.sight.task, (take) => attempt.isOver(take))?.take ?? null);
    if (appends >= MOST_APPENDS) {
      if (appended.kind === 'absent' && appended.error) throw appended.error;
      return elsewhere(TOO_QUICK, REST_MS);
    }
    seen = appended.sight;
  }
}

/**
 * Looks until no take can be hidden that the log has dropped: all that is left is older, or everything was seen for so
 * long. So a log that somebody fills all the time does not keep the task from being taken.
 */
async function watch(attempt: TakeAttempt, first: Sight): Promise<Sight | NotTaken> {
  const { memory, signal, watchMs = WATCH_MS } = attempt.input;
  const startedAtMs = attempt.now();
  let sight = first;
  let seenAllSinceMs = startedAtMs;
  for (;;) {
    const refusal = refusalOf(attempt, sight);
    if (refusal) return refusal;
    const { task, askedAtMs } = sight;
    if (!mayHideTake(task, memory.keeps) || askedAtMs - seenAllSinceMs >= YOUNG_MS) return sight;
    const watchedMs = attempt.now() - startedAtMs;
    if (watchedMs >= watchMs || watchedMs < 0) return elsewhere(TOO_QUICK, YOUNG_MS);
    await attempt.pause(WATCH_EVERY_MS);
    attempt.throwIfAborted();
    const next = await attempt.look({ signal });
    if ('taken' in next) return next;
    if (!attempt.isWholeSince(lastId(sight), next)) seenAllSinceMs = attempt.now();
    sight = next;
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
  return 'taken' in sight ? sight : judgeClaim(attempt, { ...claimed, sight }, appended.id, appended);
}

/**
 * Whether a task that was claimed after our entry is this host's to run.
 * @param appended the answer that had our entry; an earlier agent's is not known any more
 */
export function judgeClaim(
  attempt: TakeAttempt,
  { sight, how }: Claimed,
  entryId: string,
  appended?: { sight: Sight; at: number },
): TakeResult {
  const refusal = refusalUnlessOurs(attempt, { sight, how });
  if (refusal) return refusal;
  const standing = attempt.standingOf(sight, entryId);
  if (standing.stands) return attempt.won(sight);
  if (standing.rival) return beatenBy(standing.rival, null);
  const rival = attempt.findRival(null, sight, 'claimers');
  if (rival) return beatenBy(readTake(rival.message), null);
  // Dropped within moments: whoever looked meanwhile knew that it might not see such an entry.
  if (appended && attempt.isFresh(appended, sight)) return attempt.won(sight);
  return elsewhere(PUSHED_OUT);
}

const TOO_QUICK = 'The log of the task changes too quickly to see who is first.';
const PUSHED_OUT =
  'The task is claimed with our credentials, but its log lost the entry that says by which host. If no host runs it, kubot runs --orphans lists it.';

/** Claims before anything is written; who claimed elects in the log of the CLAIMED task. */
async function claimFirst(
  attempt: TakeAttempt,
  before: Sight,
  step: 'claim-first' | 'claim-untried',
): Promise<TakeResult> {
  const readyId = lastId(before);
  const refusal = refusalOf(attempt, before);
  if (refusal) return refusal;
  attempt.throwIfAborted();
  attempt.input.onIntent({ nonce: attempt.nonce, step, entryId: readyId });
  const claimed = await attempt.claim(() => true);
  if ('taken' in claimed) return claimed;
  if (claimed.how === 'refused') return refusalOf(attempt, claimed.sight) ?? beatenBy(null);
  return await electClaimed(attempt, claimed, { step, readyId });
}

/**
 * Elects among hosts that may all have claimed: whose take is the first of those after their claims.
 * @param before the log's last entry when the task was READY, and whether it was tried to append then
 */
export async function electClaimed(
  attempt: TakeAttempt,
  claimed: Claimed,
  { step, readyId }: { step: 'claim-first' | 'claim-untried'; readyId: string | null },
): Promise<TakeResult> {
  const { how } = claimed;
  const hidden = how === 'answered' && !claimed.sight.task.showsLog;
  const sight = hidden ? await attempt.lookUntilKnown() : claimed.sight;
  if ('taken' in sight) return sight;
  const refusal = refusalUnlessOurs(attempt, { sight, how });
  if (refusal) return refusal;
  // What the claim's own answer shows came before the claim. What came later may have won while the task was READY,
  // unless the platform just refused entries then.
  const asOfClaim = how === 'answered' && !hidden;
  const rivals = asOfClaim || step === 'claim-untried' ? 'agents' : 'claimers';
  const rival = attempt.findRival(readyId, sight, rivals);
  if (rival) return beatenBy(readTake(rival.message), null);
  const isWhole = () => attempt.isWholeSince(readyId, sight);
  if (!isWhole() && readyId !== null) return elsewhere(PUSHED_OUT);
  return await electFrom(attempt, { ...claimed, sight }, { fromId: lastId(sight), isWhole });
}

export interface ElectionStart {
  /** The log's last entry when our claim was known. */
  fromId: string | null;
  /** Whether all that came before it is known; until then the next start would have to judge it anew. */
  isWhole?: () => boolean;
  /** An answer that has our entry already. */
  found?: { sight: Sight; at: number };
}

/** Elects among those who claimed: ours if our entry is the first of those since our claim was known. */
export async function electFrom(
  attempt: TakeAttempt,
  claimed: Claimed,
  { fromId, isWhole = () => true, found }: ElectionStart,
): Promise<TakeResult> {
  const { nonce, input } = attempt;
  let mine = found;
  let isFull = false;
  let looks = 0;
  let isJournalled = false;
  for (let tries = 0; ; tries++) {
    if (!isJournalled && isWhole()) {
      input.onIntent({ nonce, step: 'elect', entryId: fromId });
      isJournalled = true;
    }
    if (mine) {
      const place = attempt.placeOf(fromId, mine, 'claimers');
      if (place === 'beaten') return beatenBy(null, null);
      if (place === 'first' && isWhole()) return attempt.won(mine.sight);
      // Where the log was empty one more entry tells: if the log grows by it, nothing was dropped before.
      const mayTell = !isFull && (place === 'first' || fromId === null) && looks++ < MOST_APPENDS;
      if (!mayTell) return elsewhere(PUSHED_OUT);
    }
    const appended = await attempt.untilKnown(() =>
      attempt.append('claimed', fromId, () => attempt.lookUntilKnown()),
    );
    if ('taken' in appended) return appended;
    if (appended.kind === 'refused')
      return mine ? elsewhere(PUSHED_OUT) : await takenUnannounced(attempt, claimed, fromId);
    const refusal = refusalUnlessOurs(attempt, { ...claimed, sight: appended.sight });
    if (refusal) return refusal;
    if (appended.kind === 'there') {
      isFull = mine !== undefined && firstId(mine.sight) !== firstId(appended.sight);
      mine ??= appended;
      continue;
    }
    if (appended.error === null) return elsewhere(PUSHED_OUT);
    await attempt.backOff(tries, appended.error);
  }
}

function firstId({ task }: Sight): string | undefined {
  return task.logs[0]?.id;
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
  if (rival) return beatenBy(readTake(rival.message), null);
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
