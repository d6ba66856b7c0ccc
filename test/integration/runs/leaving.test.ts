import { expect, test } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../../helpers/fault-proxy.ts';
import { type Lab, startLab } from '../../helpers/lab.ts';
import { letGo, waitingRobot } from './waiting-robot.ts';

const WAIT = { timeout: 60_000, interval: 20 };

async function startLeavingLab(endpointOf?: (url: string) => Promise<string>): Promise<Lab> {
  return await startLab({
    robots: { WAIT: waitingRobot({}) },
    tasks: [{ code: 'WAIT', later: true }],
    settings: { maxConcurrentRuns: 1, cancelGraceMs: 1000 },
    ...(endpointOf && { endpointOf: ({ url }) => endpointOf(url) }),
  });
}

test('an agent that drains leaves the task that a look brings which was under way', async () => {
  let proxy: FaultProxy | null = null;
  const lab = await startLeavingLab(async (target) => {
    proxy = await startFaultProxy({ target });
    return proxy.url;
  });
  const held = proxy as FaultProxy | null;
  let looks = 0;
  held?.add({
    kind: 'delay-answer',
    milliseconds: 1000,
    times: 1000,
    match: (method, path) => method === 'GET' && path.includes('/process-items?'),
    onPhase: (phase) => {
      if (phase === 'acted') looks++;
    },
  });
  const id = await lab.addTask('WAIT');
  const before = looks;
  await expect.poll(() => looks, WAIT).toBeGreaterThan(before);
  await lab.agent.drain();
  expect(lab.mutations(id)).toEqual([]);
  expect((await lab.task(id)).state).toBe('READY');
  await lab.close();
  await held?.close();
});

test('an agent that cancels all leaves what was not taken to others, and to itself for later', async () => {
  const lab = await startLeavingLab();
  const running = await lab.addTask('WAIT');
  await lab.until(running, 'running');
  const queued = await lab.addTask('WAIT');
  await expect
    .poll(async () => (await lab.agent.handlers.run({ id: queued }).catch(() => null))?.state, WAIT)
    .toBe('queued');
  const cancelled = lab.agent.cancelAll('The test says so.');
  expect(await lab.until(running, 'ended')).toMatchObject({
    state: 'ended',
    outcome: 'cancelled',
  });
  letGo(await lab.until(queued, 'running'));
  expect(await lab.until(queued, 'ended')).toMatchObject({ outcome: 'succeeded' });
  await cancelled;
  await lab.close();
});
