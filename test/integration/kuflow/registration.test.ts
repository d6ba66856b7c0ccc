import { afterEach, describe, expect, test } from 'vitest';
import { WorkerRegistration } from '../../../src/agent/worker/registration.ts';
import { createMemoryLog } from '../../helpers/raw-server.ts';
import { type KuFlowFixture, startKuFlow } from './kuflow-fixture.ts';

let kuflow: KuFlowFixture;
afterEach(() => kuflow.close());

const installationId = '0d5c1f9e-0f43-4a44-9f3a-2f7f6f0b9c11';
const robotId = '11111111-1111-4111-8111-111111111111';
const start = Date.UTC(2026, 0, 1);

/**
 * A registration whose waits pass by the test's clock; `onWait` sees each wait, after which the clock stands where
 * it says, and ends the loop by answering 'stop'.
 */
async function setUp(onWait: (secondsLeft: number, waits: number) => number | 'stop') {
  const abort = new AbortController();
  let nowMs = start;
  let waits = 0;
  let robotIds = [robotId];
  const registered: unknown[] = [];
  const refusals: unknown[] = [];
  const client = kuflow.createClient({ now: () => nowMs });
  const registration: WorkerRegistration = new WorkerRegistration({
    client,
    worker: {
      hostName: 'PC-12',
      installationId,
      tenantId: null,
      taskQueue: null,
      workflowTypes: [],
      activityTypes: [],
    },
    findIp: async () => '10.0.0.7',
    robotIds: () => robotIds,
    onRegistered: (event) => registered.push(event),
    onRefused: () => refusals.push(registration.refusal()),
    log: createMemoryLog(),
    now: () => nowMs,
    wait: async (milliseconds) => {
      const passed = onWait(milliseconds / 1000, ++waits);
      if (passed === 'stop') abort.abort();
      else nowMs += passed * 1000;
    },
  });
  return {
    registration,
    client,
    registered,
    refusals,
    run: () => registration.start(abort.signal),
    secondsPassed: () => (nowMs - start) / 1000,
    setRobotIds: (ids: string[]) => {
      robotIds = ids;
    },
  };
}

const told = () =>
  kuflow.platform
    .audit()
    .filter(({ operation }) => /worker/i.test(operation))
    .map(({ after }) => after);
const asked = () => kuflow.proxy.requests.filter(({ path }) => path.endsWith('/workers')).length;

test('a worker is registered, and knows then who it is', async () => {
  kuflow = await startKuFlow();
  const { registration, registered, run } = await setUp(() => 'stop');
  expect([registration.status(), registration.principalId()]).toEqual([null, null]);
  await run();
  const identity = `PC-12#${installationId}`;
  const { principalId } = kuflow.platform;
  expect(registered).toEqual([{ identity, principalId, first: true }]);
  expect(registration.principalId()).toBe(principalId);
  expect(registration.status()).toEqual({
    identity,
    registeredAt: '2026-01-01T00:00:00.000Z',
    nextRefreshAt: '2026-01-01T00:05:00.000Z',
  });
  expect(told()).toEqual([
    expect.objectContaining({
      identity,
      hostname: 'PC-12',
      ip: '10.0.0.7',
      robotIds: [robotId],
      installationId,
    }),
  ]);
});

test.each([
  [60, 60],
  [null, 300],
  [7, 7],
])('with X-KF-DELAY-WINDOW %s it registers again after %i s', async (delayWindowSeconds, expected) => {
  kuflow = await startKuFlow({ behaviour: { delayWindowSeconds } });
  let secondsAtSecond = 0;
  const { run, secondsPassed, registered } = await setUp((left) => {
    if (registered.length === 2) {
      secondsAtSecond = secondsPassed();
      return 'stop';
    }
    return left;
  });
  await run();
  expect(secondsAtSecond).toBe(expected);
  expect(registered.at(-1)).toMatchObject({ first: false });
});

test('a machine that slept for 8 h registers at the first look at the clock, 5 s at most', async () => {
  kuflow = await startKuFlow();
  const longest: number[] = [];
  const { run, registered } = await setUp((left, waits) => {
    longest.push(left);
    if (registered.length === 2) return 'stop';
    return waits === 3 ? 8 * 3600 : left;
  });
  await run();
  expect([longest.length, Math.max(...longest)]).toEqual([4, 5]);
});

test('a clock set back by an hour makes no registration late', async () => {
  kuflow = await startKuFlow();
  let waited = 0;
  const { run, registered } = await setUp((left, waits) => {
    if (registered.length === 2) return 'stop';
    waited += left;
    return waits === 3 ? -3600 : left;
  });
  await run();
  expect(waited).toBe(300);
});

test('changed robots are told at once, unchanged ones are not told again', async () => {
  kuflow = await startKuFlow();
  const { run, registration, setRobotIds, registered, secondsPassed } = await setUp((left, waits) => {
    if (waits === 1) registration.poke();
    if (waits === 2) {
      setRobotIds([]);
      registration.poke();
    }
    return registered.length === 2 ? 'stop' : left;
  });
  await run();
  expect(secondsPassed()).toBe(10);
  expect(told().map((worker) => (worker as { robotIds: string[] }).robotIds)).toEqual([[robotId], []]);
});

describe('a registration that fails', () => {
  test('is tried again after min(window, 1 s × 2.5^n), and the connection tells when', async () => {
    kuflow = await startKuFlow();
    kuflow.proxy.add({ kind: 'answer', status: 500, match: () => true, times: 3 });
    const nextTries: (string | null)[] = [];
    const { run, registered, secondsPassed, client } = await setUp((left) => {
      if (registered.length > 0) return 'stop';
      nextTries.push(client.connection().nextTryAt);
      return left;
    });
    await run();
    expect(secondsPassed()).toBe(2.5 + 6.25 + 15.625);
    expect(nextTries[0]).toBe('2026-01-01T00:00:02.500Z');
    expect(asked()).toBe(4);
    expect(client.connection()).toMatchObject({ state: 'connected', nextTryAt: null });
  });

  test('waits for what a 429 asks', async () => {
    kuflow = await startKuFlow();
    kuflow.proxy.add({ kind: 'answer', status: 429, headers: { 'retry-after': '20' }, match: () => true });
    const { run, registered, secondsPassed } = await setUp((left) => (registered.length > 0 ? 'stop' : left));
    await run();
    expect(secondsPassed()).toBe(20);
  });

  test('is tried at once when it is poked: the secret may be another now', async () => {
    kuflow = await startKuFlow();
    kuflow.proxy.add({ kind: 'answer', status: 401, match: () => asked() >= 1, times: 3 });
    const { run, registration, registered, secondsPassed } = await setUp((left) => {
      if (registered.length === 2) return 'stop';
      if (asked() < 4) return left;
      registration.poke();
      return 0;
    });
    await run();
    expect(secondsPassed()).toBe(300 + 2.5 + 6.25);
  });

  test('tells why it is refused, once, until it is not; a platform that is away refuses nothing', async () => {
    kuflow = await startKuFlow();
    kuflow.proxy.add({ kind: 'answer', status: 400, match: () => true, times: 2 });
    kuflow.proxy.add({ kind: 'answer', status: 500, match: () => asked() >= 2, times: 1 });
    const { run, registered, refusals, registration } = await setUp((left) =>
      registered.length > 0 ? 'stop' : left,
    );
    await run();
    expect(asked()).toBe(4);
    expect(refusals).toEqual([
      expect.objectContaining({ message: expect.stringContaining('400'), since: '2026-01-01T00:00:00.000Z' }),
      null,
    ]);
    expect(registration.refusal()).toBeNull();
  });

  test('by refused credentials goes on trying', async () => {
    kuflow = await startKuFlow();
    kuflow.proxy.add({ kind: 'answer', status: 401, match: () => true });
    const { run, registered } = await setUp((left) => (registered.length > 0 ? 'stop' : left));
    await run();
    expect(registered).toHaveLength(1);
  });
});
