import { type CourtesyWait, POSTPONE_LEAST_MS } from '../../shared/courtesy.ts';
import { assertNever } from '../../shared/errors.ts';
import type { Settings } from '../../shared/settings.ts';

export type CourtesyRules = Pick<
  Settings,
  'courtesyCountdownMs' | 'courtesyPostponeMaxMs' | 'courtesyWaitWhilePresenting' | 'courtesyWaitWhileLocked'
>;

/*
 *        a shell tells              the last one leaves
 *  none ──────────────► here{screen} ─────────────────► awaited ──its time is up──► none
 *                          ▲                               │
 *                          └───────── a shell tells ───────┘
 */
/** Who sits at this host, as far as anybody told. */
export type Person =
  | { readonly name: 'none' }
  | { readonly name: 'here'; readonly locked: boolean; readonly presenting: boolean }
  /** Was here a moment ago: shells restart, and so do agents. */
  | { readonly name: 'awaited'; readonly untilMs: number };

export interface Postponement {
  readonly untilMs: number;
  /** When it was first put off: from then on the limit counts, however often it is put off again. */
  readonly sinceMs: number;
}

export type CourtesyVerdict =
  | { readonly kind: 'start' }
  | { readonly kind: 'count-down'; readonly untilMs: number }
  | {
      readonly kind: 'wait';
      readonly for: Exclude<CourtesyWait, 'countdown'>;
      /** null: until that is over. */
      readonly untilMs: number | null;
    };

export interface CourtesyCase {
  readonly rules: CourtesyRules;
  readonly person: Person;
  readonly postponement: Postponement | null;
  /** Since when the person sees the countdown; null: not yet. */
  readonly announcedAtMs: number | null;
  /** The person said: now. */
  readonly isAskedFor: boolean;
  readonly nowMs: number;
}

/** Whether a robot that drives the screen may begin now. */
export function judgeCourtesy(given: CourtesyCase): CourtesyVerdict {
  const { rules, person, postponement, nowMs } = given;
  if (person.name === 'none' || given.isAskedFor) return { kind: 'start' };
  if (person.name === 'awaited') return { kind: 'wait', for: 'return', untilMs: person.untilMs };
  if (person.locked && rules.courtesyWaitWhileLocked) return { kind: 'wait', for: 'unlock', untilMs: null };
  if (person.presenting && rules.courtesyWaitWhilePresenting)
    return { kind: 'wait', for: 'presentation', untilMs: null };
  if (postponement !== null) {
    const untilMs = Math.min(postponement.untilMs, postponement.sinceMs + rules.courtesyPostponeMaxMs);
    if (untilMs > nowMs) return { kind: 'wait', for: 'postponement', untilMs };
  }
  const untilMs = (given.announcedAtMs ?? nowMs) + rules.courtesyCountdownMs;
  return untilMs > nowMs ? { kind: 'count-down', untilMs } : { kind: 'start' };
}

/** How long a run can be put off at most, from now on; null: no longer. */
export function postponableUntil({
  rules,
  postponement,
  nowMs,
}: Pick<CourtesyCase, 'rules' | 'postponement' | 'nowMs'>): number | null {
  const limitMs = (postponement?.sinceMs ?? nowMs) + rules.courtesyPostponeMaxMs;
  return limitMs - nowMs >= POSTPONE_LEAST_MS ? limitMs : null;
}

/** The decision that says so. */
export function explainCourtesy(verdict: Exclude<CourtesyVerdict, { kind: 'start' }>): {
  code: 'COURTESY_COUNTDOWN' | 'COURTESY_WAITS';
  message: string;
} {
  const until = verdict.untilMs === null ? '' : new Date(verdict.untilMs).toISOString();
  if (verdict.kind === 'count-down') {
    return {
      code: 'COURTESY_COUNTDOWN',
      message: `A person is at this host: the robot begins at ${until} unless they put it off.`,
    };
  }
  return { code: 'COURTESY_WAITS', message: waitText(verdict.for, until) };
}

function waitText(reason: Exclude<CourtesyWait, 'countdown'>, until: string): string {
  switch (reason) {
    case 'postponement':
      return `The person at this host postponed robots that drive the screen until ${until}.`;
    case 'presentation':
      return 'The person at this host is presenting; robots that drive the screen wait until that is over.';
    case 'unlock':
      return 'The screen of this host is locked; robots that drive it wait until it is unlocked.';
    case 'return':
      return `The person at this host was here a moment ago; they are waited for until ${until}.`;
    default:
      return assertNever(reason);
  }
}
