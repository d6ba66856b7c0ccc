import { expect, test } from 'vitest';
import { adviseRuns } from '../../../../src/cli/check/describe-machine.ts';

const GB = 1024 ** 3;

test.each([
  [2, 4, 2],
  // What firmware keeps for itself is no reason to advise less.
  [4, 7.7, 4],
  [8, 4, 2],
  [1, 64, 1],
  [64, 512, 8],
  [4, 0.5, 1],
])('%i cores with %d GB suit %i runs at once', (cores, gigabytes, runs) => {
  expect(adviseRuns(cores, gigabytes * GB)).toBe(runs);
});
