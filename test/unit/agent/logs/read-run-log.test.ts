import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ReadRunLogOptions, readBlocks, readRunLog } from '../../../../src/agent/logs/read-run-log.ts';
import { RunLogWriter } from '../../../../src/agent/logs/run-log-file.ts';
import type { LogLine } from '../../../../src/shared/run.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-read-log-'));
  path = join(dir, 'run.log');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function append(writer: RunLogWriter, ...texts: string[]): void {
  for (const text of texts) {
    writer.append({
      seq: writer.nextSeq,
      timeMs: 0,
      stream: 'stdout',
      level: null,
      context: 'none',
      bytes: Buffer.from(text),
      lines: text.split('\n').length - 1,
    });
  }
}

function write(...texts: string[]): void {
  const writer = new RunLogWriter(path);
  append(writer, ...texts);
  writer.end(0);
}

async function read(options?: ReadRunLogOptions): Promise<string[]> {
  const lines: LogLine[] = [];
  for await (const portion of readRunLog(path, options)) lines.push(...portion);
  return lines.map(({ seq, text }) => `${seq} ${text}`);
}

describe('a log that has ended', () => {
  beforeEach(() => write('a\nb\n', 'c\n', 'd\ne\n'));

  test.each<[string, ReadRunLogOptions, string[]]>([
    ['whole', {}, ['1 a', '2 b', '3 c', '4 d', '5 e']],
    ['from a line in the middle of a block', { fromSeq: 2 }, ['2 b', '3 c', '4 d', '5 e']],
    ['from its last line', { fromSeq: 5 }, ['5 e']],
    ['from behind its end', { fromSeq: 6 }, []],
    ['by its last lines', { last: 2 }, ['4 d', '5 e']],
    ['by more last lines than it has', { last: 9 }, ['1 a', '2 b', '3 c', '4 d', '5 e']],
    ['by none of its lines', { last: 0 }, []],
  ])('is read %s', async (_name, options, expected) => {
    expect(await read(options)).toEqual(expected);
  });

  test('is read by blocks, the first cut where the lines begin', async () => {
    const found: unknown[] = [];
    for await (const { seq, lines, bytes } of readBlocks(path, { fromSeq: 2 })) {
      found.push([seq, lines, bytes.toString()]);
    }
    expect(found).toEqual([
      [2, 1, 'b\n'],
      [3, 1, 'c\n'],
      [4, 2, 'd\ne\n'],
    ]);
  });

  test('ends for who follows it too', async () => {
    const follow = { signal: new AbortController().signal, isLive: () => true };
    expect(await read({ follow })).toHaveLength(5);
  });
});

describe('a log of blocks larger than what is read at once', () => {
  test('is read whole', async () => {
    const texts = [1, 2, 3].map((part) => `${`${part} ${'x'.repeat(999)}`}\n`.repeat(400));
    write('first\n', ...texts, 'last\n');
    const lines = await read();
    expect(lines).toHaveLength(1202);
    expect([lines[0], lines.at(-1)]).toEqual(['1 first', '1202 last']);
    expect(lines.every((line) => / (first|last|[123] x{999})$/.test(line))).toBe(true);
  });
});

describe('a log that is not there', () => {
  test('has no lines', async () => {
    expect(await read()).toEqual([]);
  });

  test('has none for who follows a run that ends without one', async () => {
    const follow = { signal: new AbortController().signal, isLive: () => false };
    expect(await read({ follow })).toEqual([]);
  });

  test('that cannot be read is an error', async () => {
    path = dir;
    await expect(read()).rejects.toMatchObject({ code: 'EISDIR' });
  });
});

describe('who follows a log', () => {
  test('sees it from its making to its end, each line once', async () => {
    const seen: string[] = [];
    let wake = () => {};
    const reading = (async () => {
      const follow = { signal: new AbortController().signal, isLive: () => true };
      for await (const portion of readRunLog(path, { follow })) {
        seen.push(...portion.map(({ text }) => text));
        wake();
      }
    })();
    const until = async (count: number) => {
      while (seen.length < count) await new Promise<void>((resolve) => (wake = resolve));
    };
    const writer = new RunLogWriter(path);
    append(writer, 'one\n', 'two\n');
    await until(2);
    append(writer, 'three\n');
    await until(3);
    writer.end(0);
    await reading;
    expect(seen).toEqual(['one', 'two', 'three']);
  });

  test('sees a block only once it is whole, also one that a full disk took back meanwhile', async () => {
    write('one\n');
    const ended = readFileSync(path);
    const whole = '@ 2 0 stdout none 1 300\n';
    // Half of a block, longer than a header: read, and then taken back.
    writeFileSync(path, `${ended.subarray(0, ended.length - '@ 2 0 end none 0 0\n'.length)}`);
    const before = readFileSync(path);
    appendFileSync(path, `${whole}${'x'.repeat(200)}`);
    let looks = 0;
    const isLive = () => {
      looks++;
      if (looks === 3) {
        writeFileSync(path, before);
        appendFileSync(path, `@ 2 0 stdout none 2 303\nnew\n${'y'.repeat(298)}\n`);
      }
      return looks < 6;
    };
    const follow = { signal: new AbortController().signal, isLive };
    expect(await read({ follow })).toEqual(['1 one', '2 new', `3 ${'y'.repeat(298)}`]);
  });

  test('gets what is there and no more when it leaves', async () => {
    const writer = new RunLogWriter(path);
    append(writer, 'one\n');
    const leaving = new AbortController();
    const follow = { signal: leaving.signal, isLive: () => true };
    const seen: string[] = [];
    for await (const portion of readRunLog(path, { follow })) {
      seen.push(...portion.map(({ text }) => text));
      leaving.abort();
    }
    writer.close();
    expect(seen).toEqual(['one']);
  });

  test('ends when nobody writes it any more', async () => {
    const writer = new RunLogWriter(path);
    append(writer, 'one\n');
    let looks = 0;
    const follow = { signal: new AbortController().signal, isLive: () => ++looks < 3 };
    expect(await read({ follow })).toEqual(['1 one']);
    writer.close();
  });

  test('of its last lines sees those and what comes after', async () => {
    const writer = new RunLogWriter(path);
    append(writer, 'one\ntwo\nthree\n');
    const follow = { signal: new AbortController().signal, isLive: () => true };
    const seen: string[] = [];
    for await (const portion of readRunLog(path, { last: 1, follow })) {
      seen.push(...portion.map(({ text }) => text));
      if (seen.length === 1) append(writer, 'four\n');
      else writer.end(0);
    }
    expect(seen).toEqual(['three', 'four']);
  });
});
