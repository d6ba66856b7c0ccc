import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EntryBudget, type EntryBudgetOptions } from '../../../../src/agent/logs/entry-budget.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const options: EntryBudgetOptions = {
  maxEntries: 200,
  intervalMs: 1000,
  heartbeatMs: 10 * MINUTE,
  horizonMs: DAY,
};

describe('the entries of a run', () => {
  test('keep back those for heartbeats of a whole day, for its end and for the last one', () => {
    expect(new EntryBudget(options).live(0)).toBe(200 - 120 - 10 - 1);
  });

  test('are more for what is quick where the run is not to last', () => {
    expect(new EntryBudget({ ...options, horizonMs: 30 * MINUTE }).live(0)).toBe(200 - 3 - 10 - 1);
  });

  test('are freed for what is quick as heartbeats fall away', () => {
    const budget = new EntryBudget(options);
    expect([0, 12 * 60 * MINUTE, DAY, 2 * DAY].map((elapsed) => budget.live(elapsed))).toEqual([
      69, 117, 189, 189,
    ]);
  });

  test('count those that an agent before a crash sent', () => {
    const budget = new EntryBudget(options, 60);
    expect([budget.spent, budget.live(0)]).toEqual([60, 9]);
    budget.spend();
    expect([budget.spent, budget.live(0)]).toEqual([61, 8]);
  });

  test('are no more than the server keeps, once that is known', () => {
    const budget = new EntryBudget(options);
    budget.learnBound(20);
    expect([budget.live(0), budget.end(60_000)]).toEqual([20 - 12 - 4 - 1, 4]);
    budget.learnBound(5000);
    expect(budget.live(0)).toBe(69);
  });
});

describe('the pace', () => {
  test('is free in the first ten seconds, then an entry a second at most', () => {
    const budget = new EntryBudget(options);
    expect([0, 9999, 10_000].map((elapsed) => budget.spacingMs(elapsed))).toEqual([0, 0, 1000]);
    expect(budget.perFlush(0)).toBe(35);
    expect(budget.perFlush(10_000)).toBe(2);
    expect(budget.flushDelayMs(0)).toBe(0);
    expect(budget.flushDelayMs(10_000)).toBe(1000);
  });

  test('coarsens as time goes on, up to a heartbeat', () => {
    const budget = new EntryBudget(options);
    const delays = [10_000, MINUTE, 60 * MINUTE, 12 * 60 * MINUTE].map((elapsed) =>
      budget.flushDelayMs(elapsed),
    );
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
    expect(delays.at(-1)).toBe(10 * MINUTE);
  });

  test('is a heartbeat when the quick entries are spent', () => {
    const budget = new EntryBudget(options, 69);
    expect(budget.perFlush(0)).toBe(0);
    expect(budget.mayBeat()).toBe(true);
  });

  test('ends with what the end needs', () => {
    expect([188, 189].map((spent) => new EntryBudget(options, spent).mayBeat())).toEqual([true, false]);
  });
});

describe('the end of a run', () => {
  test.each([
    [0, 0, 46],
    [0, 5_000, 46],
    [0, 8_000, 26],
    [0, 60_000, 6],
    [190, 60_000, 6],
    [196, 60_000, 3],
    [199, 60_000, 0],
    [250, 60_000, 0],
  ])('with %i spent after %i ms has %i entries, and one more for the last', (spent, elapsed, entries) => {
    expect(new EntryBudget(options, spent).end(elapsed)).toBe(entries);
  });
});

test('whatever a run prints and however long it lasts, entries stay within the budget', () => {
  fc.assert(
    fc.property(
      fc.record({
        maxEntries: fc.integer({ min: 10, max: 500 }),
        heartbeatMs: fc.integer({ min: 10_000, max: 20 * MINUTE }),
        horizonMs: fc.integer({ min: MINUTE, max: 2 * DAY }),
        lengthMs: fc.integer({ min: 0, max: DAY }),
      }),
      ({ maxEntries, heartbeatMs, horizonMs, lengthMs }) => {
        const budget = new EntryBudget({ maxEntries, heartbeatMs, horizonMs, intervalMs: 1000 });
        let lastMs = 0;
        let nextMs = 0;
        while (nextMs <= lengthMs && lastMs <= lengthMs) {
          // Lines wait all the time: as the shipper, a flush where there are entries for it, else a heartbeat.
          const entries = budget.perFlush(nextMs);
          if (entries > 0) for (let sent = 0; sent < entries; sent++) budget.spend();
          else if (budget.mayBeat()) budget.spend();
          lastMs = nextMs;
          const waitMs =
            budget.perFlush(nextMs) > 0 ? Math.max(budget.flushDelayMs(nextMs), 200) : heartbeatMs;
          nextMs += waitMs;
        }
        expect(budget.spent + budget.end(lengthMs) + 1).toBeLessThanOrEqual(maxEntries);
        expect(budget.end(lengthMs)).toBeGreaterThanOrEqual(1);
      },
    ),
    { numRuns: 200 },
  );
});
