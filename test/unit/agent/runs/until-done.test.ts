import { describe, expect, test } from 'vitest';
import type { NextTry } from '../../../../src/agent/journal/host-records.ts';
import { untilDone } from '../../../../src/agent/runs/until-done.ts';
import type { InboxPoll } from '../../../../src/agent/sources/inbox.ts';
import type { Status } from '../../../../src/shared/status.ts';

const GIVE_UP_MS = 60_000;

/** A host whose inbox is empty; how long `agent --once` stays with it, and how it ends. */
async function stay(host: {
  nextTry?: Partial<NextTry> & Pick<NextTry, 'dueAtMs'>;
  connection?: Status['connection']['state'];
  /** A robot runs until then. */
  runningUntilMs?: number;
  /** The try is taken on then. */
  triedAtMs?: number;
}) {
  let now = 0;
  let poll: (poll: InboxPoll) => void = () => {};
  const { connection = 'connected', runningUntilMs = 0, triedAtMs = Number.POSITIVE_INFINITY } = host;
  const nextTry: NextTry = {
    taskId: 't',
    kind: 'postponed',
    lasting: false,
    robotId: 'r',
    robotCode: 'R',
    operation: null,
    processId: null,
    code: 'PLATFORM_ERROR',
    dueAtMs: 0,
    ...host.nextTry,
  };
  const { error } = await untilDone({
    giveUpAfterMs: GIVE_UP_MS,
    onPoll: (listener) => {
      poll = listener;
      return () => {};
    },
    onRun: () => () => {},
    connection: () => ({
      endpoint: 'http://127.0.0.1',
      state: connection,
      since: '',
      nextTryAt: null,
      lastError: null,
      clockSkewMs: null,
    }),
    liveRuns: () => (now < runningUntilMs ? 1 : 0),
    isRobotRunning: () => now < runningUntilMs,
    nextTries: () => (host.nextTry && now < triedAtMs ? [nextTry] : []),
    isRegistered: () => true,
    pokeInbox: () => {},
    now: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds;
      if (connection === 'connected') poll({ at: now, ok: true, found: 0 });
      if (now > 10 * GIVE_UP_MS) throw new Error('It never ends');
    },
  });
  return { seconds: Math.round(now / 1000), code: error?.code ?? null };
}

describe('work is done', () => {
  test('after two quiet polls that lie a second apart', async () => {
    expect(await stay({})).toEqual({ seconds: 1, code: null });
  });

  test('once a try that lies near was made, and does not wait for one that lies far', async () => {
    const near = { dueAtMs: GIVE_UP_MS };
    expect(await stay({ nextTry: near, triedAtMs: 30_000 })).toEqual({ seconds: 31, code: null });
    expect(await stay({ nextTry: { dueAtMs: 3 * GIVE_UP_MS } })).toEqual({ seconds: 1, code: null });
    expect(await stay({ nextTry: { ...near, lasting: true } })).toEqual({ seconds: 1, code: null });
  });

  test('when a task that was postponed is gone from the inbox by the time it is due', async () => {
    expect(await stay({ nextTry: { dueAtMs: 10_000 } })).toEqual({ seconds: 11, code: null });
  });

  test('when a retry is due for long and still cannot go', async () => {
    const { seconds, code } = await stay({ nextTry: { dueAtMs: 10_000, kind: 'retry' } });
    expect([seconds, code]).toEqual([71, null]);
  });
});

describe('a platform that stays away', () => {
  test('ends the wait when the time to give up has passed', async () => {
    expect(await stay({ connection: 'offline' })).toEqual({ seconds: 60, code: 'PLATFORM_UNREACHABLE' });
  });

  test('does not end it under a robot that runs', async () => {
    expect(await stay({ connection: 'offline', runningUntilMs: 100_000 })).toEqual({
      seconds: 100,
      code: 'PLATFORM_UNREACHABLE',
    });
  });

  test('ends it at once when it refuses the credentials, and no robot runs', async () => {
    expect(await stay({ connection: 'unauthorized' })).toEqual({ seconds: 0, code: 'UNAUTHORIZED' });
    expect(await stay({ connection: 'unauthorized', runningUntilMs: 5000 })).toEqual({
      seconds: 5,
      code: 'UNAUTHORIZED',
    });
  });
});
