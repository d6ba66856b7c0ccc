import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogLine, RunDetails } from '../../../src/shared/run.ts';
import { type Lab, type LabTask, nodeRobot, startLab } from '../../helpers/lab.ts';
import { kubot } from '../cli/kubot.ts';
import { entriesOf, linesTold } from './told.ts';

const LINES = 100_000;
const ERRORS_AT = [1, 777, 33_333, 50_000, 50_001, 66_666, 99_998];
const SECRET = 'correct horse\nbattery staple';

/** Prints as fast as it can; its writes end anywhere in a line. */
const LOUD = nodeRobot(`
  import { writeSync } from 'node:fs';
  const errors = new Set(${JSON.stringify(ERRORS_AT)});
  let text = '';
  for (let n = 1; n <= ${LINES}; n++) text += (errors.has(n) ? 'ERROR bad row ' : 'row ') + n + '\\n';
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at, Math.min(65_521, bytes.length - at));
`);

const ODD = nodeRobot(`
  const pause = () => new Promise((go) => setTimeout(go, 60));
  async function write(...parts) {
    for (const part of parts) {
      process.stdout.write(part);
      await pause();
    }
  }
  const accent = Buffer.from('ñandú €');
  await write('plain\\n');
  for (const byte of accent) await write(Buffer.of(byte));
  await write('\\n');
  await write(Buffer.from([0x66, 0xff, 0xfe, 0x67, 0x0a]));
  await write('10 %\\r', '50 %\\r', '100 %\\r\\ndone\\r\\n');
  await write('0123456789abcdef'.repeat(2500) + '\\n');
  await write('€'.repeat(12_000) + '\\n');
  await write('no end of line');
`);

const SECRETIVE = nodeRobot(
  `
  const pause = () => new Promise((go) => setTimeout(go, 60));
  const { DB_PASSWORD, PLAIN, KUFLOW_API_TOKEN } = process.env;
  for (const part of ['the password is ' + DB_PASSWORD.slice(0, 7), DB_PASSWORD.slice(7), ', see?\\n']) {
    process.stdout.write(part);
    await pause();
  }
  console.log('plain ' + PLAIN);
  console.error('token ' + KUFLOW_API_TOKEN);
  // More than a task's log may hold, so there is a document too.
  for (let n = 0; n < 60_000; n++) console.log('again: ' + DB_PASSWORD);
`,
  { environmentVariables: { DB_PASSWORD: SECRET, PLAIN: 'nothing to hide' } },
);

let lab: Lab;
let runs: Record<'LOUD' | 'ODD' | 'SECRETIVE', { run: RunDetails; task: LabTask; lines: LogLine[] }>;

beforeAll(async () => {
  lab = await startLab({ robots: { LOUD, ODD, SECRETIVE }, settings: { maxConcurrentRuns: 3 } });
  const [loud, odd, secretive] = await Promise.all([ended('LOUD'), ended('ODD'), ended('SECRETIVE')]);
  runs = { LOUD: loud, ODD: odd, SECRETIVE: secretive };
});

afterAll(() => lab.close());

async function ended(code: string) {
  const { id } = await lab.task(code);
  const run = await lab.until(id, 'ended');
  const lines: LogLine[] = [];
  for await (const line of lab.agent.handlers.logs({ id: run.id, follow: false })) lines.push(line);
  return { run, task: await lab.task(id), lines };
}

/** What the robot itself printed. */
const printed = (lines: readonly LogLine[]) =>
  lines.filter(({ stream }) => stream !== 'agent').map(({ text }) => text);

/** Where two long lists part; a comparison by the test's own means would print both. */
function firstDifference(found: readonly unknown[], expected: readonly unknown[]): unknown {
  for (let index = 0; index < Math.max(found.length, expected.length); index++) {
    if (isDeepStrictEqual(found[index], expected[index])) continue;
    return { index, found: found[index], expected: expected[index] };
  }
  return null;
}

async function documentOf(run: RunDetails): Promise<string> {
  return gunzipSync(await lab.document(run.processId ?? '', run.log.documentUri ?? '')).toString();
}

describe('a robot that prints 100,000 lines', () => {
  const leftOut = /^… ([\d,]+) lines? left out$/;

  test('tells its task in entries that are few and bounded, each of them once', () => {
    const { run, task } = runs.LOUD;
    const entries = entriesOf(task, run);
    expect(entries.map(({ number }) => number)).toEqual(entries.map((_, index) => index + 1));
    expect(entries.length).toBe(run.log.entriesSent);
    expect(entries.length).toBeLessThanOrEqual(200);
    const sizes = task.entries.map(({ message }) => Buffer.byteLength(message));
    expect(Math.max(...sizes.slice(0, -1))).toBeLessThanOrEqual(2048);
    expect(sizes.at(-1)).toBeLessThanOrEqual(8192);
  });

  test('shows the first, the last and the ERROR lines, in order', () => {
    const { run, task } = runs.LOUD;
    const told = linesTold(task, run);
    const rows = told.flatMap((line) => /^(?:row|ERROR bad row) (\d+)$/.exec(line)?.[1] ?? []).map(Number);
    expect(rows).toEqual(rows.toSorted((a, b) => a - b));
    expect(new Set(rows).size).toBe(rows.length);
    expect(rows.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
    expect(rows.slice(-100)).toEqual(Array.from({ length: 100 }, (_, index) => LINES - 99 + index));
    expect(told.filter((line) => line.startsWith('ERROR'))).toEqual(
      ERRORS_AT.map((row) => `ERROR bad row ${row}`),
    );
    for (const row of ERRORS_AT) {
      const entry = entriesOf(task, run).find(({ text }) =>
        text.split('\n').includes(`ERROR bad row ${row}`),
      );
      expect(entry?.level).toBe('ERROR');
    }
  });

  test('counts what it leaves out: shown and left out are all', () => {
    const { run, task } = runs.LOUD;
    const told = linesTold(task, run);
    const gaps = told.flatMap((line) => leftOut.exec(line)?.[1]?.replaceAll(',', '') ?? []).map(Number);
    const shown = told.filter((line) => !leftOut.test(line)).length;
    const sum = gaps.reduce((total, count) => total + count, 0);
    expect(run.log).toMatchObject({ lines: shown + sum, linesLeftOut: sum });
    // The agent's own first and last line are lines of the log too.
    expect(run.log.lines).toBe(LINES + 2);
    expect(task.entries.at(-1)?.message).toContain(
      `${run.log.lines.toLocaleString('en')} lines, ${sum.toLocaleString('en')} of them left out here.`,
    );
  });

  test('has all of it in the document that the last entry names', async () => {
    const { run, task } = runs.LOUD;
    const lines = (await documentOf(run)).trimEnd().split('\n');
    const expected = runs.LOUD.lines.map(
      ({ time, level, stream, text }) => `${time} ${level.padEnd(5)} ${stream} ${text}`,
    );
    expect(firstDifference(lines, expected)).toBeNull();
    expect(task.entries.at(-1)?.message).toContain(`The whole log: ${run.log.documentUri} (kept 24 h`);
  });

  test('is whole on the host: kubot logs', async () => {
    const { run } = runs.LOUD;
    const { code, stdout } = await kubot(['logs', run.id.slice(-8), '--json'], { KUBOT_HOME: lab.home });
    expect(code).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as LogLine);
    expect(firstDifference(lines, runs.LOUD.lines)).toBeNull();
    const rows = Array.from({ length: LINES }, (_, index) => index + 1);
    const expected = rows.map((row) => (ERRORS_AT.includes(row) ? `ERROR bad row ${row}` : `row ${row}`));
    expect(firstDifference(printed(lines), expected)).toBeNull();
    expect(lines.filter(({ level }) => level === 'ERROR')).toHaveLength(ERRORS_AT.length);
  });
});

describe('a robot with odd output', () => {
  test('keeps characters whole, replaces what is none, folds a progress bar, ends its last line', () => {
    const lines = printed(runs.ODD.lines);
    expect(lines.slice(0, 5)).toEqual(['plain', 'ñandú €', 'f\ufffd\ufffdg', '100 %', 'done']);
    expect(lines.at(-1)).toBe('no end of line');
  });

  test('has its long lines continued, each part marked, nothing dropped, no character split', () => {
    const long = printed(runs.ODD.lines).slice(5, -1);
    const ascii = long.slice(0, 3);
    const euros = long.slice(3);
    expect(ascii.map((line) => line.startsWith('…'))).toEqual([false, true, true]);
    expect(ascii.map((line) => line.replace(/^…/, '')).join('')).toBe('0123456789abcdef'.repeat(2500));
    expect(euros.map((line) => line.startsWith('…'))).toEqual([false, true, true]);
    expect(euros.map((line) => line.replace(/^…/, '')).join('')).toBe('€'.repeat(12_000));
    for (const line of long) expect(Buffer.byteLength(line.replace(/^…/, ''))).toBeLessThanOrEqual(16 * 1024);
  });
});

describe('a robot that prints its secrets', () => {
  test('shows them nowhere: run log, task, document', async () => {
    const { run, task, lines } = runs.SECRETIVE;
    const places = {
      file: readFileSync(join(lab.home, 'runs', run.id, 'run.log'), 'utf8'),
      task: JSON.stringify(task.entries),
      document: await documentOf(run),
    };
    for (const text of Object.values(places)) {
      for (const part of SECRET.split('\n')) expect(text).not.toContain(part);
      expect(text).toContain('***');
      expect(text).toContain('nothing to hide');
    }
    expect([...new Set(printed(lines))].sort()).toEqual([
      'again: ***',
      'plain nothing to hide',
      'the password is ***, see?',
      'token ***',
    ]);
    expect(run.log.linesLeftOut).toBeGreaterThan(0);
  });
});
