import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RETURN_MS } from '../../../src/agent/courtesy/courtesy.ts';
import { connectToAgent } from '../../../src/cli/control-client.ts';
import type { CourtesyWait } from '../../../src/shared/courtesy.ts';
import { type Lab, nodeRobot, startLab } from '../../helpers/lab.ts';
import { courtesyOf, type PersonAtHost, sitDown } from './person-lab.ts';

const WAIT = { timeout: 60_000, interval: 20 };
const MINUTE_MS = 60_000;
/** Longer than any test: it ends when the clock is moved. */
const COUNTDOWN_MS = 30 * MINUTE_MS;

describe('a robot that drives the screen', () => {
  let lab: Lab;
  let skewMs = 0;
  let person: PersonAtHost | null = null;
  const now = () => Date.now() + skewMs;

  beforeAll(async () => {
    lab = await startLab({
      robots: {
        DESK: nodeRobot(''),
        SCREEN: nodeRobot(''),
        FAILS: nodeRobot('process.exit(3);'),
        QUICK: nodeRobot(''),
      },
      tasks: ['DESK', 'SCREEN', 'FAILS', 'QUICK'].map((code) => ({ code, later: true })),
      settings: {
        maxConcurrentRuns: 1,
        courtesyCountdownMs: COUNTDOWN_MS,
        taskCheckMs: 200,
        robots: {
          DESK: { desktop: true },
          SCREEN: { gui: 'host' },
          FAILS: { desktop: true, failurePolicy: 'retry', retryAttempts: 2, retryBackoffMs: 0 },
        },
      },
      overrides: { now },
    });
  });
  afterEach(async () => {
    person?.leave();
    person = null;
    // Whoever left is waited for; the next test begins with nobody.
    await expect.poll(() => courtesyOf(lab), WAIT).toBeNull();
    skewMs += RETURN_MS;
  });
  afterAll(() => lab.close());

  const decisions = async (id: string) =>
    (await lab.agent.handlers.why({ id }).catch(() => null))?.decisions ?? [];
  const next = async () => (await courtesyOf(lab))?.next ?? null;
  const waitsFor = async (taskId: string, reason: CourtesyWait) => {
    await expect
      .poll(async () => {
        const shown = await next();
        return [shown?.taskId, shown?.waitsFor];
      }, WAIT)
      .toEqual([taskId, reason]);
    return (await next()) ?? Promise.reject(new Error('It waits no more'));
  };
  const untilDone = async (taskId: string) =>
    expect(await lab.until(taskId, 'ended')).toMatchObject({ outcome: 'succeeded' });

  test('begins at once on a host that nobody sits at', async () => {
    const taskId = await lab.addTask('DESK');
    await untilDone(taskId);
    expect((await decisions(taskId)).map(({ code }) => code)).toEqual(['TAKEN']);
  });

  test('is counted down to the person, unclaimed, and begins when that is over', async () => {
    person = await sitDown(lab);
    const taskId = await lab.addTask('DESK');
    const shown = await waitsFor(taskId, 'countdown');
    expect(shown).toEqual({
      runId: expect.any(String),
      taskId,
      robot: 'DESK',
      operation: 'Run',
      waitsFor: 'countdown',
      until: expect.any(String),
      postponableUntil: expect.any(String),
    });
    expect(await lab.agent.handlers.run({ id: taskId })).toMatchObject({ id: shown.runId, state: 'queued' });
    expect(lab.mutations(taskId)).toEqual([]);
    expect(await decisions(taskId)).toMatchObject([
      {
        decision: 'postponed',
        code: 'COURTESY_COUNTDOWN',
        message: `A person is at this host: the robot begins at ${shown.until} unless they put it off.`,
        runId: shown.runId,
      },
    ]);
    skewMs += COUNTDOWN_MS;
    await untilDone(taskId);
    expect((await lab.task(taskId)).state).toBe('COMPLETED');
  });

  test('that the person puts off for ten minutes is announced anew after them', async () => {
    person = await sitDown(lab);
    const taskId = await lab.addTask('DESK');
    const { runId } = await waitsFor(taskId, 'countdown');
    const status = await connectToAgent(lab.home).postpone({ id: runId, forMs: 10 * MINUTE_MS });
    const until = status.courtesy?.postponedUntil ?? '';
    expect(Math.abs(Date.parse(until) - now() - 10 * MINUTE_MS)).toBeLessThan(MINUTE_MS);
    await waitsFor(taskId, 'postponement');
    // Another robot has the slot that it does not hold.
    await untilDone(await lab.addTask('QUICK'));
    expect((await decisions(taskId)).at(-1)).toMatchObject({
      decision: 'postponed',
      code: 'COURTESY_WAITS',
      message: `The person at this host postponed robots that drive the screen until ${until}.`,
    });
    skewMs += 10 * MINUTE_MS;
    await waitsFor(taskId, 'countdown');
    skewMs += COUNTDOWN_MS;
    await untilDone(taskId);
  });

  test('begins when the person says so', async () => {
    person = await sitDown(lab);
    const taskId = await lab.addTask('DESK');
    const { runId } = await waitsFor(taskId, 'countdown');
    await connectToAgent(lab.home).postpone({ id: runId, forMs: MINUTE_MS });
    await connectToAgent(lab.home).startNow({ id: taskId });
    await untilDone(taskId);
    await expect(connectToAgent(lab.home).startNow({ id: taskId })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  });

  test('that the person stops leaves its task to others', async () => {
    person = await sitDown(lab);
    const taskId = await lab.addTask('DESK');
    const { runId } = await waitsFor(taskId, 'countdown');
    await lab.agent.handlers.cancel({ id: runId });
    expect(await lab.until(taskId, 'ended')).toMatchObject({ outcome: 'cancelled' });
    expect(await next()).toBeNull();
    expect(lab.mutations(taskId)).toEqual([]);
  });

  test.each([
    ['the screen to be unlocked', { locked: true }, 'unlock'],
    ['the end of a presentation', { presenting: true }, 'presentation'],
  ] as const)('waits for %s, then is counted down', async (_what, screen, reason) => {
    person = await sitDown(lab);
    await person.screen(screen);
    const taskId = await lab.addTask('SCREEN');
    await waitsFor(taskId, reason);
    // The one behind it stays on the platform, and says why.
    const behind = await lab.addTask('DESK');
    await expect
      .poll(async () => (await decisions(behind)).map(({ code }) => code), WAIT)
      .toEqual(['COURTESY_WAITS']);
    await expect(lab.agent.handlers.run({ id: behind })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await person.screen({ locked: false, presenting: false });
    await waitsFor(taskId, 'countdown');
    await person.screen(screen);
    await waitsFor(taskId, reason);
    await person.screen({ locked: false, presenting: false });
    await waitsFor(taskId, 'countdown');
    skewMs += COUNTDOWN_MS;
    await untilDone(taskId);
    await waitsFor(behind, 'countdown');
    skewMs += COUNTDOWN_MS;
    await untilDone(behind);
  });

  test('goes on when the person’s shell is gone', async () => {
    person = await sitDown(lab);
    await person.screen({ locked: true });
    const taskId = await lab.addTask('DESK');
    await waitsFor(taskId, 'unlock');
    person.leave();
    await waitsFor(taskId, 'return');
    skewMs += RETURN_MS;
    await untilDone(taskId);
  });

  test('is forgotten when another host takes its task meanwhile', async () => {
    person = await sitDown(lab);
    const taskId = await lab.addTask('DESK');
    await waitsFor(taskId, 'countdown');
    await lab.api(`/process-items/${taskId}/task/~actions/claim`, 'POST');
    await expect.poll(next, WAIT).toBeNull();
    expect((await decisions(taskId)).at(-1)).toMatchObject({
      decision: 'skipped',
      code: 'TAKEN_ELSEWHERE',
      message: 'The task was taken elsewhere while this host waited for the person at it.',
    });
    await expect(lab.agent.handlers.run({ id: taskId })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  test('begins at once when a person starts it', async () => {
    person = await sitDown(lab);
    const taskId = await lab.addTask('SCREEN');
    await waitsFor(taskId, 'countdown');
    await lab.agent.handlers.cancel({ id: taskId });
    await lab.until(taskId, 'ended');
    const requestId = crypto.randomUUID();
    await lab.agent.handlers.start({ requestId, robot: 'SCREEN', operation: null, variables: {}, taskId });
    await expect
      .poll(async () => (await lab.agent.handlers.run({ id: taskId })).outcome, WAIT)
      .toBe('succeeded');
  });

  test('that failed and is tried again is counted down anew, though its task is ours already', async () => {
    person = await sitDown(lab);
    const taskId = await lab.addTask('FAILS');
    const first = await waitsFor(taskId, 'countdown');
    await lab.agent.handlers.startNow({ id: first.runId });
    await expect.poll(async () => (await next())?.runId ?? first.runId, WAIT).not.toBe(first.runId);
    const { runId } = await waitsFor(taskId, 'countdown');
    expect((await lab.task(taskId)).state).toBe('CLAIMED');
    expect(await lab.agent.handlers.run({ id: runId })).toMatchObject({ attempt: 2, state: 'queued' });
    await lab.agent.handlers.startNow({ id: runId });
    await expect.poll(async () => (await lab.agent.handlers.run({ id: runId })).outcome, WAIT).toBe('failed');
  });

  test('is held back by a pause that comes under its countdown', async () => {
    person = await sitDown(lab);
    const taskId = await lab.addTask('DESK');
    await waitsFor(taskId, 'countdown');
    await lab.agent.handlers.pause({ forMs: null, reason: null });
    await expect.poll(next, WAIT).toBeNull();
    skewMs += COUNTDOWN_MS;
    await expect.poll(async () => (await decisions(taskId)).at(-1)?.code, WAIT).toBe('PAUSED');
    await lab.agent.handlers.resume();
    await waitsFor(taskId, 'countdown');
    await lab.agent.handlers.startNow({ id: taskId });
    await untilDone(taskId);
  });

  test('is counted down anew when the machine slept under its countdown', async () => {
    person = await sitDown(lab);
    const taskId = await lab.addTask('DESK');
    const { until } = await waitsFor(taskId, 'countdown');
    await lab.agent.handlers.suspend();
    await expect.poll(next, WAIT).toBeNull();
    skewMs += 2 * COUNTDOWN_MS;
    await lab.agent.handlers.reconnect();
    const again = await waitsFor(taskId, 'countdown');
    expect(Date.parse(again.until ?? '')).toBeGreaterThan(Date.parse(until ?? '') + COUNTDOWN_MS);
    expect(lab.mutations(taskId)).toEqual([]);
    await lab.agent.handlers.startNow({ id: taskId });
    await untilDone(taskId);
  });

  test('stays put off by another agent in the same home, once the person is back', async () => {
    person = await sitDown(lab);
    const taskId = await lab.addTask('DESK');
    const { runId } = await waitsFor(taskId, 'countdown');
    await lab.agent.handlers.postpone({ id: runId, forMs: 60 * MINUTE_MS });
    await waitsFor(taskId, 'postponement');
    await lab.restartAgent();
    await waitsFor(taskId, 'return');
    person = await sitDown(lab);
    await waitsFor(taskId, 'postponement');
    expect(lab.mutations(taskId)).toEqual([]);
    await lab.agent.handlers.startNow({ id: taskId });
    await untilDone(taskId);
  });

  test('waits for nobody on a host that works until no work is left', async () => {
    person = await sitDown(lab);
    const taskId = await lab.addTask('DESK');
    await waitsFor(taskId, 'countdown');
    await lab.work();
    await untilDone(taskId);
  });
});
