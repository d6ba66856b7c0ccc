import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Collector, startCollector } from '../../helpers/collector.ts';
import { type Lab, startLab } from '../../helpers/lab.ts';
import { letGo, waitingRobot } from '../runs/waiting-robot.ts';
import { until } from '../survival/judge.ts';
import { openOtherHost } from './other-host.ts';

/** Also on a machine that is busy with other things. */
const SLOW = { timeout: 400_000 };

let lab: Lab;
let witness: Collector;
/** The clocks of agent and platform go on together. */
let aheadMs = 0;
let isAway = false;

beforeEach(async () => {
  aheadMs = 0;
  isAway = false;
  witness = await startCollector();
  const now = () => Date.now() + aheadMs;
  // Tells the witness that it lives for as long as it does.
  const robot = waitingRobot({
    before: `
      const tell = () => fetch(process.env.WITNESS, { method: 'POST', body: KUFLOW_TASK_ID }).catch(() => {});
      setInterval(tell, 50).unref();
      console.log('holding');
    `,
  });
  const environmentVariables = { WITNESS: witness.url };
  lab = await startLab({
    robots: { SHARED: { ...robot, environmentVariables }, ALONE: { ...robot, environmentVariables } },
    tasks: [
      { code: 'SHARED', later: true },
      { code: 'ALONE', later: true },
    ],
    settings: { taskCheckMs: 200, robots: { SHARED: { takeOver: true } } },
    platformNow: now,
    overrides: {
      now,
      fetch: async (request) => {
        if (isAway) throw new TypeError('fetch failed');
        return await fetch(request);
      },
    },
  });
});
afterEach(async () => {
  await lab.close();
  await witness.close();
});

const advance = (minutes: number) => {
  aheadMs += minutes * 60_000;
};

const livesOf = async (taskId: string) =>
  (await witness.lines()).filter(({ text }) => text === taskId).length;

const untilLost = (taskId: string) =>
  until('the run that others may take over is ended', async () => {
    const { state, outcome } = await lab.agent.handlers.run({ id: taskId });
    return state === 'settling' && outcome === 'lost';
  });

async function untilHeld(code: string): Promise<string> {
  const taskId = await lab.addTask(code);
  const isHeld = async () =>
    (await lab.task(taskId)).entries.some(({ message }) => message.includes('holding'));
  await until(`a run holds the task of ${code}`, isHeld);
  return taskId;
}

test(
  'a run that the platform has not heard of for 15 minutes is over before another host has its task',
  SLOW,
  async () => {
    const shared = await untilHeld('SHARED');
    const alone = await untilHeld('ALONE');
    isAway = true;
    advance(16);
    await untilLost(shared);
    const lives = await livesOf(shared);

    advance(15);
    const other = openOtherHost(lab.platform, 'PC-13');
    expect(await other.take(shared, 'take-over')).toMatchObject({ taken: true });
    const told = (await lab.task(shared)).entries;
    isAway = false;
    expect(await lab.until(shared, 'ended')).toMatchObject({
      outcome: 'lost',
      error: { code: 'AGENT_CRASHED' },
      settled: { action: 'none' },
    });
    expect((await lab.task(shared)).entries).toEqual(told);
    // One may have been on its way.
    expect(await livesOf(shared)).toBeLessThanOrEqual(lives + 1);

    // What nobody takes over went on without the platform, and is reported now.
    const run = await lab.agent.handlers.run({ id: alone });
    expect(run.state).toBe('running');
    letGo(run);
    expect(await lab.until(alone, 'ended')).toMatchObject({ outcome: 'succeeded' });
    expect(await lab.task(alone)).toMatchObject({ state: 'COMPLETED' });
  },
);

test('a clock that is put back keeps no such run alive', SLOW, async () => {
  const shared = await untilHeld('SHARED');
  isAway = true;
  advance(-60);
  const agentLog = () => readFileSync(join(lab.home, 'logs', 'agent.log'), 'utf8');
  await until('the agent sees it', () => agentLog().includes('its clock was moved'));
  advance(16);
  await untilLost(shared);
});
