import { describe, expect, test } from 'vitest';
import {
  type CourtesyCase,
  type CourtesyVerdict,
  explainCourtesy,
  judgeCourtesy,
  postponableUntil,
} from '../../../../src/agent/courtesy/judge-courtesy.ts';

const NOW = Date.parse('2026-03-10T14:00:00Z');
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const RULES = {
  courtesyCountdownMs: 30 * SECOND,
  courtesyPostponeMaxMs: 4 * HOUR,
  courtesyWaitWhilePresenting: true,
  courtesyWaitWhileLocked: true,
};
const HERE = { name: 'here', locked: false, presenting: false } as const;
const AWAITED = { name: 'awaited', untilMs: NOW + 5 * SECOND } as const;
const LOCKED = { ...HERE, locked: true };
const PRESENTING = { ...HERE, presenting: true };
const START = { kind: 'start' } as const;

function aCase(over: Partial<CourtesyCase>): CourtesyCase {
  return {
    rules: RULES,
    person: HERE,
    postponement: null,
    announcedAtMs: null,
    isAskedFor: false,
    nowMs: NOW,
    ...over,
  };
}

describe('a robot that drives the screen', () => {
  test.each<[string, Partial<CourtesyCase>, CourtesyVerdict]>([
    ['begins at once where nobody is', { person: { name: 'none' } }, START],
    [
      'begins at once where nobody is, whatever was put off before',
      { person: { name: 'none' }, postponement: { untilMs: NOW + HOUR, sinceMs: NOW } },
      START,
    ],
    ['is counted down to whoever is here', {}, { kind: 'count-down', untilMs: NOW + 30 * SECOND }],
    [
      'is counted down from when it was announced',
      { announcedAtMs: NOW - 29 * SECOND },
      { kind: 'count-down', untilMs: NOW + SECOND },
    ],
    ['begins when the countdown is over', { announcedAtMs: NOW - 30 * SECOND }, START],
    ['begins at once where no countdown is wanted', { rules: { ...RULES, courtesyCountdownMs: 0 } }, START],
    ['begins when the person says so', { isAskedFor: true }, START],
    [
      'begins when the person says so, though they are presenting and had put it off',
      { isAskedFor: true, person: PRESENTING, postponement: { untilMs: NOW + HOUR, sinceMs: NOW } },
      START,
    ],
    [
      'waits for who was here a moment ago',
      { person: AWAITED },
      { kind: 'wait', for: 'return', untilMs: AWAITED.untilMs },
    ],
    ['waits for a locked screen', { person: LOCKED }, { kind: 'wait', for: 'unlock', untilMs: null }],
    [
      'does not wait for a locked screen where that is not wanted',
      { person: LOCKED, rules: { ...RULES, courtesyWaitWhileLocked: false }, announcedAtMs: 0 },
      START,
    ],
    [
      'waits for the end of a presentation, also under the countdown',
      { person: PRESENTING, announcedAtMs: NOW - SECOND },
      { kind: 'wait', for: 'presentation', untilMs: null },
    ],
    [
      'does not wait for a presentation where that is not wanted',
      { person: PRESENTING, rules: { ...RULES, courtesyWaitWhilePresenting: false }, announcedAtMs: 0 },
      START,
    ],
    [
      'waits until when it was put off',
      { postponement: { untilMs: NOW + HOUR, sinceMs: NOW - MINUTE } },
      { kind: 'wait', for: 'postponement', untilMs: NOW + HOUR },
    ],
    [
      'is announced anew when that time is up',
      { postponement: { untilMs: NOW, sinceMs: NOW - HOUR } },
      { kind: 'count-down', untilMs: NOW + 30 * SECOND },
    ],
    [
      'is put off no longer than its own limit',
      {
        rules: { ...RULES, courtesyPostponeMaxMs: MINUTE },
        postponement: { untilMs: NOW + HOUR, sinceMs: NOW },
      },
      { kind: 'wait', for: 'postponement', untilMs: NOW + MINUTE },
    ],
    [
      'that may not be put off does not wait because another was',
      {
        rules: { ...RULES, courtesyPostponeMaxMs: 0 },
        postponement: { untilMs: NOW + HOUR, sinceMs: NOW },
      },
      { kind: 'count-down', untilMs: NOW + 30 * SECOND },
    ],
  ])('%s', (_fact, over, verdict) => {
    expect(judgeCourtesy(aCase(over))).toEqual(verdict);
  });
});

test.each<[string, Pick<CourtesyCase, 'postponement'>, Partial<typeof RULES>, number | null]>([
  ['for all of the limit at first', { postponement: null }, {}, NOW + 4 * HOUR],
  [
    'for what is left of it, however often it was',
    { postponement: { untilMs: NOW, sinceMs: NOW - 3 * HOUR } },
    {},
    NOW + HOUR,
  ],
  ['no more when it is used up', { postponement: { untilMs: NOW, sinceMs: NOW - 4 * HOUR } }, {}, null],
  [
    'not for less than a minute',
    { postponement: { untilMs: NOW, sinceMs: NOW - 4 * HOUR + 59_000 } },
    {},
    null,
  ],
  ['not at all where that is not wanted', { postponement: null }, { courtesyPostponeMaxMs: 0 }, null],
])('it can be put off %s', (_fact, { postponement }, rules, until) => {
  expect(postponableUntil({ rules: { ...RULES, ...rules }, postponement, nowMs: NOW })).toBe(until);
});

test.each<[Exclude<CourtesyVerdict, { kind: 'start' }>, string, string]>([
  [
    { kind: 'count-down', untilMs: NOW },
    'COURTESY_COUNTDOWN',
    'A person is at this host: the robot begins at 2026-03-10T14:00:00.000Z unless they put it off.',
  ],
  [
    { kind: 'wait', for: 'postponement', untilMs: NOW },
    'COURTESY_WAITS',
    'The person at this host postponed robots that drive the screen until 2026-03-10T14:00:00.000Z.',
  ],
  [
    { kind: 'wait', for: 'presentation', untilMs: null },
    'COURTESY_WAITS',
    'The person at this host is presenting; robots that drive the screen wait until that is over.',
  ],
  [
    { kind: 'wait', for: 'unlock', untilMs: null },
    'COURTESY_WAITS',
    'The screen of this host is locked; robots that drive it wait until it is unlocked.',
  ],
  [
    { kind: 'wait', for: 'return', untilMs: NOW },
    'COURTESY_WAITS',
    'The person at this host was here a moment ago; they are waited for until 2026-03-10T14:00:00.000Z.',
  ],
])('%j is explained', (verdict, code, message) => {
  expect(explainCourtesy(verdict)).toEqual({ code, message });
});
