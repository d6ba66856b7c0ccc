import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { PollPace } from '../../../../src/agent/sources/poll-pace.ts';

const MINUTE = 60_000;

let nowMs: number;
let random: number;
beforeEach(() => {
  nowMs = 0;
  random = 0.5;
});

function startPace(minMs = 2000, maxMs = 15_000): PollPace {
  return new PollPace({ minMs, maxMs, now: () => nowMs, random: () => random });
}

const nothing = { ok: true, found: 0 };
const work = { ok: true, found: 3 };
const failure = { ok: false, found: 0 };

/** Polls that find nothing, for so long; the waits between them. */
function idle(pace: PollPace, forMs: number): number[] {
  const waits: number[] = [];
  for (const endMs = nowMs + forMs; nowMs < endMs; ) {
    const waitMs = pace.nextWaitMs(nothing);
    waits.push(waitMs);
    nowMs += waitMs;
  }
  return waits;
}

describe('the wait between polls', () => {
  test('is none after work was found', () => {
    expect(startPace().nextWaitMs(work)).toBe(0);
  });

  test('is 2 s for ten minutes without work', () => {
    const waits = idle(startPace(), 10 * MINUTE);
    expect(new Set(waits)).toEqual(new Set([2000]));
  });

  test('then grows by a tenth a poll to 15 s', () => {
    const pace = startPace();
    idle(pace, 10 * MINUTE + 1);
    const waits = idle(pace, 10 * MINUTE);
    expect(waits.slice(0, 3)).toEqual([2200, 2420, 2662]);
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(waits.at(-1)).toBe(15_000);
    expect(waits.filter((wait) => wait < 15_000).length).toBeLessThan(25);
  });

  test('is short again for ten minutes after work', () => {
    const pace = startPace();
    idle(pace, 60 * MINUTE);
    expect(pace.nextWaitMs(work)).toBe(0);
    expect(new Set(idle(pace, 10 * MINUTE))).toEqual(new Set([2000]));
  });

  test('is the same for work that a failed poll found before it failed', () => {
    expect(startPace().nextWaitMs({ ok: false, found: 1 })).toBe(0);
  });

  test('is at least a second after a failure, however short it is set', () => {
    const pace = startPace(100, 500);
    expect([pace.nextWaitMs(nothing), pace.nextWaitMs(failure)]).toEqual([100, 1000]);
    expect(startPace().nextWaitMs(failure)).toBe(2000);
  });

  test('backs off to a minute while polls fail, with full jitter, and not after one that went well', () => {
    const pace = startPace();
    random = 1;
    const failures = () => Array.from({ length: 8 }, () => pace.nextWaitMs(failure));
    expect(failures()).toEqual([2600, 2600, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    random = 0;
    expect(pace.nextWaitMs(failure)).toBe(1400);
    random = 1;
    expect(pace.nextWaitMs(nothing)).toBe(2600);
    expect(pace.nextWaitMs(failure)).toBe(2600);
  });

  test('is spread by 30 % to either side', () => {
    const pace = startPace();
    random = 0;
    expect(pace.nextWaitMs(nothing)).toBe(1400);
    random = 0.999_999;
    expect(pace.nextWaitMs(nothing)).toBe(2600);
  });
});

test('whatever happens, a wait is 0 after work, else between 0.7 and 1.3 times its bounds, or a backoff', () => {
  const poll = fc.record({
    ok: fc.boolean(),
    found: fc.constantFrom(0, 0, 0, 1),
    afterMs: fc.integer({ min: 0, max: 20 * MINUTE }),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(poll, { maxLength: 60 }), (polls) => {
      const pace = startPace();
      for (const each of polls) {
        nowMs += each.afterMs;
        random = each.random;
        const waitMs = pace.nextWaitMs(each);
        if (each.found > 0) expect(waitMs).toBe(0);
        else {
          expect(waitMs).toBeGreaterThanOrEqual(1400);
          expect(waitMs).toBeLessThanOrEqual(each.ok ? 19_500 : 60_000);
        }
      }
    }),
  );
});
