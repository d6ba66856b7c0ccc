import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONTINUED, LineSplitter, MAX_LINE_BYTES } from '../../../../src/agent/process/line-splitter.ts';

function split(...chunks: (string | Buffer)[]): string {
  const splitter = new LineSplitter();
  const parts = chunks.map((chunk) => splitter.push(Buffer.from(chunk)));
  return Buffer.concat([...parts, splitter.end()]).toString();
}

/** The same bytes, cut at each of `cuts`. */
function splitAt(data: Buffer, cuts: number[]): string {
  const places = [0, ...cuts.map((cut) => cut % (data.length + 1)), data.length].sort((a, b) => a - b);
  return split(...places.slice(1).map((end, index) => data.subarray(places[index], end)));
}

describe('lines', () => {
  test.each([
    ['are given whole, however they arrive', ['ab', 'c\nd', 'e\n\nf'], 'abc\nde\n\nf\n'],
    ['may end with CR and LF, also in two portions', ['a\r\nb\r', '\nc\r\n'], 'a\nb\nc\n'],
    ['keep the last state of a progress bar', ['10 %\r50 %\r', '100 %\n', 'next\n'], '100 %\nnext\n'],
    ['keep a state that a CR follows', ['10 %\r50 %\r\r', '\n'], '50 %\n'],
    ['are not invented', ['', '\n', ''], '\n'],
    ['keep NUL, ESC and tabs', ['a\0b\u001b[31m\tc\n'], 'a\0b\u001b[31m\tc\n'],
  ])('%s', (_name, chunks, expected) => {
    expect(split(...chunks)).toBe(expected);
  });

  test('of invalid UTF-8 show replacement characters and lose no neighbour', () => {
    expect(split(Buffer.from([0x61, 0xff, 0x62, 0x0a, 0xc3, 0x0a, 0x63]))).toBe('a\ufffdb\n\ufffd\nc\n');
  });

  test('of many invalid bytes are no longer than others, and lose none', () => {
    const lines = split(Buffer.alloc(50_000, 0xff), 'end\nnext\n').split('\n').slice(0, -1);
    expect(lines.at(-1)).toBe('next');
    const pieces = lines
      .slice(0, -1)
      .map((line, index) => (index === 0 ? line : line.slice(CONTINUED.length)));
    expect(pieces.join('')).toBe(`${'\ufffd'.repeat(50_000)}end`);
    expect(lines.slice(1, -1).every((line) => line.startsWith(CONTINUED))).toBe(true);
    expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(MAX_LINE_BYTES + 3);
  });

  test('never part a character that arrives in two portions', () => {
    const bytes = Buffer.from('ñandú €\n');
    for (let at = 0; at <= bytes.length; at++) {
      expect(split(bytes.subarray(0, at), bytes.subarray(at))).toBe('ñandú €\n');
    }
  });

  test('of exactly 16 KB stay one, of a byte more become two, the second marked', () => {
    expect(split(`${'x'.repeat(MAX_LINE_BYTES)}\n`)).toBe(`${'x'.repeat(MAX_LINE_BYTES)}\n`);
    expect(split(`${'x'.repeat(MAX_LINE_BYTES)}y\n`)).toBe(`${'x'.repeat(MAX_LINE_BYTES)}\n${CONTINUED}y\n`);
  });

  test('that are too long lose nothing and no character is cut', () => {
    const text = 'añ€😀'.repeat(20_000);
    const pieces = split(text.slice(0, 70_001), text.slice(70_001)).split('\n').slice(0, -1);
    expect(pieces.map((piece, index) => (index === 0 ? piece : piece.slice(CONTINUED.length))).join('')).toBe(
      text,
    );
    expect(pieces.every((piece, index) => index === 0 || piece.startsWith(CONTINUED))).toBe(true);
    expect(Math.max(...pieces.map((piece) => Buffer.byteLength(piece)))).toBeLessThanOrEqual(
      MAX_LINE_BYTES + 3,
    );
  });
});

describe('whatever the portions', () => {
  const piece = fc.oneof(
    fc.constantFrom('\n', '\r', '\r\n', '\n\n', 'ñ', '😀', '…'),
    fc.string(),
    fc.constantFrom(
      'x'.repeat(MAX_LINE_BYTES - 1),
      'y'.repeat(MAX_LINE_BYTES + 1),
      'ñ'.repeat(MAX_LINE_BYTES),
    ),
  );
  const text = fc.array(
    fc.oneof(
      { weight: 8, arbitrary: piece },
      { weight: 1, arbitrary: fc.uint8Array() },
      { weight: 1, arbitrary: fc.constant(Buffer.alloc(MAX_LINE_BYTES, 0xe2)) },
    ),
    {
      maxLength: 12,
    },
  );

  test('the lines are the same', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 6 }), (parts, cuts) => {
        const data = Buffer.concat(parts.map((part) => Buffer.from(part)));
        expect(splitAt(data, cuts)).toBe(split(data));
      }),
      { numRuns: 300 },
    );
  });

  test('without CR every byte is kept', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 4 }), (parts, cuts) => {
        const whole = parts.join('').replaceAll('\r', '').replaceAll('…', '');
        const lines = splitAt(Buffer.from(whole), cuts);
        const expected = whole === '' || whole.endsWith('\n') ? whole : `${whole}\n`;
        expect(lines.replaceAll(`\n${CONTINUED}`, '')).toBe(Buffer.from(expected).toString());
      }),
      { numRuns: 200 },
    );
  });
});
