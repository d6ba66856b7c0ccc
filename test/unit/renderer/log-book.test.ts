import { expect, test } from 'vitest';
import { EVERYTHING, LogBook } from '../../../src/renderer/views/run/log-book.ts';
import type { LogLevel, LogLine } from '../../../src/shared/run.ts';

const line = (seq: number, level: LogLevel, text: string): LogLine => ({
  seq,
  time: '2026-01-02T03:04:05.000Z',
  stream: 'stdout',
  level,
  text,
});

function aBook(): LogBook {
  const book = new LogBook();
  book.add([
    line(1, 'INFO', 'Begin'),
    line(2, 'WARN', 'no VAT id'),
    line(3, 'ERROR', 'No total'),
    line(4, 'INFO', 'end'),
  ]);
  return book;
}

const shown = (book: LogBook) =>
  Array.from({ length: book.shownLength }, (_, index) => book.shownAt(index)?.seq);

test('shows every line at first, and counts levels', () => {
  const book = aBook();
  expect(shown(book)).toEqual([1, 2, 3, 4]);
  expect(book.counts).toEqual({ INFO: 2, WARN: 1, ERROR: 1 });
  expect(book.firstErrorIndex()).toBe(2);
});

test.each<[string, LogLevel[], string, number[]]>([
  ['a level', ['WARN', 'ERROR'], '', [2, 3]],
  ['words in any case', ['INFO', 'WARN', 'ERROR'], 'NO ', [2, 3]],
  ['both', ['ERROR'], 'no', [3]],
  ['no level', [], '', []],
])('filters by %s', (_name, levels, search, expected) => {
  const book = aBook();
  book.filter({ levels: new Set(levels), search });
  expect(shown(book)).toEqual(expected);
});

test('filters what is added later too', () => {
  const book = aBook();
  book.filter({ levels: new Set(['ERROR']), search: '' });
  book.add([line(5, 'INFO', 'x'), line(6, 'ERROR', 'y')]);
  expect(shown(book)).toEqual([3, 6]);
  expect(book.firstErrorIndex()).toBe(0);
  book.filter(EVERYTHING);
  expect(shown(book)).toEqual([1, 2, 3, 4, 5, 6]);
});

test('gives the shown lines as text', () => {
  const book = aBook();
  book.filter({ levels: new Set(['INFO']), search: '' });
  expect(book.text()).toBe('Begin\nend\n');
});
