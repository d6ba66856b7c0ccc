import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Lab, nodeRobot, startLab } from '../../helpers/lab.ts';
import { waitingRobot } from '../runs/waiting-robot.ts';
import { expectWhole, openFaultLab } from './fault-lab.ts';
import { until } from './judge.ts';

const HOUR_MS = 3_600_000;
const TIMEOUT_MS = 3000;
/** On a machine that is busy with other things. */
const TEST_MS = 300_000;

/** An agent whose clock can be moved. */
async function withClock(work: (lab: Lab, move: (byMs: number) => void) => Promise<void>): Promise<void> {
  let movedMs = 0;
  const lab = await startLab({
    robots: {
      WAITS: waitingRobot({ before: "console.log('waiting');" }),
      FAILS: nodeRobot('process.exit(1);'),
    },
    tasks: [
      { code: 'WAITS', later: true },
      { code: 'FAILS', later: true },
    ],
    settings: {
      robots: {
        WAITS: { runTimeoutMs: TIMEOUT_MS },
        FAILS: { failurePolicy: 'retry', retryAttempts: 2, retryBackoffMs: 5000 },
      },
    },
    overrides: { now: () => Date.now() + movedMs },
  });
  try {
    await work(lab, (byMs) => {
      movedMs += byMs;
    });
  } finally {
    await lab.close();
  }
}

describe('a clock that is moved by an hour', { timeout: TEST_MS }, () => {
  test.concurrent.each([
    ['forward', HOUR_MS],
    ['back', -HOUR_MS],
  ])('%s ends no run early and none late, and keeps nobody from work', async (_way, byMs) => {
    await withClock(async (lab, move) => {
      const taskId = await lab.addTask('WAITS');
      await lab.until(taskId, 'running');
      move(byMs);
      const run = await lab.until(taskId, 'ended');
      expect(run).toMatchObject({ outcome: 'timed-out', error: { code: 'RUN_TIMEOUT' } });
      expect(run.durationMs).toBeGreaterThanOrEqual(TIMEOUT_MS);
      // An hour late would be far later, on any machine.
      expect(run.durationMs).toBeLessThan(HOUR_MS / 60);
      await lab.until(await lab.addTask('WAITS'), 'running');
    });
  });

  test.concurrent('back does not put off the next attempt', async () => {
    await withClock(async (lab, move) => {
      const taskId = await lab.addTask('FAILS');
      await lab.until(taskId, 'ended');
      move(-HOUR_MS);
      await until('the second attempt has ended', async () => {
        const run = await lab.agent.handlers.run({ id: taskId });
        return run.attempt === 2 && run.state === 'ended';
      });
    });
  });
});

test.concurrent(
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
