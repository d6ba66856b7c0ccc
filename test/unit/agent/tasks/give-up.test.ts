import { expect, test } from 'vitest';
import { GIVE_UP_MS, judgeSilence, SILENT_MS } from '../../../../src/agent/tasks/give-up.ts';

const MINUTE = 60_000;

test.each([
  [10.9, 'go-on'],
  [11, 'show-life'],
  [14.99, 'show-life'],
  [15, 'give-up'],
  [Number.POSITIVE_INFINITY, 'give-up'],
])('after %f minutes without an accepted entry: %s', (minutes, verdict) => {
  expect(judgeSilence({ takeOver: true, silentMs: minutes * MINUTE })).toBe(verdict);
});

test('a run whose task nobody takes over goes on without network, however long', () => {
  expect(judgeSilence({ takeOver: false, silentMs: 24 * 60 * MINUTE })).toBe('go-on');
});

test('a run is ended long before another host may take its task', () => {
  expect(GIVE_UP_MS * 2).toBeLessThanOrEqual(SILENT_MS);
});
