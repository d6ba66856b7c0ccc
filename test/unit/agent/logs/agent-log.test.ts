import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type AgentLogOptions,
  type OpenAgentLog,
  openAgentLog,
} from '../../../../src/agent/logs/agent-log.ts';
import { AgentError } from '../../../../src/shared/errors.ts';

let dir: string;
let path: string;
const logs: OpenAgentLog[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot agent log é-'));
  path = join(dir, 'logs', 'agent.log');
});
afterEach(() => {
  for (const log of logs.splice(0)) log.close();
  rmSync(dir, { recursive: true, force: true });
});

function open(changes: Partial<AgentLogOptions> = {}): OpenAgentLog {
  const now = () => Date.parse('2026-01-02T03:04:05.678Z');
  const log = openAgentLog({ path, level: 'debug', now, ...changes });
  logs.push(log);
  return log;
}

function entries(file = path): unknown[] {
  const text = readFileSync(file, 'utf8');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** Of all files, the oldest first. */
function everything(keep: number): unknown[] {
  const files = Array.from({ length: keep }, (_, index) => `${path}.${keep - index}`).filter(existsSync);
  return [...files, path].flatMap((file) => entries(file));
}

describe('an entry', () => {
  test('is a line of JSON with time, level, sentence and fields, written at once', () => {
    const log = open();
    log.info('Run ended', { runId: 'r', durationMs: 12, code: null, none: undefined });
    log.error('Disk is full');
    const time = '2026-01-02T03:04:05.678Z';
    expect(entries()).toEqual([
      { time, level: 'info', message: 'Run ended', runId: 'r', durationMs: 12, code: null },
      { time, level: 'error', message: 'Disk is full' },
    ]);
  });

  test('keeps its own time, level and sentence whatever the fields are called', () => {
    open().warn('Robot failed', { time: 1, level: 'loud', message: 'no disk', stack: 's', cause: 'c' });
    expect(entries()).toEqual([
      {
        time: '2026-01-02T03:04:05.678Z',
        level: 'warn',
        message: 'Robot failed',
        fieldTime: 1,
        fieldLevel: 'loud',
        reason: 'no disk',
        stack: 's',
        cause: 'c',
      },
    ]);
  });

  test('shows errors, large integers and percent signs as they are', () => {
    open().warn('At 100 %d', {
      error: new TypeError('no'),
      agentError: new AgentError('CONFLICT', 'Two at once.', { hint: 'Wait.' }),
      size: 2n ** 60n,
    });
    expect(entries()).toMatchObject([
      {
        message: 'At 100 %d',
        error: { name: 'TypeError', message: 'no', stack: expect.stringContaining('TypeError: no') },
        agentError: { code: 'CONFLICT', message: 'Two at once.', hint: 'Wait.' },
        size: '1152921504606846976',
      },
    ]);
  });

  test('of fields that refer to themselves is written without them', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    open().info('Round', { circle });
    expect(entries()).toMatchObject([{ message: 'Round', fields: expect.stringContaining('not writable') }]);
  });

  test('below the level is not written', () => {
    const log = open({ level: 'warn' });
    for (const level of ['error', 'warn', 'info', 'debug'] as const) log[level]('x');
    expect(entries()).toMatchObject([{ level: 'error' }, { level: 'warn' }]);
  });

  test('after the end is lost, and disturbs nobody', () => {
    const log = open();
    log.info('one');
    log.close();
    log.info('two');
    log.close();
    expect(entries()).toMatchObject([{ message: 'one' }]);
  });
});

describe('a secret', () => {
  test('is masked in sentence, field and error, also with its quotes escaped', () => {
    const secret = 'pa"ss\\word';
    const log = open({ secrets: [secret] });
    log.info(`Signed in with ${secret}`, { header: `Basic ${secret}`, error: new Error(secret) });
    const text = readFileSync(path, 'utf8');
    expect(text).not.toContain('word');
    expect(entries()).toMatchObject([{ message: 'Signed in with ***', header: 'Basic ***' }]);
  });

  test('that becomes known later is masked from then on, the first ones too', () => {
    const log = open({ secrets: ['first-secret'] });
    log.addSecrets(['later-secret']);
    log.info('x', { a: 'first-secret', b: 'later-secret' });
    expect(entries()).toMatchObject([{ a: '***', b: '***' }]);
  });
});

describe('the file', () => {
  test.skipIf(process.platform === 'win32')('is for its owner alone, the rotated ones too', () => {
    const log = open({ maxBytes: 100 });
    for (let index = 0; index < 3; index++) log.info('One line of the diary', { index });
    const modes = readdirSync(join(dir, 'logs')).map(
      (name) => statSync(join(dir, 'logs', name)).mode & 0o777,
    );
    expect(modes).toEqual([0o600, 0o600, 0o600]);
  });

  test('goes on where an earlier agent left it', () => {
    open().info('one');
    open().info('two');
    expect(entries()).toMatchObject([{ message: 'one' }, { message: 'two' }]);
  });

  test('loses no line of a burst over many rotations, and none is cut', () => {
    const log = open({ maxBytes: 5000, keep: 1000 });
    for (let index = 0; index < 5000; index++) log.info('Burst', { index });
    const found = everything(1000);
    expect(found).toHaveLength(5000);
    expect(found.map((entry) => (entry as { index: number }).index)).toEqual(
      Array.from({ length: 5000 }, (_, index) => index),
    );
    expect(readdirSync(join(dir, 'logs')).length).toBeGreaterThan(50);
    expect(statSync(path).size).toBeLessThanOrEqual(5000);
  });

  test('is kept with so many before it, the newest as .1', () => {
    const log = open({ maxBytes: 100, keep: 2 });
    for (let index = 0; index < 10; index++) log.info('One line of the diary', { index });
    expect(readdirSync(join(dir, 'logs')).sort()).toEqual(['agent.log', 'agent.log.1', 'agent.log.2']);
    expect(everything(2)).toMatchObject([{ index: 7 }, { index: 8 }, { index: 9 }]);
  });

  test('takes a line that is longer than a file may be', () => {
    const log = open({ maxBytes: 100, keep: 3 });
    log.info('x'.repeat(500));
    log.info('short');
    expect(everything(3)).toMatchObject([{ message: 'x'.repeat(500) }, { message: 'short' }]);
  });

  test('that cannot be rotated grows, and loses nothing', () => {
    const log = open({ maxBytes: 100, keep: 1 });
    // A folder with something in it stands where the rotated file should go.
    mkdirSync(join(`${path}.1`, 'full'), { recursive: true });
    for (let index = 0; index < 20; index++) log.info('One line of the diary', { index });
    expect(entries()).toHaveLength(20);
    rmSync(`${path}.1`, { recursive: true });
    for (let index = 20; index < 23; index++) log.info('One line of the diary', { index });
    expect(everything(1).length).toBeGreaterThan(1);
    expect(entries().length).toBeLessThan(5);
    expect(everything(1).at(-1)).toMatchObject({ index: 22 });
  });

  test.skipIf(process.platform === 'win32')('that somebody removed comes back with the next rotation', () => {
    const log = open({ maxBytes: 100, keep: 1 });
    log.info('One line of the diary');
    rmSync(join(dir, 'logs'), { recursive: true });
    log.info('Another line of the diary, in a folder that is gone');
    mkdirSync(join(dir, 'logs'));
    chmodSync(join(dir, 'logs'), 0o700);
    for (let index = 0; index < 3; index++) log.info('One line of the diary', { index });
    expect(entries()).toMatchObject([{ index: 2 }]);
  });

  test.runIf(process.platform === 'linux')('on a full disk costs its lines, not the agent', () => {
    const log = open({ path: '/dev/full' });
    expect(() => log.info('one')).not.toThrow();
  });
});
