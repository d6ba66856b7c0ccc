import { describe, expect, test } from 'vitest';
import { type Column, table } from '../../../src/cli/table.ts';

const columns: Column<{ name: string; size: number }>[] = [
  { title: 'NAME', cell: (row) => row.name },
  { title: 'SIZE', cell: (row) => String(row.size), isNumber: true },
];

describe('a table', () => {
  test('of no rows is its titles', () => {
    expect(table([], columns)).toEqual(['NAME  SIZE']);
  });

  test('has no spaces at the end of a line', () => {
    const lines = table(
      [
        { name: 'a', size: 1 },
        { name: 'longer', size: 1 },
      ],
      [columns[0], { title: 'NOTE', cell: () => '' }].flatMap((column) => column ?? []),
    );
    expect(lines).toEqual(['NAME    NOTE', 'a', 'longer']);
  });

  test('counts characters, not the units they are stored in', () => {
    expect(table([{ name: '😀ñ', size: 12_345 }], columns)).toEqual(['NAME   SIZE', '😀ñ    12345']);
  });

  test('cuts a cell at 60 characters, or where the column says', () => {
    const name = '😀'.repeat(61);
    expect(table([{ name, size: 1 }], columns)[1]).toBe(`${'😀'.repeat(59)}…     1`);
    const narrow = [{ title: 'N', cell: (row: { name: string }) => row.name, maxWidth: 3 }];
    expect(table([{ name: 'abc' }, { name: 'abcd' }], narrow)).toEqual(['N', 'abc', 'ab…']);
  });

  test('keeps one row one line, whatever its cells hold', () => {
    expect(table([{ name: 'a\nb\u001b[2J\u202e', size: 1 }], columns)[1]).toBe(
      'a\\x0ab\\x1b[2J\\u202e     1',
    );
  });
});
