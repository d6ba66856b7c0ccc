import { describe, expect, test } from 'vitest';
import { LevelReader } from '../../../../src/agent/logs/level.ts';
import { type LogBlock, linesOf, scanLines } from '../../../../src/agent/logs/log-block.ts';

function blockOf(text: string, changes: Partial<LogBlock> = {}): LogBlock {
  const bytes = Buffer.from(text);
  return {
    seq: 1,
    timeMs: Date.parse('2026-01-02T03:04:05.678Z'),
    stream: 'stdout',
    level: null,
    context: 'none',
    bytes,
    lines: text.split('\n').length - 1,
    ...changes,
  };
}

function scan(text: string) {
  return scanLines(Buffer.from(text), new LevelReader('stdout'));
}

describe('one pass over a block', () => {
  test('counts lines and levels and tells where the ERROR lines are', () => {
    const text = 'a\nERROR ñ\nWARN b\n\nERROR c\n';
    expect(scan(text)).toEqual({
      lines: 5,
      levels: [2, 1, 2],
      errors: [
        { line: 1, start: 2, end: 10 },
        { line: 4, start: 19, end: 26 },
      ],
    });
  });

  test('keeps the first 100 ERROR lines and the last 20', () => {
    const { errors, levels } = scan('ERROR x\n'.repeat(500));
    expect(levels).toEqual([0, 0, 500]);
    expect(errors.map(({ line }) => line)).toEqual([
      ...Array.from({ length: 100 }, (_, index) => index),
      ...Array.from({ length: 20 }, (_, index) => 480 + index),
    ]);
  });

  test('of nothing tells nothing', () => {
    expect(scan('')).toEqual({ lines: 0, levels: [0, 0, 0], errors: [] });
  });
});

describe('the lines of a block', () => {
  test('have numbers, time, level and text', () => {
    const time = '2026-01-02T03:04:05.678Z';
    expect(linesOf(blockOf('one\n\nERROR ñ\n', { seq: 41, stream: 'stderr' }))).toEqual([
      { seq: 41, time, stream: 'stderr', level: 'WARN', text: 'one' },
      { seq: 42, time, stream: 'stderr', level: 'WARN', text: '' },
      { seq: 43, time, stream: 'stderr', level: 'ERROR', text: 'ERROR ñ' },
    ]);
  });

  test('from a later one on have the levels that the lines before give them', () => {
    const text = 'Traceback (most recent call last):\n  File "a.py"\nKeyError: 1\nend\n';
    expect(linesOf(blockOf(text), 2).map(({ seq, level }) => [seq, level])).toEqual([
      [2, 'ERROR'],
      [3, 'ERROR'],
      [4, 'INFO'],
    ]);
  });

  test('go on with what the block before began', () => {
    expect(linesOf(blockOf('  File "a.py"\nKeyError: 1\nend\n', { context: 'traceback' }))).toMatchObject([
      { level: 'ERROR' },
      { level: 'ERROR' },
      { level: 'INFO' },
    ]);
  });

  test('of the agent have the level they were given', () => {
    const block = blockOf('ERROR is only a word here\n', { stream: 'agent', level: 'WARN' });
    expect(linesOf(block)).toMatchObject([{ stream: 'agent', level: 'WARN' }]);
  });
});
