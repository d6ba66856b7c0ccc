import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LogBlock } from '../../../../src/agent/logs/log-block.ts';
import { readBlocks } from '../../../../src/agent/logs/read-run-log.ts';
import { RunLogWriter } from '../../../../src/agent/logs/run-log-file.ts';
import { formatHeader, MAX_HEADER_BYTES, parseHeader } from '../../../../src/agent/logs/run-log-format.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot run log é-'));
  path = join(dir, 'run.log');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

type Content = Omit<LogBlock, 'seq' | 'lines'>;

function contentOf(text: string, changes: Partial<Content> = {}): Content {
  return {
    timeMs: 1000,
    stream: 'stdout',
    level: null,
    context: 'none',
    bytes: Buffer.from(text),
    ...changes,
  };
}

/** Numbered by the writer, as the pipeline does. */
function append(writer: RunLogWriter, content: Content): LogBlock {
  const lines = content.bytes.toString('latin1').split('\n').length - 1;
  const block = { ...content, seq: writer.nextSeq, lines };
  writer.append(block);
  return block;
}

async function blocks(): Promise<LogBlock[]> {
  const found: LogBlock[] = [];
  for await (const block of readBlocks(path)) found.push(block);
  return found;
}

const contents = fc.array(
  fc.record({
    timeMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    stream: fc.constantFrom('stdout', 'stderr'),
    level: fc.constant(null),
    context: fc.constantFrom('none', 'traceback', 'after-warning', 'after-error'),
    bytes: fc
      .array(fc.oneof(fc.string(), fc.constantFrom('@ 1 1 stdout none 1 5', '@', 'ñ€😀', '')), {
        minLength: 1,
        maxLength: 5,
      })
      .map((lines) => Buffer.from(lines.map((line) => `${line.replaceAll('\n', ' ')}\n`).join(''))),
  } satisfies { [K in keyof Content]: unknown }),
  { maxLength: 8 },
);

describe('a run log', () => {
  test('gives back every block as it was written, whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(contents, async (list) => {
        rmSync(path, { force: true });
        const writer = new RunLogWriter(path);
        const written = list.map((content) => append(writer, content));
        writer.end(5);
        expect(await blocks()).toEqual(written);
      }),
      { numRuns: 60 },
    );
  });

  test('is a text that a person can read', () => {
    const writer = new RunLogWriter(path);
    append(writer, contentOf('one\ntwo\n', { context: 'traceback' }));
    append(writer, contentOf('mine\n', { stream: 'agent', level: 'WARN' }));
    writer.end(2000);
    expect(readFileSync(path, 'utf8')).toBe(
      '@ 1 1000 stdout traceback 2 8\none\ntwo\n@ 3 1000 agent WARN 1 5\nmine\n@ 4 2000 end none 0 0\n',
    );
  });

  test.skipIf(process.platform === 'win32')('is for its owner alone', () => {
    new RunLogWriter(path).end(0);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('that a crash cut off anywhere keeps its whole blocks and goes on behind them', async () => {
    const writer = new RunLogWriter(path);
    const written = [contentOf('one\ntwo\n'), contentOf('@ 9 9 stdout none 1 2\n'), contentOf('ñ\n')].map(
      (content) => append(writer, content),
    );
    writer.close();
    const whole = readFileSync(path);
    const ends = written.map((_, index) => {
      const headers = written.slice(0, index + 1).map((block) => ({ ...block, bytes: block.bytes.length }));
      return headers.reduce((sum, header) => sum + formatHeader(header).length + header.bytes, 0);
    });
    for (let size = 0; size <= whole.length; size++) {
      writeFileSync(path, whole.subarray(0, size));
      const kept = written.slice(0, ends.filter((end) => end <= size).length);
      const next = new RunLogWriter(path);
      expect(next.nextSeq).toBe(1 + kept.reduce((sum, block) => sum + block.lines, 0));
      const more = append(next, contentOf('later\n'));
      next.end(0);
      expect(await blocks()).toEqual([...kept, more]);
    }
  });

  test('that was ended can be gone on with', async () => {
    new RunLogWriter(path).end(0);
    const writer = new RunLogWriter(path);
    const block = append(writer, contentOf('one\n'));
    writer.end(0);
    expect([block.seq, await blocks()]).toEqual([1, [block]]);
  });

  test('takes nothing once it is ended, so that no other file gets it', () => {
    const writer = new RunLogWriter(path);
    writer.end(0);
    writer.end(0);
    const before = readFileSync(path, 'utf8');
    expect(() => append(writer, contentOf('late\n'))).toThrow('ended before');
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  test.runIf(process.platform === 'linux')('on a full disk tells so and counts its lines as used', () => {
    const writer = new RunLogWriter('/dev/full');
    expect(() => append(writer, contentOf('one\ntwo\n'))).toThrow(
      expect.objectContaining({ code: 'ENOSPC' }),
    );
    expect(writer.nextSeq).toBe(3);
    writer.close();
  });
});

describe('the line before a block', () => {
  test('of the largest numbers fits its bound and is read back', () => {
    const header = {
      seq: 999_999_999_999_999,
      timeMs: 999_999_999_999_999,
      stream: 'stderr',
      level: null,
      context: 'after-warning',
      lines: 9_999_999_999,
      bytes: 9_999_999_999,
    } as const;
    const line = formatHeader(header);
    expect(line.length).toBeLessThan(MAX_HEADER_BYTES);
    expect(parseHeader(line.trimEnd())).toEqual(header);
  });

  test.each([
    '',
    '@',
    'one',
    '@ 1 1 stdout none 1',
    '@ 1 1 stdout none 1 2 3',
    '@ 1 1 stdin none 1 2',
    '@ -1 1 stdout none 1 2',
    ' @ 1 1 stdout none 1 2',
    '@ 1 1 stdout none 1 99999999999999999999',
  ])('is not %j', (line) => {
    expect(parseHeader(line)).toBeUndefined();
  });

  test('that is damaged ends the log there', async () => {
    const writer = new RunLogWriter(path);
    const block = append(writer, contentOf('one\n'));
    writer.close();
    appendFileSync(path, 'x'.repeat(1000));
    expect(await blocks()).toEqual([block]);
  });
});
