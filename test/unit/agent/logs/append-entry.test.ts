import { beforeEach, describe, expect, test } from 'vitest';
import { EntryAppender, isRefusal } from '../../../../src/agent/logs/append-entry.ts';
import type { ShipperOptions, TaskAnswer } from '../../../../src/agent/logs/shipper-ports.ts';
import { AgentError } from '../../../../src/shared/errors.ts';
import { Clock, refused, TaskLog } from './task-log.ts';

const MARK = ' ·deadbeef/1';

let clock: Clock;
let task: TaskLog;
let retries: { what: string; waitMs: number }[];
let bounds: number[];
let answers: TaskAnswer[];

beforeEach(() => {
  clock = new Clock();
  clock.running = true;
  task = new TaskLog(clock.now);
  retries = [];
  bounds = [];
  answers = [];
});

function appender(changes: Partial<ShipperOptions> = {}): EntryAppender {
  return new EntryAppender({
    runId: '01890000-0000-7000-8000-0000deadbeef',
    taskId: 'task',
    processId: null,
    hostName: 'PC-12',
    runLogPath: '/nowhere',
    api: task.api,
    position: { load: () => null, save: () => undefined },
    maxEntries: 200,
    entryBytes: 2048,
    intervalMs: 1000,
    heartbeatMs: 600_000,
    documentMaxBytes: 1e6,
    runTimeoutMs: 1e6,
    startedAtMs: clock.now(),
    knownBound: null,
    now: clock.now,
    sleep: clock.sleep,
    random: () => 0.5,
    onRetry: ({ what, waitMs }) => retries.push({ what, waitMs }),
    onServerBound: (entries) => bounds.push(entries),
    onAnswer: (answer) => answers.push(answer),
    ...changes,
  });
}

function append(to: EntryAppender, text = 'one', mark = MARK) {
  return to.append(text + mark, 'INFO', mark);
}

describe('an entry', () => {
  test('that is taken is accepted, and its answer told on', async () => {
    expect(await append(appender())).toBe('accepted');
    expect(task.messages).toEqual([`one${MARK}`]);
    expect(answers.map(({ state }) => state)).toEqual(['CLAIMED']);
    expect(retries).toEqual([]);
  });

  test('that never left is sent again without a look', async () => {
    task.fates = ['not-sent', 'not-sent', 'ok'];
    expect(await append(appender())).toBe('accepted');
    expect(task.messages).toEqual([`one${MARK}`]);
    expect(retries).toEqual([
      { what: 'append a log entry', waitMs: 500 },
      { what: 'append a log entry', waitMs: 1000 },
    ]);
    expect(answers).toHaveLength(1);
  });

  test('whose answer was lost is looked for before it is sent again', async () => {
    task.fates = ['answer-lost', 'answer-lost', 'ok'];
    expect(await append(appender())).toBe('accepted');
    expect(task.messages).toEqual([`one${MARK}`]);
    expect(retries.map(({ what }) => what)).toEqual(['append a log entry', 'look for a log entry']);
  });

  test('is not taken for another one that ends alike', async () => {
    task.add('one ·deadbeef/11');
    task.add('one ·deadbeef/1 and more');
    const { appendLog } = task.api;
    // Lost on its way there: the server never had it.
    task.api.appendLog = async () => {
      task.api.appendLog = appendLog;
      throw new AgentError('PLATFORM_UNREACHABLE', 'Cut.', { details: { outcome: 'unknown' } });
    };
    expect(await append(appender())).toBe('accepted');
    expect(task.messages.filter((message) => message.endsWith(MARK))).toEqual([`one${MARK}`]);
  });

  test('waits as long as the server asks, and for as long as it is away', async () => {
    const busy = new AgentError('RATE_LIMITED', 'Slow down.', {
      details: { retryAfterMs: 7000, outcome: 'not-sent' },
    });
    task.fates = [busy, ...Array.from({ length: 12 }, () => 'not-sent' as const)];
    expect(await append(appender())).toBe('accepted');
    const waits = retries.map(({ waitMs }) => waitMs);
    expect(waits[0]).toBe(7000);
    expect(waits.slice(1)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, ...Array(6).fill(30_000)]);
  });

  test('waits for credentials that are renewed', async () => {
    task.fates = [new AgentError('UNAUTHORIZED', 'Expired.', { details: { outcome: 'not-sent' } })];
    expect(await append(appender())).toBe('accepted');
  });

  test.each([400, 403, 404, 409, 413])('refused with %d is not sent again', async (status) => {
    task.fates = [refused(status)];
    expect(await append(appender())).toMatchObject({ refused: { details: { status } } });
    expect([task.messages, retries]).toEqual([[], []]);
  });

  test('that waits when the agent ends is given up', async () => {
    const ending = new AbortController();
    task.fates = ['not-sent'];
    const waiting = append(appender({ signal: ending.signal, sleep: async () => ending.abort() }));
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('the bounded log of the server', () => {
  test('shows its bound when its oldest entry is gone', async () => {
    task.bound = 3;
    const entries = appender();
    for (let number = 1; number <= 4; number++) await append(entries, 'x', ` ·deadbeef/${number}`);
    expect(bounds).toEqual([3]);
  });

  test('that was empty at first shows none', async () => {
    const entries = appender();
    await entries.readTask();
    await append(entries);
    expect(bounds).toEqual([]);
  });

  test('that dropped our entry, with all that was before it, has had it', async () => {
    task.bound = 2;
    const entries = appender();
    await append(entries, 'zero', ' ·deadbeef/0');
    task.fates = ['answer-lost'];
    const { readTask } = task.api;
    task.api.readTask = async (id) => {
      await clock.advance(10_000);
      task.add('robot 1');
      task.add('robot 2');
      return await readTask(id);
    };
    expect(await append(entries)).toBe('dropped');
    expect(task.messages.filter((message) => message.endsWith(MARK))).toHaveLength(1);
  });

  test('in which the entry before ours still stands never had it', async () => {
    const entries = appender();
    await append(entries, 'zero', ' ·deadbeef/0');
    expect(await entries.lookUp(MARK, clock.now())).toBeNull();
    await clock.advance(60_000);
    expect(await entries.lookUp(MARK, clock.now() - 30_000)).toBeNull();
  });
});

test('only what trying again cannot help is a refusal', () => {
  expect(
    (
      ['PLATFORM_REFUSED', 'PLATFORM_UNREACHABLE', 'RATE_LIMITED', 'UNAUTHORIZED', 'INTERRUPTED'] as const
    ).map((code) => isRefusal(new AgentError(code, 'x'))),
  ).toEqual([true, false, false, false, false]);
});
