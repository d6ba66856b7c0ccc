import { expect, test } from 'vitest';
import { readOptions } from '../../../chaos/options.ts';

const USUAL = { minutes: 1, agents: 4, mutant: null, allMutants: false, out: null };

test('without options there are four agents for a minute, with a seed of chance', () => {
  const { seed, ...rest } = readOptions([]);
  expect(Number.isSafeInteger(seed)).toBe(true);
  expect(rest).toEqual(USUAL);
});

test('what is given holds', () => {
  const args = ['--seed', '7', '--minutes', '1.5', '--agents', '2', '--out', 'here'];
  expect(readOptions(args)).toEqual({ ...USUAL, seed: 7, minutes: 1.5, agents: 2, out: 'here' });
});

test('a mutant brings what catches it, unless something else is given', () => {
  const args = ['--mutant', 'run-without-step-4'];
  const caught = { ...USUAL, mutant: 'run-without-step-4', seed: 36, minutes: 3, agents: 6 };
  expect(readOptions(args)).toEqual(caught);
  expect(readOptions([...args, '--seed', '7'])).toEqual({ ...caught, seed: 7 });
});

test.each([
  [['--seed', 'x'], '--seed takes a whole number'],
  [['--minutes', '0'], '--minutes takes a number above 0'],
  [['--agents', '21'], '--agents takes a number from 1 to 20'],
  [['--mutant', 'none'], 'There is no mutant none'],
])('%j is refused in words', (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
});
