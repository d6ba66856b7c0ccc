import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readOptions } from '../../../bench/options.ts';

const ROWS = join(import.meta.dirname, '../../../bench/rows');

test('measures every file in rows/ unless told which', () => {
  const { files, runs } = readOptions([]);
  expect(files.map((file) => `${file}.ts`).sort()).toEqual(readdirSync(ROWS).sort());
  expect(runs).toBe(300);
});

test('measures the files that have one of the words in their names, in the order of all', () => {
  const { files } = readOptions(['many', 'log-path']);
  expect(files).toEqual(['log-path', 'many-runs']);
  for (const file of files) expect(existsSync(join(ROWS, `${file}.ts`))).toBe(true);
});

test('takes the number of runs', () => {
  expect(readOptions(['many-runs', '--runs', '10000'])).toEqual({ files: ['many-runs'], runs: 10_000 });
});

test.each([
  [['nothing'], /^No row has nothing in its name; there are first-line, /],
  [['--runs', 'all'], /^--runs takes a number from 1\.$/],
  [['--runs', '0'], /^--runs takes a number from 1\.$/],
  [['--rows', 'start'], /--rows/],
])('refuses %j', (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
});
