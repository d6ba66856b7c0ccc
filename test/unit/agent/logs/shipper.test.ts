import { readdirSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startShipper } from '../../../../src/agent/logs/shipper.ts';
import { AgentError } from '../../../../src/shared/errors.ts';
import { MINUTE, numbered, openShipYard, type ShipYard } from './ship-yard.ts';
import { refused } from './task-log.ts';

let yard: ShipYard;
let clock: ShipYard['clock'];
let task: ShipYard['task'];
let ship: ShipYard['ship'];
let told: ShipYard['told'];
let bounds: ShipYard['bounds'];
let optionsOf: ShipYard['optionsOf'];

beforeEach(() => {
  yard = openShipYard();
  ({ clock, task, ship, told, bounds, optionsOf } = yard);
});

afterEach(() => yard.close());

describe('a short log', () => {
  test('is told line by line, levels apart, with marks, and ends with where to find it', async () => {
    const { print, finish } = ship();
    print('one\ntwo\n');
    print('careful\n', 'stderr');
    expect(await finish()).toEqual({ entriesSent: 3, linesLeftOut: 0, documentUri: null });
    expect(task.all.map(({ message, level }) => ({ message, level }))).toEqual([
      { message: 'one\ntwo ·deadbeef/1', level: 'INFO' },
      { message: 'careful ·deadbeef/2', level: 'WARN' },
      {
        message:
          'Over.\n3 lines. On PC-12: kubot logs deadbeef until 2026-01-15T00:00:00Z.\n[end succeeded] ·deadbeef/3',
        level: 'INFO',
      },
    ]);
  });

  test('goes out while the robot runs', async () => {
    const { print, finish } = ship();
    print('one\n');
    await clock.advance(1000);
    expect(task.messages).toEqual(['one ·deadbeef/1']);
    print('two\n');
    await clock.advance(1000);
    expect(task.messages).toEqual(['one ·deadbeef/1', 'two ·deadbeef/2']);
    await finish();
  });

  test('of a failed run ends as ERROR', async () => {
    await ship().finish('failed');
    expect(task.all.at(-1)).toMatchObject({
      level: 'ERROR',
      message: expect.stringContaining('[end failed]'),
    });
  });

  test('shows control characters as pictures and no colours', async () => {
    const { print, finish } = ship();
    print('a\u001b[31mred\u001b[0m\u0007b\n');
    await finish();
    expect(told()[0]).toBe('ared␇b');
  });
});

describe('a log of 100,000 lines', () => {
  test('keeps to the budget, shows first, last and ERROR lines in order, and counts the rest', async () => {
    const { print, finish } = ship();
    for (let part = 0; part < 100; part++) {
      print(
        Array.from({ length: 1000 }, (_, index) => {
          const number = part * 1000 + index + 1;
          return number % 700 === 0 ? `ERROR number ${number}\n` : `line ${number} ${'x'.repeat(80)}\n`;
        }).join(''),
      );
      await clock.advance(20);
    }
    const result = await finish();
    expect(task.all.length).toBeLessThanOrEqual(200);
    expect(result.entriesSent).toBe(task.all.length);
    expect(task.all.slice(0, -1).every(({ message }) => Buffer.byteLength(message) <= 2048)).toBe(true);
    const lines = told();
    const errors = lines.flatMap((line) => /^ERROR number (\d+)/.exec(line)?.[1] ?? []).map(Number);
    expect(errors.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, index) => 700 * (index + 1)));
    expect(errors.slice(-20)).toEqual(Array.from({ length: 20 }, (_, index) => 700 * (index + 123)));
    expect(lines[0]?.startsWith('line 1 ')).toBe(true);
    expect(lines.some((line) => line.startsWith('line 100000 '))).toBe(true);
    const shown = lines.filter((line) => /^(line|ERROR number) \d/.test(line)).length;
    expect(result.linesLeftOut).toBe(100_000 - shown);
    const document = gunzipSync(task.documents[0] ?? '')
      .toString()
      .trimEnd()
      .split('\n');
    expect(document.length).toBe(100_000);
    expect(readdirSync(yard.dir)).toEqual(['run.log']);
    expect(task.messages.at(-1)).toContain('kept 24 h by the platform unless linked');
    expect(task.messages.at(-1)).toContain('kuflow-file:uri=1');
  });
});

describe('a run of a whole day', () => {
  test('says each ten minutes that it lives, with budget left for its end', async () => {
    const { finish } = ship();
    await clock.advance(24 * 60 * MINUTE);
    const beats = task.messages.filter((message) => message.startsWith('still running'));
    expect(beats.length).toBe(144);
    expect(beats[2]).toBe('still running, 30 min ·deadbeef/3');
    await finish();
    expect(task.messages.at(-1)).toContain('[end succeeded]');
  });

  test('that prints all the time keeps to the budget and to ten minutes', async () => {
    const { print, finish } = ship();
    for (let minute = 0; minute < 24 * 60; minute += 2) {
      print(numbered(20, `minute ${minute}`));
      await clock.advance(2 * MINUTE);
    }
    const times = task.all.map((entry) => entry.atMs);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(10 * MINUTE);
    await finish();
    expect(task.all.length).toBeLessThanOrEqual(200);
    expect(task.messages.at(-1)).toContain('[end succeeded]');
  });

  test('after ten seconds sends at most one entry a second', async () => {
    const { print, finish } = ship();
    for (let second = 0; second < 60; second++) {
      print(`out ${second}\n`);
      print(`err ${second}\n`, 'stderr');
      await clock.advance(500);
    }
    await finish();
    const late = task.all
      .map((entry) => entry.atMs)
      .filter((time) => time - (task.all[0]?.atMs ?? 0) > 10_000);
    expect(late.slice(1).every((time, index) => time - (late[index] ?? 0) >= 1000)).toBe(true);
  });
});

describe('an answer that is lost', () => {
  test('is looked up by its mark: the entry is there once', async () => {
    const { print, finish } = ship();
    task.fates = ['answer-lost'];
    print('one\n');
    await finish();
    expect(task.messages[0]).toBe('one ·deadbeef/1');
    expect(task.messages.filter((message) => message.includes('/1'))).toHaveLength(1);
  });

  test('to a call that never arrived leads to another', async () => {
    const { print, finish } = ship();
    task.fates = ['not-sent', 'not-sent', 'ok'];
    print('one\n');
    await finish();
    expect(task.messages.filter((message) => message.includes('/1'))).toEqual(['one ·deadbeef/1']);
  });

  test('is found again when the look-up fails too', async () => {
    const { print, finish } = ship();
    task.fates = ['answer-lost', 'not-sent', 'answer-lost', 'ok'];
    print('one\n');
    await finish();
    expect(task.messages.filter((message) => message.includes('/1'))).toHaveLength(1);
  });

  test('to an entry that was dropped since is not a reason for a twin', async () => {
    task.bound = 2;
    const { print, finish } = ship();
    print('one\n');
    await clock.advance(1000);
    const append = task.api.appendLog;
    task.api.appendLog = async (...args) => {
      task.api.appendLog = append;
      task.fates = ['answer-lost'];
      await append(...args).catch(() => undefined);
      await clock.advance(10_000);
      task.add('robot 1');
      task.add('robot 2');
      throw refusedAnswer();
    };
    print('two\n');
    await clock.advance(60_000);
    await finish();
    expect(told().filter((line) => line === 'two')).toHaveLength(1);
  });
});

describe('a server that is away for a day', () => {
  test('is told everything once and in order, beginning within a minute of its return', async () => {
    const { print, finish } = ship();
    print('line 0\n');
    await clock.advance(1000);
    const { appendLog, readTask } = task.api;
    const isAway = () =>
      Promise.reject(new AgentError('PLATFORM_UNREACHABLE', 'Away.', { details: { outcome: 'unknown' } }));
    Object.assign(task.api, { appendLog: isAway, readTask: isAway });
    for (let hour = 1; hour <= 24; hour++) {
      print(`line ${hour}\n`);
      await clock.advance(60 * MINUTE);
    }
    Object.assign(task.api, { appendLog, readTask });
    await clock.advance(MINUTE);
    expect(task.all.length).toBeGreaterThan(1);
    expect(await finish()).toMatchObject({ linesLeftOut: 0 });
    expect(told().filter((line) => line.startsWith('line '))).toEqual(
      Array.from({ length: 25 }, (_, index) => `line ${index}`),
    );
  });
});

describe('a server that keeps few entries', () => {
  test.each([2, 10, 20])('%d of them: the bound is learnt, and the end is told', async (bound) => {
    task.bound = bound;
    const { print, finish } = ship();
    for (let round = 0; round < bound + 20; round++) {
      print(`line ${round}\n`);
      await clock.advance(400);
    }
    await finish();
    expect(bounds[0]).toBe(bound);
    expect(task.messages.at(-1)).toContain('[end succeeded]');
  });

  test('that is known from before gets no more than it keeps', async () => {
    const { print, finish } = ship({ knownBound: 10 });
    for (let round = 0; round < 40; round++) {
      print(`line ${round}\n`);
      await clock.advance(400);
    }
    await finish();
    expect(task.all.length).toBeLessThanOrEqual(10);
    expect(told().slice(0, 2)).toEqual(['line 0', 'line 1']);
  });
});

describe('after a crash', () => {
  test('shipping goes on behind what was accepted, also when the last answer was lost', async () => {
    const crash = new AbortController();
    const first = ship({ signal: crash.signal });
    first.print('one\ntwo\n');
    await clock.advance(1000);
    task.fates = ['answer-lost', ...Array.from({ length: 50 }, () => 'not-sent' as const)];
    first.print('three\n');
    await clock.advance(500);
    crash.abort();
    await clock.advance(1);
    first.print('four\n');
    task.fates = [];
    const second = startShipper(optionsOf({ resume: true }));
    await clock.advance(1000);
    clock.running = true;
    await second.finish({ outcome: 'lost', summary: 'Over.', keepUntil: null });
    expect(task.messages.slice(0, -1)).toEqual([
      'one\ntwo ·deadbeef/1',
      'three ·deadbeef/2',
      'four ·deadbeef/3',
    ]);
    expect(told().at(-1)).toBe('[end lost]');
  });

  test('the last entry is told once, whether its answer came or was lost', async () => {
    const crash = new AbortController();
    const first = ship({ signal: crash.signal });
    first.print('one\n');
    task.fates = ['ok', 'answer-lost', ...Array.from({ length: 50 }, () => 'not-sent' as const)];
    const dying = first.finish().catch((error: Error) => error.message);
    await clock.advance(5000);
    crash.abort();
    await clock.advance(60_000);
    expect(await dying).toContain('ended before the log of the run was told');
    task.fates = [];
    const end = { outcome: 'succeeded', summary: 'Over.', keepUntil: null } as const;
    for (let start = 0; start < 2; start++)
      expect(await startShipper(optionsOf({ resume: true })).finish(end)).toMatchObject({ entriesSent: 2 });
    expect(told().filter((line) => line.startsWith('[end '))).toEqual(['[end succeeded]']);
  });

  test('lines whose acceptance was not journalled any more are counted at the end', async () => {
    const crash = new AbortController();
    const first = ship({ signal: crash.signal });
    task.fates = ['answer-lost', ...Array.from({ length: 50 }, () => 'not-sent' as const)];
    first.print('one\ntwo\n');
    await clock.advance(1000);
    crash.abort();
    await clock.advance(60_000);
    task.fates = [];
    clock.running = true;
    const end = { outcome: 'lost', summary: 'Over.', keepUntil: null } as const;
    await startShipper(optionsOf({ resume: true })).finish(end);
    expect(task.messages.at(-1)).toContain('2 lines.');
    expect(told().filter((line) => line === 'one')).toHaveLength(1);
  });
});

function refusedAnswer(): Error {
  return Object.assign(refused(0), { retryable: true, details: { outcome: 'unknown' } });
}
