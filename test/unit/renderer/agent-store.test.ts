import { describe, expect, test } from 'vitest';
import { AgentClient } from '../../../src/shared/client/agent-client.ts';
import { AgentStore, type AgentView, applyEvent } from '../../../src/shared/client/agent-store.ts';
import { presenceOf } from '../../../src/shared/client/presence.ts';
import type { Transport } from '../../../src/shared/client/transport.ts';
import { AgentError } from '../../../src/shared/errors.ts';
import type { Status } from '../../../src/shared/status.ts';
import { aRun } from '../../helpers/a-run.ts';
import { aStatus } from '../../helpers/a-status.ts';

const NOTHING: AgentView = {
  link: { state: 'connecting' },
  status: null,
  liveRuns: [],
  progress: new Map(),
  endings: 0,
};

describe('what is known of the agent', () => {
  test('begins with a snapshot, and follows each run to its end', () => {
    const run = aRun();
    const running = { ...run, state: 'running' as const };
    const other = aRun({ id: 'other' });
    const snapshot = applyEvent(NOTHING, { type: 'snapshot', status: aStatus(), runs: [run] });
    expect(snapshot).toMatchObject({ link: { state: 'live' }, liveRuns: [run] });
    const later = applyEvent(applyEvent(snapshot, { type: 'run', run: running }), {
      type: 'run',
      run: other,
    });
    expect(later.liveRuns).toEqual([running, other]);
    const ended = applyEvent(later, { type: 'run', run: { ...run, state: 'ended' } });
    expect(ended.liveRuns).toEqual([other]);
    expect(ended.endings).toBe(later.endings + 1);
  });

  test('forgets the progress of a robot that runs', () => {
    const progress = { robotCode: 'INVOICES', step: 'downloading', bytes: 1, totalBytes: 2 };
    const preparing = applyEvent(NOTHING, { type: 'progress', progress });
    expect(preparing.progress.get('INVOICES')).toEqual(progress);
    const running = applyEvent(preparing, { type: 'run', run: aRun({ state: 'running' }) });
    expect(running.progress.size).toBe(0);
  });
});

describe('the one state that fills the eye', () => {
  const live = { state: 'live' } as const;
  const offline = { ...aStatus().connection, state: 'offline' as const };
  test.each<[string, Partial<Status>, Partial<AgentView>, string]>([
    ['nothing to do', {}, {}, 'online'],
    ['a robot at work', {}, { liveRuns: [aRun({ state: 'running' })] }, 'running'],
    ['a run that waits', {}, { liveRuns: [aRun()] }, 'online'],
    [
      'paused, though one runs',
      { agent: { ...aStatus().agent, state: 'paused' } },
      { liveRuns: [aRun({ state: 'running' })] },
      'paused',
    ],
    ['draining', { agent: { ...aStatus().agent, state: 'draining' } }, {}, 'draining'],
    ['no platform', { connection: offline }, {}, 'offline'],
    [
      'the first call on its way',
      { connection: offline, agent: { ...aStatus().agent, state: 'starting' } },
      {},
      'starting',
    ],
    ['refused credentials', { connection: { ...offline, state: 'unauthorized' } }, {}, 'attention'],
    ['no agent', {}, { link: { state: 'lost', sinceMs: 0, nextTryAtMs: 0 } }, 'lost'],
  ])('of %s', (_name, status, view, expected) => {
    const known = { ...NOTHING, link: live, ...view, status: { ...aStatus(), ...status } };
    expect(presenceOf(known).name).toBe(expected);
  });
});

test('each of several events that come together is heard with what was known before it', async () => {
  const leaving = new AbortController();
  const status = (reason: string) => aStatus({ pause: { reason, until: null } });
  const store = new AgentStore(
    new AgentClient({
      call: () => Promise.reject(new Error('nothing is called')),
      stream: async function* () {
        yield [{ type: 'snapshot', status: status('first'), runs: [] }];
        yield ['second', 'third'].map((reason) => ({ type: 'status', status: status(reason) }));
        leaving.abort();
      },
    }),
  );
  const heard: (string | null | undefined)[] = [];
  store.hear((_event, before) => heard.push(before.status?.pause?.reason));
  await store.follow(leaving.signal);
  expect(heard).toEqual(['first', 'second']);
});

describe('an order', () => {
  const paused = aStatus({ pause: { reason: 'asked', until: null } });
  const newer = aStatus({ pause: { reason: 'newer', until: null } });

  test('shows what it was answered, but never in the place of an event that came meanwhile', async () => {
    const events = Promise.withResolvers<readonly unknown[]>();
    const leaving = new AbortController();
    const store = new AgentStore(
      new AgentClient({
        call: async () => paused,
        stream: async function* () {
          yield [{ type: 'snapshot', status: aStatus(), runs: [] }];
          yield await events.promise;
          await new Promise((resolve) => leaving.signal.addEventListener('abort', resolve));
        },
      }),
    );
    const until = (reason: string | undefined) =>
      new Promise<void>((resolve) => {
        const look = () => store.view().status?.pause?.reason === reason && resolve();
        store.listen(look);
        look();
      });
    const following = store.follow(leaving.signal);
    await until(undefined);
    await store.order(async () => paused);
    expect(store.view().status?.pause?.reason).toBe('asked');
    await store.order(async () => {
      events.resolve([{ type: 'status', status: newer }]);
      await until('newer');
      return paused;
    });
    expect(store.view().status?.pause?.reason).toBe('newer');
    leaving.abort();
    await following;
  });
});

describe('a window', () => {
  const states = async (transport: Transport) => {
    const store = new AgentStore(new AgentClient(transport));
    const seen: string[] = [];
    const done = new AbortController();
    store.listen(() => {
      seen.push(store.view().link.state);
      if (seen.length === 3) done.abort();
      store.tryNow();
    });
    const following = store.follow(done.signal);
    while (!done.signal.aborted && seen.at(-1) !== 'signed-out') {
      store.tryNow();
      await new Promise((resolve) => setImmediate(resolve));
    }
    store.tryNow();
    await following;
    return seen;
  };

  test('comes back when the agent does', async () => {
    expect(
      await states({
        call: () => Promise.reject(new Error('nothing is called')),
        stream: async function* () {
          yield [{ type: 'snapshot', status: aStatus(), runs: [] }];
        },
      }),
    ).toEqual(['live', 'lost', 'live']);
  });

  test('gives up where it may not ask', async () => {
    expect(
      await states({
        call: () => Promise.reject(new Error('nothing is called')),
        // biome-ignore lint/correctness/useYield: it is refused before anything comes
        stream: async function* () {
          throw new AgentError('PAGE_SIGNED_OUT', 'No.');
        },
      }),
    ).toEqual(['signed-out']);
  });
});
