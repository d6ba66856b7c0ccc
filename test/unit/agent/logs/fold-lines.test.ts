import { describe, expect, test } from 'vitest';
import { LineFolder } from '../../../../src/agent/logs/fold-lines.ts';
import { LevelReader } from '../../../../src/agent/logs/level.ts';
import { type LogBlock, scanLines } from '../../../../src/agent/logs/log-block.ts';

/** Gives the folder blocks of lines, numbered through. */
function feeder(folder: LineFolder): (...lines: string[]) => void {
  let seq = 1;
  return (...lines) => {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const scan = scanLines(bytes, new LevelReader('stdout'));
    const block: LogBlock = {
      seq,
      timeMs: 0,
      stream: 'stdout',
      level: null,
      context: 'none',
      bytes,
      lines: scan.lines,
    };
    folder.add(block, scan);
    seq += scan.lines;
  };
}

function numbered(from: number, to: number, text = 'line'): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${text} ${from + index}`);
}

function seqs(lines: readonly { seq: number }[]): number[] {
  return lines.map(({ seq }) => seq);
}

const plenty = { headBytes: 1e6, tailBytes: 1e6 };

describe('lines that wait', () => {
  test('are all kept, once and in order, where there is room', () => {
    const folder = new LineFolder(plenty);
    const feed = feeder(folder);
    feed('one', 'ERROR two');
    feed('three');
    expect(folder.lines).toBe(3);
    expect(folder.take({ last: false })).toEqual({
      firstSeq: 1,
      lastSeq: 3,
      kept: [
        { seq: 1, level: 'INFO', text: 'one' },
        { seq: 2, level: 'ERROR', text: 'ERROR two' },
        { seq: 3, level: 'INFO', text: 'three' },
      ],
      earlierErrors: [],
    });
  });

  test('are taken once', () => {
    const folder = new LineFolder(plenty);
    const feed = feeder(folder);
    feed('one');
    folder.take({ last: false });
    expect(folder.lines).toBe(0);
    expect(folder.take({ last: true })).toEqual({ firstSeq: 2, lastSeq: 1, kept: [], earlierErrors: [] });
    feed('two');
    expect(folder.take({ last: false })).toMatchObject({ firstSeq: 2, lastSeq: 2, kept: [{ text: 'two' }] });
  });

  test('are the first and the last where there are many', () => {
    const folder = new LineFolder({ headBytes: 30, tailBytes: 30 });
    const feed = feeder(folder);
    for (let part = 0; part < 100; part++) feed(...numbered(part * 10 + 1, part * 10 + 10));
    const { firstSeq, lastSeq, kept } = folder.take({ last: false });
    expect([firstSeq, lastSeq]).toEqual([1, 1000]);
    expect(seqs(kept)).toEqual([1, 2, 3, 4, 5, 998, 999, 1000]);
  });
});

describe('ERROR lines', () => {
  const narrow = { headBytes: 10, tailBytes: 10 };

  test('are kept from the middle: the first 100 of the run', () => {
    const folder = new LineFolder(narrow);
    const feed = feeder(folder);
    for (let part = 0; part < 30; part++) feed('line', ...numbered(1, 9, 'ERROR'), 'line');
    const { kept } = folder.take({ last: false });
    expect(kept.filter(({ level }) => level === 'ERROR')).toHaveLength(100);
    feed('line', 'line', 'ERROR again', 'line', 'line');
    const later = folder.take({ last: false }).kept;
    expect(later.some(({ level }) => level === 'ERROR')).toBe(false);
  });

  test('of the last 20 are shown at the end, from before and from what waits', () => {
    const folder = new LineFolder(narrow);
    const feed = feeder(folder);
    feed(...numbered(1, 150, 'ERROR'));
    folder.noteShown(seqs(folder.take({ last: false }).kept));
    feed('line', 'line', ...numbered(151, 155, 'ERROR'), 'end');
    const { kept, earlierErrors } = folder.take({ last: true });
    const errors = [...earlierErrors, ...kept.filter(({ level }) => level === 'ERROR')];
    // The 150th was shown before, as the last line of its time.
    expect(errors.map(({ text }) => text)).toEqual([
      ...numbered(135, 149, 'ERROR'),
      ...numbered(151, 155, 'ERROR'),
    ]);
    expect(kept.at(-1)?.text).toBe('end');
  });

  test('that an entry had no room for are shown at the end', () => {
    const folder = new LineFolder(plenty);
    const feed = feeder(folder);
    feed(...numbered(1, 130, 'ERROR'));
    const { kept } = folder.take({ last: false });
    folder.noteShown(seqs(kept.slice(0, 115)));
    expect(folder.take({ last: true }).earlierErrors.map(({ text }) => text)).toEqual(
      numbered(116, 130, 'ERROR'),
    );
  });
});
