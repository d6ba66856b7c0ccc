import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Lab, nodeRobot, startLab } from '../../helpers/lab.ts';
import { waitingRobot } from '../runs/waiting-robot.ts';
import { expectWhole, openFaultLab } from './fault-lab.ts';
import { until } from './judge.ts';

const HOUR_MS = 3_600_000;
const TIMEOUT_MS = 3000;
/** On a machine that is busy with other things. */
const TEST_MS = 300_000;

describe('a clock that is moved by an hour', { timeout: TEST_MS }, () => {
  let lab: Lab;
  let movedMs = 0;

  beforeAll(async () => {
    lab = await startLab({
      robots: {
        WAITS: waitingRobot({ before: "console.log('waiting');" }),
        FAILS: nodeRobot('process.exit(1);'),
      },
      tasks: [
        { code: 'WAITS', later: true },
        { code: 'FAILS', later: true },
      ],
      settings: {
        pollMinMs: 200,
        robots: {
          WAITS: { runTimeoutMs: TIMEOUT_MS },
          FAILS: { failurePolicy: 'retry', retryAttempts: 2, retryBackoffMs: 5000 },
        },
      },
      overrides: { now: () => Date.now() + movedMs },
    });
  });
  afterAll(() => lab.close());

  test.each([
    ['forward', HOUR_MS],
    ['back', -HOUR_MS],
  ])('%s ends no run early and none late; work goes on, and the worker registers', async (_way, by) => {
    const taskId = await lab.addTask('WAITS');
    await lab.until(taskId, 'running');
    movedMs += by;
    const movedAtMs = performance.now();
    const run = await lab.until(taskId, 'ended');
    expect(run).toMatchObject({ outcome: 'timed-out', error: { code: 'RUN_TIMEOUT' } });
    expect(run.durationMs).toBeGreaterThanOrEqual(TIMEOUT_MS);
    // An hour late would be far later, on any machine.
    expect(performance.now() - movedAtMs).toBeLessThan(HOUR_MS / 60);
    const next = await lab.addTask('WAITS');
    const { id } = await lab.until(next, 'running');
    await lab.agent.handlers.cancel({ id });
    await lab.until(next, 'ended');
  });

  test('back does not put off the next attempt', async () => {
    const taskId = await lab.addTask('FAILS');
    await lab.until(taskId, 'ended');
    movedMs -= HOUR_MS;
    await until('the second attempt has ended', async () => {
      const run = await lab.agent.handlers.run({ id: taskId });
      return run.attempt === 2 && run.state === 'ended';
    });
  });
});

test(
  'an agent that stood still goes on where it was, and registers in time',
  async () => {
    const faultLab = await openFaultLab({ behaviour: { delayWindowSeconds: 4 }, rowsAtFirst: 100 });
    const { lab } = faultLab;
    const registrations = () =>
      lab.platform.audit().filter(({ operation }) => operation === 'createWorker').length;
    try {
      await faultLab.startAgent();
      const taskId = await lab.addTask('WORK');
      const run = await faultLab.untilRun(taskId, 'running');
      process.kill(faultLab.agent.pid, 'SIGSTOP');
      const before = registrations();
      // As long as the platform waits for a worker, and longer.
      await delay(6000);
      expect(registrations()).toBe(before);
      process.kill(faultLab.agent.pid, 'SIGCONT');
      await until('it is registered again', () => registrations() > before);
      expect((await faultLab.untilRun(taskId, 'running')).state).toBe('running');
      faultLab.letGo(run);
      await expectWhole(faultLab, taskId);
    } finally {
      await faultLab.close();
    }
  },
  TEST_MS,
);
