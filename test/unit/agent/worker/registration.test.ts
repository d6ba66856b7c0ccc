import { expect, test } from 'vitest';
import { waitAfterFailure } from '../../../../src/agent/worker/registration.ts';

test('failures in a row wait 1 s × 2.5^n, at most as long as the window', () => {
  expect([1, 2, 3, 7, 100].map((failures) => waitAfterFailure(failures, 300_000))).toEqual([
    2500, 6250, 15_625, 300_000, 300_000,
  ]);
  expect(waitAfterFailure(1, 1000)).toBe(1000);
});
