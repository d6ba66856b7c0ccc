import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Lab, nodeRobot, startLab } from '../../helpers/lab.ts';
import { letGo, waitingRobot } from './waiting-robot.ts';

const WAIT = { timeout: 60_000, interval: 20 };
const HOUR_MS = 60 * 60_000;

describe('slots', () => {
  let lab: Lab;
  let skewMs = 0;

  const lastDecision = async (id: string) =>
    (await lab.agent.handlers.why({ id }).catch(() => null))?.decisions.at(-1);
  const waitsFor = (id: string, code: string) =>
    expect.poll(async () => (await lastDecision(id))?.code, WAIT).toBe(code);
  const finish = async (ids: string[]) => {
    for (const id of ids) letGo(await lab.until(id, 'running'));
    for (const id of ids) expect(await lab.until(id, 'ended')).toMatchObject({ outcome: 'succeeded' });
  };

  beforeAll(async () => {
    lab = await startLab({
      robots: {
        WAIT: waitingRobot({}),
        SOLO: waitingRobot({}),
        DESK: waitingRobot({}),
        SCREEN: waitingRobot({}),
        QUICK: nodeRobot(''),
      },
      tasks: ['WAIT', 'SOLO', 'DESK', 'SCREEN', 'QUICK'].map((code) => ({ code, later: true })),
      settings: {
        maxConcurrentRuns: 2,
        robots: { SOLO: { maxConcurrentRuns: 1 }, DESK: { desktop: true }, SCREEN: { gui: 'host' } },
      },
      overrides: { now: () => Date.now() + skewMs },
    });
  });
  afterAll(() => lab.close());

  test('are as many as the host has; what waits for one is not claimed', async () => {
    const ids = [await lab.addTask('WAIT'), await lab.addTask('WAIT')];
    for (const id of ids) await lab.until(id, 'running');
    const third = await lab.addTask('WAIT');
    await waitsFor(third, 'NO_SLOT');
    expect(await lab.agent.handlers.run({ id: third })).toMatchObject({ state: 'queued' });
    expect(lab.mutations(third)).toEqual([]);
    await finish([...ids, third]);
    const [first, second, last] = await Promise.all(
      [...ids, third].map((id) => lab.agent.handlers.run({ id })),
    );
    const earliestEnd = [first?.endedAt ?? '', second?.endedAt ?? ''].sort()[0] ?? '';
    expect(Date.parse(last?.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(earliestEnd));
  });

  test('are given to one run of a robot that is limited to one, and to others beside it', async () => {
    const first = await lab.addTask('SOLO');
    await lab.until(first, 'running');
    const second = await lab.addTask('SOLO');
    await waitsFor(second, 'ROBOT_AT_LIMIT');
    const other = await lab.addTask('QUICK');
    expect(await lab.until(other, 'ended')).toMatchObject({ outcome: 'succeeded' });
    expect(lab.mutations(second)).toEqual([]);
    await finish([first, second]);
  });

  test('are given to one robot at a time that drives the screen', async () => {
    const desk = await lab.addTask('DESK');
    await lab.until(desk, 'running');
    const screen = await lab.addTask('SCREEN');
    await waitsFor(screen, 'DESKTOP_TAKEN');
    expect((await lastDecision(screen))?.message).toBe('Another desktop robot runs: DESK.');
    await lab.until(await lab.addTask('QUICK'), 'ended');
    expect(lab.mutations(screen)).toEqual([]);
    await finish([desk, screen]);
  });

  test('are for others while many tasks wait for the screen: all but the next stay on the platform', async () => {
    const desk = await lab.addTask('DESK');
    await lab.until(desk, 'running');
    const screens: string[] = [];
    for (let n = 0; n < 4; n++) screens.push(await lab.addTask('SCREEN'));
    for (const id of screens) await waitsFor(id, 'DESKTOP_TAKEN');
    const runsOf = async () =>
      (await lab.runs()).filter(({ taskId, state }) => state === 'queued' && screens.includes(taskId ?? ''));
    expect((await runsOf()).length).toBe(1);
    expect(await lab.until(await lab.addTask('QUICK'), 'ended')).toMatchObject({ outcome: 'succeeded' });
    expect((await lab.agent.handlers.waiting()).map(({ code }) => code)).toEqual(
      Array(3).fill('DESKTOP_TAKEN'),
    );
    await Promise.all([desk, ...screens].map((id) => finish([id])));
  });

  test('a run that is cancelled before it had one leaves its task alone until it is started', async () => {
    const ids = [await lab.addTask('WAIT'), await lab.addTask('WAIT')];
    for (const id of ids) await lab.until(id, 'running');
    const taskId = await lab.addTask('QUICK');
    await waitsFor(taskId, 'NO_SLOT');
    await lab.agent.handlers.cancel({ id: taskId });
    expect(await lab.until(taskId, 'ended')).toMatchObject({
      outcome: 'cancelled',
      error: { code: 'CANCELLED_BY_OPERATOR' },
      settled: { action: 'none' },
      attempt: 1,
    });
    await finish(ids);
    // Work after it shows that the inbox was looked at, and the task was passed over.
    await lab.until(await lab.addTask('QUICK'), 'ended');
    expect(await lab.task(taskId)).toMatchObject({ state: 'READY', entries: [] });
    expect(lab.mutations(taskId)).toEqual([]);
    const run = await lab.agent.handlers.run({ id: taskId });
    expect(await lastDecision(taskId)).toMatchObject({
      decision: 'skipped',
      code: 'EXCLUDED',
      message: expect.stringContaining(`kubot start QUICK --task ${taskId}`),
      runId: run.id,
    });
    const requestId = crypto.randomUUID();
    await lab.agent.handlers.start({ requestId, robot: 'QUICK', operation: null, variables: {}, taskId });
    expect(await lab.until(taskId, 'ended')).toMatchObject({ outcome: 'succeeded', attempt: 2 });
    expect((await lab.task(taskId)).state).toBe('COMPLETED');
  });

  test('are held back by a pause until its time is up, while what runs goes on', async () => {
    const running = await lab.addTask('WAIT');
    await lab.until(running, 'running');
    const paused = await lab.agent.handlers.pause({ forMs: HOUR_MS, reason: 'lunch' });
    expect(paused).toMatchObject({
      agent: { state: 'paused' },
      pause: { reason: 'lunch', until: expect.any(String) },
    });
    const waiting = await lab.addTask('QUICK');
    await waitsFor(waiting, 'PAUSED');
    expect((await lastDecision(waiting))?.message).toBe(
      `This host is paused (lunch) until ${paused.pause?.until}.`,
    );
    await finish([running]);
    expect(lab.mutations(waiting)).toEqual([]);
    skewMs += HOUR_MS;
    expect(await lab.until(waiting, 'ended')).toMatchObject({ outcome: 'succeeded' });
    expect(await lab.agent.handlers.status()).toMatchObject({ pause: null, agent: { state: 'idle' } });
  });

  test('are given again when a pause without end is lifted, by another agent too', async () => {
    await lab.agent.handlers.pause({ forMs: null, reason: null });
    await lab.restartAgent();
    const waiting = await lab.addTask('QUICK');
    await waitsFor(waiting, 'PAUSED');
    expect((await lastDecision(waiting))?.message).toBe('This host is paused.');
    expect(await lab.agent.handlers.resume()).toMatchObject({ pause: null });
    expect(await lab.until(waiting, 'ended')).toMatchObject({ outcome: 'succeeded' });
  });

  test('are given no more by a host that drains: what runs finishes, what waits is left', async () => {
    const ids = [await lab.addTask('WAIT'), await lab.addTask('WAIT')];
    for (const id of ids) await lab.until(id, 'running');
    const waiting = await lab.addTask('QUICK');
    await waitsFor(waiting, 'NO_SLOT');
    expect(await lab.agent.handlers.drain()).toMatchObject({ agent: { state: 'draining' } });
    await waitsFor(waiting, 'DRAINING');
    await expect(lab.agent.handlers.run({ id: waiting })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    const requestId = crypto.randomUUID();
    await expect(
      lab.agent.handlers.start({ requestId, robot: 'QUICK', operation: null, variables: {}, taskId: null }),
    ).rejects.toMatchObject({ code: 'CONFLICT' });
    await finish(ids);
    expect(lab.mutations(waiting)).toEqual([]);
    await lab.agent.handlers.resume();
    expect(await lab.until(waiting, 'ended')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
  });
});
