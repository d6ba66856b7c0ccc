import { assertNever } from '../../shared/errors.ts';
import { judgeReclaim } from './reclaim.ts';
import { electClaimed, electFrom, judgeClaim } from './take.ts';
import { type Sight, TakeAttempt, type TakeInput } from './take-attempt.ts';
import type { TakeIntent } from './take-intent.ts';
import type { TakeResult } from './take-result.ts';

/**
 * What became of a take that an earlier agent of this host began and did not live to see the end of.
 * `not-ours`: forget it. A READY task is not ours: it is taken anew like any other.
 * @param input as takeTask had it, but for `nonce`; its principal must be known
 * @throws AgentError when the platform cannot be asked; for isTakeOpen when `closing` aborts
 */
export async function resumeTake(
  input: Omit<TakeInput, 'nonce' | 'onIntent' | 'reclaim'>,
  intent: TakeIntent,
): Promise<'ours' | 'not-ours'> {
  const { nonce, step, entryId } = intent;
  // Nothing was claimed yet, so whoever has the task now is another.
  const found = step === 'append' ? 'not-ours' : await findOut(input, { nonce, step, entryId });
  if (found === 'not-ours') input.memory.noteOver(input.taskId, nonce);
  return found;
}

type ClaimIntent = TakeIntent & { step: Exclude<TakeIntent['step'], 'append'> };

async function findOut(
  input: Omit<TakeInput, 'nonce' | 'onIntent' | 'reclaim'>,
  { nonce, step, entryId }: ClaimIntent,
): Promise<'ours' | 'not-ours'> {
  const attempt = new TakeAttempt({ ...input, nonce, onIntent: () => undefined, reclaim: null });
  const sight = await attempt.look();
  if ('taken' in sight || sight.task.state !== 'CLAIMED' || !attempt.isOurs(sight.task)) return 'not-ours';
  const result = await judge(attempt, sight, { step, entryId });
  return result?.taken ? 'ours' : 'not-ours';
}

async function judge(
  attempt: TakeAttempt,
  sight: Sight,
  { step, entryId }: Pick<ClaimIntent, 'step' | 'entryId'>,
): Promise<TakeResult | null> {
  const at = sight.task.logs.findIndex(({ message }) => attempt.isOwn(message));
  switch (step) {
    case 'claim':
      return judgeClaim(attempt, { sight, how: 'unknown' }, entryId ?? '');
    case 'claim-first':
    case 'claim-untried':
      return await electClaimed(attempt, { sight, how: 'unknown' }, { step, readyId: entryId });
    case 'elect': {
      const found = at === -1 ? {} : { found: { sight, at } };
      return await electFrom(attempt, { sight, how: 'unknown' }, { fromId: entryId, ...found });
    }
    case 'reclaim':
      return at === -1 ? null : judgeReclaim(attempt, entryId, { sight, at });
    default:
      return assertNever(step);
  }
}
