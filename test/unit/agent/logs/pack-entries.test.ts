import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FoldedLines, type KeptLine, LineFolder } from '../../../../src/agent/logs/fold-lines.ts';
import { LevelReader } from '../../../../src/agent/logs/level.ts';
import { scanLines } from '../../../../src/agent/logs/log-block.ts';
import { cutText, type PackedEntry, packEntries } from '../../../../src/agent/logs/pack-entries.ts';

const roomy = { entryBytes: 2000, maxEntries: 100 };

function line(seq: number, text: string, level: KeptLine['level'] = 'INFO'): KeptLine {
  return { seq, level, text };
}

function folded(kept: KeptLine[], changes: Partial<FoldedLines> = {}): FoldedLines {
  return { firstSeq: 1, lastSeq: kept.at(-1)?.seq ?? 0, kept, earlierErrors: [], ...changes };
}

describe('lines become entries', () => {
  test('of one level each, with what they tell', () => {
    const lines = [line(1, 'a'), line(2, 'b'), line(3, 'bad', 'ERROR'), line(4, 'hm', 'WARN'), line(5, 'c')];
    expect(packEntries(folded(lines), roomy)).toEqual([
      { level: 'INFO', text: 'a\nb', lastSeq: 2, leftOut: 0, errors: [] },
      { level: 'ERROR', text: 'bad', lastSeq: 3, leftOut: 0, errors: [3] },
      { level: 'WARN', text: 'hm', lastSeq: 4, leftOut: 0, errors: [] },
      { level: 'INFO', text: 'c', lastSeq: 5, leftOut: 0, errors: [] },
    ]);
  });

  test('of two levels together where entries are few, the gravest counts', () => {
    const lines = Array.from({ length: 40 }, (_, index) =>
      line(index + 1, `line ${index + 1}`, index % 2 === 0 ? 'INFO' : 'WARN'),
    );
    expect(packEntries(folded(lines), { entryBytes: 2000, maxEntries: 10 })).toEqual([
      { level: 'WARN', text: lines.map(({ text }) => text).join('\n'), lastSeq: 40, leftOut: 0, errors: [] },
    ]);
  });

  test('that say how many lines are missing, at the place of these, whatever the level', () => {
    const lines = [line(1, 'a'), line(3, 'bad', 'ERROR'), line(1004, 'worse', 'ERROR')];
    expect(packEntries(folded(lines, { lastSeq: 1010 }), roomy)).toEqual([
      { level: 'INFO', text: 'a\n… 1 line left out', lastSeq: 2, leftOut: 1, errors: [] },
      {
        level: 'ERROR',
        text: 'bad\n… 1,000 lines left out\nworse\n… 6 lines left out',
        lastSeq: 1010,
        leftOut: 1006,
        errors: [3, 1004],
      },
    ]);
  });

  test('that begin with the last ERROR lines nobody has seen, counted back', () => {
    const earlierErrors = [line(7, 'bad', 'ERROR'), line(9, 'x'.repeat(3000), 'ERROR')];
    const lines = folded([line(11, 'end')], { firstSeq: 11, lastSeq: 11, earlierErrors });
    expect(packEntries(lines, roomy)).toEqual([
      {
        level: 'ERROR',
        text: '… of the ERROR lines left out so far, the last:\nbad',
        lastSeq: 10,
        leftOut: -1,
        errors: [7],
      },
      {
        level: 'ERROR',
        text: `${'x'.repeat(1936)} … 1,064 bytes more`,
        lastSeq: 10,
        leftOut: 0,
        errors: [9],
      },
      { level: 'INFO', text: 'end', lastSeq: 11, leftOut: 0, errors: [] },
    ]);
  });

  test('of nothing are none', () => {
    expect(packEntries(folded([], { firstSeq: 5, lastSeq: 4 }), roomy)).toEqual([]);
  });

  test('keep the ERROR lines and the last lines longest', () => {
    const lines = Array.from({ length: 1000 }, (_, index) =>
      line(index + 1, `line ${index + 1}`, index === 500 ? 'ERROR' : 'INFO'),
    );
    const [entry, ...more] = packEntries(folded(lines), { entryBytes: 300, maxEntries: 1 });
    expect(more).toEqual([]);
    const shown = entry?.text.split('\n') ?? [];
    expect(shown).toContain('line 1');
    expect(shown).toContain('line 501');
    expect(shown.at(-1)).toBe('line 1000');
    expect(entry?.errors).toEqual([501]);
  });
});

describe('a line too long for an entry', () => {
  test('is cut between two characters, and what is missing is said', () => {
    const [entry] = packEntries(folded([line(1, 'ñ'.repeat(500))]), { entryBytes: 300, maxEntries: 5 });
    expect(entry).toEqual({
      level: 'INFO',
      text: `${'ñ'.repeat(118)} … 764 bytes more`,
      lastSeq: 1,
      leftOut: 1,
      errors: [],
    });
  });

  test.each([
    ['añ', 3, 'añ'],
    ['añ', 2, 'a'],
    ['añ', 1, 'a'],
    ['😀', 3, ''],
    ['abc', 0, ''],
    ['abc', -5, ''],
  ])('%j in %d bytes is %j', (text, bytes, expected) => {
    expect(cutText(text, bytes)).toBe(expected);
  });
});

test('control characters are shown as pictures, colours are left out, tabs stay', () => {
  const [entry] = packEntries(folded([line(1, '\u001b[31mred\u001b[0m\t\u0007\u0000\u007f\u009b')]), roomy);
  expect(entry?.text).toBe('red\t␇␀\ufffd\ufffd');
});

describe('whatever a robot prints', () => {
  const text = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('plain', 'WARN careful', 'ERROR broken', 'ñandú €', '') },
    {
      weight: 1,
      arbitrary: fc.integer({ min: 1, max: 9000 }).map((length) => `ERROR ${'y'.repeat(length)}`),
    },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 9000 }).map((length) => 'ñ'.repeat(length)) },
    { weight: 1, arbitrary: fc.constant('\u0007'.repeat(100)) },
  );
  /** Portions of blocks of lines: what waits at each look. */
  const looks = fc.array(fc.array(fc.array(text, { minLength: 1, maxLength: 80 }), { maxLength: 5 }), {
    minLength: 1,
    maxLength: 4,
  });
  const limits = fc.record({
    entryBytes: fc.integer({ min: 200, max: 3000 }),
    maxEntries: fc.integer({ min: 1, max: 12 }),
    headBytes: fc.integer({ min: 1, max: 8000 }),
    tailBytes: fc.integer({ min: 1, max: 8000 }),
  });

  test('what is shown and what is left out are all lines, in order, within the limits', () => {
    fc.assert(
      fc.property(looks, limits, (portions, { entryBytes, maxEntries, headBytes, tailBytes }) => {
        const folder = new LineFolder({ headBytes, tailBytes });
        let seq = 1;
        let toldBefore = 0;
        const entries: PackedEntry[] = [];
        for (const [index, blocks] of portions.entries()) {
          for (const texts of blocks) {
            // Each line bears its number, so it is known again where it is shown.
            const lines = texts.map((each, place) => `${each} #${seq + place}#`);
            const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
            const scan = scanLines(bytes, new LevelReader('stdout'));
            folder.add(
              { seq, timeMs: 0, stream: 'stdout', level: null, context: 'none', bytes, lines: scan.lines },
              scan,
            );
            seq += scan.lines;
          }
          const packed = packEntries(folder.take({ last: index === portions.length - 1 }), {
            entryBytes,
            maxEntries,
          });
          folder.noteShown(packed.flatMap(({ errors }) => errors));
          expect(packed.length).toBeLessThanOrEqual(maxEntries);
          for (const entry of packed) {
            expect(Buffer.byteLength(entry.text)).toBeLessThanOrEqual(entryBytes);
            expect(entry.lastSeq).toBeGreaterThanOrEqual(toldBefore);
            toldBefore = entry.lastSeq;
          }
          entries.push(...packed);
          expect(toldBefore).toBe(seq - 1);
        }
        const shown = entries.flatMap((entry) => numbersShown(entry.text));
        expect(new Set(shown).size).toBe(shown.length);
        const leftOut = entries.reduce((sum, entry) => sum + entry.leftOut, 0);
        expect(shown.length + leftOut).toBe(seq - 1);
        expect(isInOrder(entries)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

/** Numbers of the lines that a text shows whole. */
function numbersShown(text: string): number[] {
  return text.split('\n').flatMap((shown) => {
    const number = / #(\d+)#$/.exec(shown)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

/** But for the ERROR lines from before, which have a sentence of their own in front. */
function isInOrder(entries: readonly PackedEntry[]): boolean {
  const lines = entries.flatMap((entry) => entry.text.split('\n'));
  const earlier = lines.findIndex((shown) => shown.startsWith('… of the ERROR lines left out so far'));
  const parts = earlier === -1 ? [lines] : [lines.slice(0, earlier)];
  return parts.every((part) => {
    const numbers = numbersShown(part.join('\n'));
    return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
  });
}
