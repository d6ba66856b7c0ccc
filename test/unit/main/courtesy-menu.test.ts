import { describe, expect, test } from 'vitest';
import { courtesyItems, presentingItem } from '../../../src/main/courtesy-menu.ts';
import { countdownKey, noticeOfCountdown } from '../../../src/main/courtesy-notice.ts';
import type { CourtesyNext } from '../../../src/shared/courtesy.ts';
import { postponeChoices } from '../../../src/shared/courtesy.ts';
import { en } from '../../../src/shared/words/en.ts';
import { es } from '../../../src/shared/words/es.ts';
import { createFormat } from '../../../src/shared/words/format.ts';
import { aCourtesy, aNext } from '../../helpers/a-courtesy.ts';
import { aStatus } from '../../helpers/a-status.ts';

const NOW = new Date(2026, 2, 10, 14, 0).getTime();
const MINUTE = 60_000;
const at = (ms: number) => new Date(ms).toISOString();
const format = createFormat('en-GB');

function items(next: CourtesyNext | null) {
  const view = {
    link: { state: 'live' },
    status: aStatus({ courtesy: aCourtesy({ next }) }),
    liveRuns: [],
    progress: new Map(),
    endings: 0,
  } as const;
  return courtesyItems({ view, words: en, format, nowMs: NOW });
}

describe('what can be said to a desktop run that is next', () => {
  test('is, in the tray, to start, to put it off or to stop it', () => {
    expect(items(aNext()).map(({ label, order }) => [label, order])).toEqual([
      ['DESK starts at 14:00:30', { do: 'open', hash: '#/now' }],
      ['Start now', { do: 'start-now', id: 'r1' }],
      ['In 10 minutes', { do: 'postpone', id: 'r1', forMs: 10 * MINUTE }],
      ['In 1 hour', { do: 'postpone', id: 'r1', forMs: 60 * MINUTE }],
      ['Stop DESK', { do: 'stop-run', id: 'r1' }],
      ['', undefined],
    ]);
  });

  test.each<[Partial<CourtesyNext>, string]>([
    [{ waitsFor: 'postponement', until: at(NOW + 5 * MINUTE) }, 'DESK put off until 14:05'],
    [{ waitsFor: 'presentation', until: null }, 'DESK waits until nobody presents'],
    [{ waitsFor: 'unlock', until: null }, 'DESK waits until the screen is unlocked'],
    [{ waitsFor: 'return', until: at(NOW) }, 'DESK waits a moment for whoever was here'],
  ])('is to start or to stop it while it waits: %j', (over, label) => {
    expect(items(aNext(over)).map((item) => item.label)).toEqual([label, 'Start now', 'Stop DESK', '']);
  });

  test('is nothing where none is', () => {
    expect(items(null)).toEqual([]);
  });
});

test.each([
  [4 * 60 * MINUTE, [10, 60]],
  [59 * MINUTE, [10]],
  [9.5 * MINUTE, [9]],
  [MINUTE - 1, []],
])('what is left of the limit, %i ms, is offered as %j minutes', (leftMs, minutes) => {
  const choices = postponeChoices({ postponableUntil: at(NOW + leftMs) }, NOW);
  expect(choices.map((ms) => ms / MINUTE)).toEqual(minutes);
});

test('a run that can be put off no longer offers none of it', () => {
  expect(postponeChoices({ postponableUntil: null }, NOW)).toEqual([]);
});

describe('the switch for presenting', () => {
  test('offers an hour, or until it is switched off', () => {
    expect(presentingItem({ presenting: null, words: en, format, nowMs: NOW })).toEqual({
      label: 'I am presenting',
      items: [
        { label: 'For an hour', order: { do: 'present', forMs: 60 * MINUTE } },
        { label: 'Until I switch it off', order: { do: 'present', forMs: null } },
      ],
    });
  });

  test.each([
    [null, 'I am presenting'],
    [NOW + 60 * MINUTE, 'I am presenting until 15:00'],
  ])('is checked while it is on, until %s', (untilMs, label) => {
    expect(presentingItem({ presenting: { untilMs }, words: en, format, nowMs: NOW })).toEqual({
      label,
      order: { do: 'stop-presenting' },
      isChecked: true,
    });
  });
});

describe('the notice of a countdown', () => {
  const notice = (next: CourtesyNext | null, words = en) =>
    noticeOfCountdown(next, { words, format, nowMs: NOW });

  test('says which robot begins and when, and has everything that can be said to it', () => {
    expect(notice(aNext())).toMatchObject({
      kind: 'start',
      title: 'DESK is about to start',
      body: 'At 14:00:30 it begins to work on this screen, with mouse and keyboard.',
      hash: '#/now',
      stays: true,
      offers: [
        { label: 'Start now' },
        { label: 'In 10 minutes' },
        { label: 'In 1 hour' },
        { label: 'Stop DESK', order: { do: 'stop-run', id: 'r1' } },
      ],
    });
    expect(notice(aNext(), es)?.title).toBe('DESK está a punto de empezar');
  });

  test('comes of nothing that does not count down', () => {
    expect([notice(null), notice(aNext({ waitsFor: 'unlock', until: null }))]).toEqual([null, null]);
  });

  test('is another one for a countdown that begins anew', () => {
    const later = aNext({ until: at(NOW + MINUTE) });
    expect(countdownKey(aNext())).toBe(countdownKey(aNext({ postponableUntil: null })));
    expect(countdownKey(later)).not.toBe(countdownKey(aNext()));
    expect(countdownKey(aNext({ waitsFor: 'unlock' }))).toBeNull();
  });
});
