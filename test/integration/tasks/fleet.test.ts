import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../survival/judge.ts';
import { type AgentFleet, openFleet, startOutsider, untilAll } from './agent-fleet.ts';

const TASKS = 40;
/** Also on a machine that is busy with other things. */
const SLOW = { timeout: 400_000 };

let fleet: AgentFleet;
afterEach(() => fleet.close());

const addTasks = (code: string, count: number) =>
  Promise.all(Array.from({ length: count }, () => fleet.lab.addTask(code)));

describe('four agents that want the same tasks', SLOW, () => {
  test.each([
    { credentials: 'own', logBound: 500, tasks: TASKS },
    { credentials: 'shared', logBound: 500, tasks: TASKS },
    // Where the log is filled all the time each task is watched for a while first.
    { credentials: 'shared', logBound: 2, tasks: 12 },
  ] as const)(
    'start each once, with $credentials credentials and $logBound entries kept, while somebody writes to them',
    async ({ credentials, logBound, tasks }) => {
      fleet = await openFleet({ credentials, behaviour: { logBound } });
      const { lab } = fleet;
      const taskIds = await addTasks('QUICK', tasks);
      const stop = startOutsider(lab, taskIds, 400 / tasks);
      await Promise.all([0, 1, 2, 3].map((index) => fleet.start(index)));
      await untilAll(lab, taskIds, ['COMPLETED']);
      await stop();
      const starts = await fleet.starts();
      expect(taskIds.map((id) => starts.get(id) ?? 0)).toEqual(taskIds.map(() => 1));
      const outcomes = [0, 1, 2, 3].flatMap((index) => fleet.runsOf(index)).map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome !== null)).toEqual(taskIds.map(() => 'succeeded'));
    },
  );
});

test(
  'agents go on without one that is killed, and with one that was stopped until its task was taken over',
  SLOW,
  async () => {
    fleet = await openFleet({
      credentials: 'shared',
      settings: { takeOver: true, taskCheckMs: 200, cancelGraceMs: 1000, maxConcurrentRuns: 3 },
    });
    const { lab } = fleet;
    const [held = ''] = await addTasks('HOLD', 1);
    const stopped = await fleet.start(0);
    const holding = async () =>
      (await lab.task(held)).entries.some(({ message }) => message.includes('holding'));
    await until('the first agent holds the task', holding);
    process.kill(stopped.pid, 'SIGSTOP');
    fleet.advance(31);

    // Who comes now finds that the task was silent for half an hour.
    const killed = await fleet.start(1);
    await fleet.start(2);
    const endOfHeld = async () => (await lab.task(held)).entries.at(-1)?.message ?? '';
    await until('the task is taken over and settled', async () => (await endOfHeld()).includes('[end lost]'));
    const told = (await lab.task(held)).entries;

    const taskIds = await addTasks('QUICK', TASKS);
    await killed.until('run-started', 2);
    await killed.end('SIGKILL');
    process.kill(stopped.pid, 'SIGCONT');
    await until('the agent that was stopped lets go', () =>
      fleet.runsOf(0).some(({ taskId, state }) => taskId === held && state === 'ended'),
    );
    await fleet.start(1);
    const isSettled = async () => {
      const lost = fleet.runsOf(1).filter(({ outcome }) => outcome === 'lost');
      const kept = lost.flatMap(({ taskId, settled }) => (settled?.action === 'kept' ? [taskId] : []));
      const states = await Promise.all(
        taskIds.map(async (id) => ({ id, state: (await lab.task(id)).state })),
      );
      return states.every(({ id, state }) => state === 'COMPLETED' || kept.includes(id));
    };
    await until('every task is done, or kept for the run that was lost', isSettled);

    const starts = await fleet.starts();
    expect([held, ...taskIds].filter((id) => (starts.get(id) ?? 0) > 1)).toEqual([]);
    const lost = fleet.runsOf(1).filter(({ outcome }) => outcome === 'lost');
    expect(taskIds.filter((id) => !starts.has(id)).length).toBeLessThanOrEqual(lost.length);
    expect(fleet.runsOf(0).find(({ taskId }) => taskId === held)).toMatchObject({
      outcome: 'cancelled',
      error: { code: 'CANCELLED_BY_PLATFORM' },
      settled: { action: 'none' },
    });
    expect((await lab.task(held)).entries).toEqual(told);
  },
);
