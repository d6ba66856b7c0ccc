import { expect, test } from 'vitest';
import { createJumpDetector } from '../../../src/agent/sleep-watch.ts';

const HOUR = 3_600_000;

/** What is told after looks with these steps of the wall clock and of the steady one, in milliseconds. */
function jumps(...steps: [wall: number, steady: number][]): number[] {
  let [wall, steady] = [1_000_000_000, 0];
  const told: number[] = [];
  const look = createJumpDetector({
    now: () => wall,
    monotonic: () => steady,
    onJump: (jumpMs) => told.push(jumpMs),
  });
  for (const step of steps) {
    wall += step[0];
    steady += step[1];
    look();
  }
  return told;
}

test('a busy machine that looks late tells nothing', () => {
  expect(jumps([2000, 2000], [6500, 6500], [2000, 2000])).toEqual([]);
});

test('a sleep is told once, whether the steady clock stood still or not', () => {
  expect(jumps([8 * HOUR + 2000, 2000], [2000, 2000])).toEqual([8 * HOUR]);
  expect(jumps([8 * HOUR + 2000, 8 * HOUR + 2000], [2000, 2000])).toEqual([8 * HOUR]);
});

test('a clock that is put back or forward is told', () => {
  expect(jumps([2000 - HOUR, 2000], [HOUR + 2000, 2000])).toEqual([-HOUR, HOUR]);
});
