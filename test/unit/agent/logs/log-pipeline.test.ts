import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlockScan, LogBlock } from '../../../../src/agent/logs/log-block.ts';
import { createRunLog, type RunLog, type RunLogOptions } from '../../../../src/agent/logs/log-pipeline.ts';
import { readRunLog } from '../../../../src/agent/logs/read-run-log.ts';
import { CONTINUED, MAX_LINE_BYTES } from '../../../../src/agent/process/line-splitter.ts';
import type { LogLine } from '../../../../src/shared/run.ts';

let dir: string;
let path: string;
let nowMs: number;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-pipeline-'));
  path = join(dir, 'run.log');
  nowMs = Date.parse('2026-01-02T03:04:05.000Z');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function open(changes: Partial<RunLogOptions> = {}): RunLog {
  return createRunLog({ path, secrets: [], now: () => nowMs, ...changes });
}

async function lines(): Promise<LogLine[]> {
  const found: LogLine[] = [];
  for await (const portion of readRunLog(path)) found.push(...portion);
  return found;
}

async function texts(): Promise<string[]> {
  return (await lines()).map(({ text }) => text);
}

describe('the output of a robot', () => {
  test('is in the log by lines, with stream, level and the time of its arrival', async () => {
    const log = open();
    log.write('stdout', Buffer.from('one\nWARN two\n'));
    nowMs += 1000;
    log.write('stderr', Buffer.from('three\n'));
    log.end();
    const [time, later] = ['2026-01-02T03:04:05.000Z', '2026-01-02T03:04:06.000Z'];
    expect(await lines()).toEqual([
      { seq: 1, time, stream: 'stdout', level: 'INFO', text: 'one' },
      { seq: 2, time, stream: 'stdout', level: 'WARN', text: 'WARN two' },
      { seq: 3, time: later, stream: 'stderr', level: 'WARN', text: 'three' },
    ]);
    expect(log.counters).toEqual({ lines: 3, bytes: 'one\nWARN two\nthree\n'.length });
  });

  test('keeps the order of arrival between the streams', async () => {
    const log = open();
    for (const [index, stream] of (['stdout', 'stderr', 'stderr', 'stdout', 'stderr'] as const).entries()) {
      log.write(stream, Buffer.from(`${index}\n`));
    }
    log.end();
    expect(await texts()).toEqual(['0', '1', '2', '3', '4']);
  });

  test('without an end of line waits for it, and is written at the end', async () => {
    const log = open();
    log.write('stdout', Buffer.from('out'));
    log.write('stderr', Buffer.from('err'));
    log.flush();
    expect(log.counters.lines).toBe(0);
    log.end();
    expect(await texts()).toEqual(['out', 'err']);
  });

  test('is in the file, also its unended last line, once the robot has ended; the agent may say more', async () => {
    const log = open({ secrets: ['secret-value'] });
    log.write('stdout', Buffer.from('one\ntwo: secret'));
    log.endOutput();
    expect(await texts()).toEqual(['one', 'two: secret']);
    log.agentLine('INFO', 'It ended.');
    log.end();
    expect(await texts()).toEqual(['one', 'two: secret', 'It ended.']);
  });

  test('is written by itself soon after it came', async () => {
    const written = Promise.withResolvers<LogBlock>();
    const log = open({ onBlock: written.resolve });
    log.write('stdout', Buffer.from('one\n'));
    expect((await written.promise).bytes.toString()).toBe('one\n');
    log.end();
  });

  test('of many small writes becomes few blocks', () => {
    const blocks: LogBlock[] = [];
    const log = open({ onBlock: (block) => blocks.push(block) });
    for (let index = 0; index < 1000; index++) log.write('stdout', Buffer.from(`line ${index}\n`));
    log.end();
    expect(blocks.length).toBeLessThan(100);
    expect(blocks.reduce((sum, { lines: count }) => sum + count, 0)).toBe(1000);
  });

  test('that a pipe brings is in the log when the pipe has ended', async () => {
    const log = open();
    const pipe = new PassThrough();
    log.attach(pipe, 'stderr');
    pipe.write('one\n');
    pipe.end('two');
    await new Promise((resolve) => pipe.once('close', resolve));
    log.end();
    expect((await lines()).map(({ stream, text }) => [stream, text])).toEqual([
      ['stderr', 'one'],
      ['stderr', 'two'],
    ]);
  });

  test('whose pipe breaks is kept as far as it came, and the break is said', async () => {
    const log = open();
    const pipe = new PassThrough();
    log.attach(pipe, 'stdout');
    pipe.write('one\n');
    await new Promise((resolve) => setImmediate(resolve));
    pipe.destroy(new Error('EIO'));
    await new Promise((resolve) => pipe.once('close', resolve));
    log.end();
    expect(await texts()).toEqual(['one', 'stdout broke off: EIO']);
  });
});

describe('lines that are not plain', () => {
  test('longer than 16 KB go on as marked lines, nothing lost', async () => {
    const log = open();
    const text = 'añ€😀'.repeat(10_000);
    log.write('stdout', Buffer.from(`${text}\nnext\n`));
    log.end();
    const found = await texts();
    expect(found.at(-1)).toBe('next');
    const [first = '', ...more] = found.slice(0, -1);
    expect(more.length).toBeGreaterThan(4);
    expect(more.every((line) => line.startsWith(CONTINUED))).toBe(true);
    expect(first + more.map((line) => line.slice(CONTINUED.length)).join('')).toBe(text);
    const longest = Math.max(...found.map((line) => Buffer.byteLength(line)));
    expect(longest).toBeLessThanOrEqual(MAX_LINE_BYTES + Buffer.byteLength(CONTINUED));
  });

  test('of a progress bar show its last state alone', async () => {
    const log = open();
    for (let percent = 0; percent <= 100; percent++) log.write('stderr', Buffer.from(`\r${percent} %`));
    log.write('stderr', Buffer.from('\ndone\r\n'));
    log.end();
    expect(await texts()).toEqual(['100 %', 'done']);
  });

  test('of bytes that are no UTF-8 show replacement characters', async () => {
    const log = open();
    log.write('stdout', Buffer.from([0x61, 0xff, 0x62, 0x0a, 0xe2, 0x82]));
    log.write('stdout', Buffer.from([0x0a, 0xe2]));
    log.write('stdout', Buffer.from([0x82, 0xac, 0x0a]));
    log.end();
    expect(await texts()).toEqual(['a\ufffdb', '\ufffd', '€']);
  });
});

describe('a secret', () => {
  const secrets = ['hunter2-secret', 'other-secret'];

  test('is in neither file nor block, in whatever portions it came and from whom', () => {
    const blocks: Buffer[] = [];
    const log = open({ secrets, onBlock: ({ bytes }) => blocks.push(bytes) });
    log.write('stdout', Buffer.from('a hunter2-'));
    log.flush();
    log.write('stderr', Buffer.from('between\n'));
    log.write('stdout', Buffer.from('secret b\n'));
    log.agentLine('ERROR', 'The robot said other-secret.');
    log.write('stderr', Buffer.from(`${'x'.repeat(MAX_LINE_BYTES - 5)}hunter2-secret\n`));
    log.end();
    const whole = `${readFileSync(path, 'utf8')}${Buffer.concat(blocks)}`;
    for (const secret of secrets) expect(whole).not.toContain(secret.slice(0, 8));
    expect(Buffer.concat(blocks).toString()).toBe(
      `between\na *** b\nThe robot said ***.\n${'x'.repeat(MAX_LINE_BYTES - 5)}***\n`,
    );
  });

  test('that only began is written at the end', async () => {
    const log = open({ secrets });
    log.write('stdout', Buffer.from('hunter2-s'));
    log.end();
    expect(await texts()).toEqual(['hunter2-s']);
  });
});

describe('a secret that a robot announces', () => {
  test('is masked in both streams and in lines of the agent, and the announcing line is in no log', async () => {
    const log = open();
    log.write('stderr', Buffer.from('waits '));
    log.write('stdout', Buffer.from('one\n::add-mask::tok-4711\n'));
    log.write('stderr', Buffer.from('tok-4711\n'));
    log.write('stdout', Buffer.from('::add-mask::admin\nadmin\n'));
    log.agentLine('INFO', 'It said tok-4711.');
    log.end();
    expect((await lines()).map(({ seq, level, text }) => [seq, level, text])).toEqual([
      [1, 'INFO', 'one'],
      [2, 'WARN', 'waits ***'],
      [3, 'WARN', 'A value announced by ::add-mask:: has fewer than 6 bytes; it is not masked.'],
      [4, 'INFO', 'admin'],
      [5, 'INFO', 'It said ***.'],
    ]);
  });
});

describe('a line of the agent', () => {
  test('stands behind what the robot wrote before, with its own level', async () => {
    const scans: BlockScan[] = [];
    const log = open({ onBlock: (_block, scan) => scans.push(scan) });
    log.write('stdout', Buffer.from('robot\n'));
    log.agentLine('ERROR', 'one\ntwo');
    log.agentLine('INFO', 'ERROR is but a word');
    log.end();
    expect((await lines()).map(({ stream, level, text }) => [stream, level, text])).toEqual([
      ['stdout', 'INFO', 'robot'],
      ['agent', 'ERROR', 'one'],
      ['agent', 'ERROR', 'two'],
      ['agent', 'INFO', 'ERROR is but a word'],
    ]);
    expect(scans.slice(1)).toEqual([
      {
        lines: 2,
        levels: [0, 0, 2],
        errors: [
          { line: 0, start: 0, end: 3 },
          { line: 1, start: 4, end: 7 },
        ],
      },
      { lines: 1, levels: [1, 0, 0], errors: [] },
    ]);
  });
});

describe('a log that goes on after a crash', () => {
  test('numbers its lines behind those that are there', async () => {
    const first = open();
    first.write('stdout', Buffer.from('one\ntwo\n'));
    first.flush();
    const second = open();
    second.agentLine('WARN', 'three');
    second.end();
    first.end();
    expect((await lines()).map(({ seq, text }) => [seq, text])).toEqual([
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ]);
    expect(second.counters.lines).toBe(3);
  });
});

describe.runIf(process.platform === 'linux')('a full disk', () => {
  test('is told once, and the lines go on to who listens', () => {
    const failures: string[] = [];
    const blocks: LogBlock[] = [];
    const log = open({
      path: '/dev/full',
      onBlock: (block) => blocks.push(block),
      onFailure: ({ code, message }) => failures.push(`${code} ${message}`),
    });
    log.agentLine('INFO', 'one');
    log.agentLine('INFO', 'two');
    log.end();
    expect(failures).toEqual(['DISK_FULL The run log /dev/full could not be written: the disk is full.']);
    expect(log.failure?.code).toBe('DISK_FULL');
    expect(blocks.map(({ seq, bytes }) => [seq, bytes.toString()])).toEqual([
      [1, 'one\n'],
      [2, 'two\n'],
    ]);
  });
});

test('whatever two streams write, the file and the listener have each line once, in order, numbered through', async () => {
  const piece = fc.oneof(
    fc.constantFrom('\n', 'a\n', 'ñ', '😀\n', '\r', 'b\r', 'x'.repeat(20_000), 'secret-1', 'sec', 'ret-1'),
    fc.string({ maxLength: 20 }),
  );
  const writes = fc.array(
    fc.record({ stream: fc.constantFrom('stdout', 'stderr'), text: piece, flush: fc.boolean() }),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(writes, async (list) => {
      rmSync(path, { force: true });
      const blocks: LogBlock[] = [];
      const log = open({ secrets: ['secret-1'], onBlock: (block) => blocks.push(block) });
      for (const { stream, text, flush } of list) {
        const chunk = Buffer.from(text);
        log.write(stream, chunk);
        if (chunk.length < MAX_LINE_BYTES) chunk.fill('!');
        if (flush) log.flush();
      }
      log.end();
      const found = await lines();
      expect(found.map(({ seq }) => seq)).toEqual(found.map((_, index) => index + 1));
      expect(log.counters.lines).toBe(found.length);
      for (const stream of ['stdout', 'stderr'] as const) {
        const written = list.flatMap((write) => (write.stream === stream ? [write.text] : [])).join('');
        const kept = found.filter((line) => line.stream === stream);
        expect(kept.map(({ text }) => text)).toEqual(expectedLines(written));
        const offered = blocks.flatMap((block) => (block.stream === stream ? [block.bytes] : []));
        expect(Buffer.concat(offered).toString()).toBe(kept.map(({ text }) => `${text}\n`).join(''));
      }
    }),
    { numRuns: 150 },
  );
});

describe('a log that has reached what it may hold', () => {
  test('goes on counting and offering lines, keeps those from before, and says how many it left out', async () => {
    const offered: number[] = [];
    const log = open({ maxBytes: 150, onBlock: ({ seq }) => offered.push(seq) });
    for (const text of ['first\n', `${'x'.repeat(200)}\ntwo\n`, 'three\n']) {
      log.write('stdout', Buffer.from(text));
      log.flush();
    }
    log.end();
    expect((await lines()).map(({ seq, level, text }) => [seq, level, text])).toEqual([
      [1, 'INFO', 'first'],
      [
        5,
        'WARN',
        '3 lines of the robot are left out of the run log, which may hold 150 bytes (runLogMaxBytes).',
      ],
    ]);
    expect([offered, log.counters.lines]).toEqual([[1, 2, 4, 5], 5]);
  });
});

/** Masked and split the plain way: what a CR starts anew is gone, but for what was too long to wait. */
function expectedLines(written: string): string[] {
  const parts = written.replaceAll('secret-1', '***').split('\n');
  if (parts.at(-1) === '') parts.pop();
  return parts.flatMap((line) => {
    const given: string[] = [];
    let state = '';
    for (const text of line.split('\r').filter((part) => part !== '')) {
      const pieces = cutPlainly(text);
      state = pieces.pop() ?? '';
      given.push(...pieces);
    }
    return [...given, state].map((text, index) => (index === 0 ? text : CONTINUED + text));
  });
}

function cutPlainly(line: string): string[] {
  const pieces = [''];
  let bytes = 0;
  for (const character of line) {
    bytes += Buffer.byteLength(character);
    if (bytes > MAX_LINE_BYTES) {
      pieces.push('');
      bytes = Buffer.byteLength(character);
    }
    pieces[pieces.length - 1] += character;
  }
  return pieces;
}
