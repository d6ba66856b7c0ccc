import { describe, expect, test } from 'vitest';
import type { Figure, RowResult } from '../../../bench/measure.ts';
import { markdownOf, tableOf } from '../../../bench/table.ts';

function figure(name: string, median: number): Figure {
  return { name, median, spread: 0.05, note: null };
}

const EXTRACTION: RowResult = {
  row: 'package extraction',
  unit: 'ms',
  goal: 'at most 1.1× `unzip`',
  goalMet: true,
  rounds: 3,
  limit: {
    name: '`bsdtar`',
    median: null,
    spread: null,
    note: 'not measured: apt install libarchive-tools',
  },
  plain: figure('`unzip`', 1234.5),
  ours: figure('our extractor', 987.6),
  ratioToLimit: null,
  ratioToPlain: 0.8,
};
const STAT: RowResult = {
  row: 'second use',
  unit: 'ms',
  goal: 'under 20 ms',
  goalMet: false,
  rounds: 3,
  limit: figure('`stat`', 0.00312),
  plain: figure('`cp`', 42),
  ours: figure('the store', 21),
  ratioToLimit: 6730,
  ratioToPlain: 0.5,
};

describe('the table for a terminal', () => {
  const lines = tableOf([EXTRACTION, STAT]).split('\n');

  test('has a line for each row, figures below each other at the right', () => {
    expect(lines.slice(0, 3)).toEqual([
      'what                         limit    plain tool  KuBot Runner  of limit  of plain  goal',
      'package extraction    not measured  1235 ms ±5 %   988 ms ±5 %         –     0.80×  at most 1.1× `unzip`: met',
      'second use          0.0031 ms ±5 %  42.0 ms ±5 %  21.0 ms ±5 %     6730×     0.50×  under 20 ms: missed',
    ]);
  });

  test('says below what was compared, and how to get what is missing', () => {
    expect(lines.slice(4, 8)).toEqual([
      'package extraction',
      '  limit         `bsdtar` (not measured: apt install libarchive-tools)',
      '  plain tool    `unzip`',
      '  KuBot Runner  our extractor',
    ]);
  });

  test('says nothing of a goal that could not be judged', () => {
    const [, line] = tableOf([{ ...EXTRACTION, goalMet: null }]).split('\n');
    expect(line).toMatch(/at most 1\.1× `unzip`$/);
  });
});

test('a count stands as it is, without a unit', () => {
  const counted = { ...STAT, unit: '' as const, plain: figure('many', 1000), ours: figure('few', 2) };
  expect(tableOf([counted]).split('\n')[1]).toMatch(/1000 ±5 %\s+2 ±5 %/);
});

test('the same goes into a page as two tables', () => {
  expect(markdownOf([STAT])).toBe(
    [
      '| what | limit | plain tool | KuBot Runner | of limit | of plain | goal |',
      '| --- | ---: | ---: | ---: | ---: | ---: | --- |',
      '| second use | 0.0031 ms ±5 % | 42.0 ms ±5 % | 21.0 ms ±5 % | 6730× | 0.50× | under 20 ms: missed |',
      '',
      '| what | limit | plain tool | KuBot Runner |',
      '| --- | --- | --- | --- |',
      '| second use | `stat` | `cp` | the store |',
      '',
    ].join('\n'),
  );
});

test('a pipe in a name does not part a cell of the page', () => {
  const piped = { ...STAT, limit: figure('`curl | tar xz`', 1) };
  expect(markdownOf([piped])).toContain('| second use | `curl \\| tar xz` | `cp` | the store |\n');
});
