import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Run } from '../../../src/shared/run.ts';
import { type Lab, nodeRobot, startLab } from '../../helpers/lab.ts';
import { waitingRobot } from '../runs/waiting-robot.ts';
import { openOtherHost } from './other-host.ts';

const MINUTE = 60_000;
const WAIT = { timeout: 60_000, interval: 50 };
/** Says in a file outside of agent and platform which task it was started for. */
const WORK = `
  import { appendFileSync } from 'node:fs';
  appendFileSync(process.env.STARTS, process.env.KUFLOW_TASK_ID + '\\n');
`;

let marks: string;
let lab: Lab;
let aheadMs = 0;

beforeAll(async () => {
  marks = mkdtempSync(join(tmpdir(), 'kubot-marks-'));
  lab = await startLab({
    robots: {
      WORK: nodeRobot(WORK, { environmentVariables: { STARTS: join(marks, 'starts') } }),
      WAIT: waitingRobot({ before: "console.log('waiting');" }),
    },
    tasks: [
      { code: 'WORK', later: true },
      { code: 'WAIT', later: true },
    ],
    shares: [marks],
    settings: { taskCheckMs: 200, cancelGraceMs: 2000 },
    platformNow: () => Date.now() + aheadMs,
  });
});
afterAll(async () => {
  await lab.close();
  rmSync(marks, { recursive: true, force: true });
});

const advance = (minutes: number) => {
  aheadMs += minutes * MINUTE;
};

/** A task that another host took, and that it has not been heard of since for so many minutes. */
async function abandonedTask(minutes: number): Promise<string> {
  await lab.agent.handlers.pause({ forMs: null, reason: 'Another host is to have the next task.' });
  const taskId = await lab.addTask('WORK');
  expect(await openOtherHost(lab.platform, 'PC-12').take(taskId)).toMatchObject({ taken: true });
  await lab.agent.handlers.resume();
  advance(minutes);
  return taskId;
}

const startsOf = (taskId: string) => {
  const path = join(marks, 'starts');
  const started = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  return started.filter((id) => id === taskId).length;
};

const start = (taskId: string): Promise<Run> =>
  lab.agent.handlers.start({
    requestId: randomUUID(),
    robot: 'WORK',
    operation: null,
    variables: {},
    taskId,
  });

const entriesOf = async (taskId: string) => (await lab.task(taskId)).entries.map(({ message }) => message);

describe('a task of a host that died', () => {
  test('is left to that host for half an hour', async () => {
    const taskId = await abandonedTask(29);
    expect(await lab.agent.handlers.orphans()).toEqual([]);
    const refusal = { code: 'CONFLICT', message: expect.stringContaining('PC-12 has the task') };
    await expect(start(taskId)).rejects.toMatchObject(refusal);
    const settle = lab.agent.handlers.settle({ taskId, action: 'complete', email: null });
    await expect(settle).rejects.toMatchObject(refusal);
    advance(2);
    expect(await lab.agent.handlers.orphans()).toMatchObject([{ taskId, kind: 'silent', host: 'PC-12' }]);
    expect(startsOf(taskId)).toBe(0);
  });

  test('is run here when a person says so', async () => {
    const taskId = await abandonedTask(31);
    expect(await start(taskId)).toMatchObject({ attempt: 2, source: 'manual' });
    expect(await lab.until(taskId, 'ended')).toMatchObject({ outcome: 'succeeded', attempt: 2 });
    expect(await lab.task(taskId)).toMatchObject({ state: 'COMPLETED' });
    expect((await entriesOf(taskId))[1]).toMatch(/^Taken over by .*, attempt 2 \[take /);
    expect(startsOf(taskId)).toBe(1);
  });

  test('is completed, or handed over, when a person says so, and the list of runs tells', async () => {
    const completed = await abandonedTask(31);
    const { handlers } = lab.agent;
    expect(await handlers.settle({ taskId: completed, action: 'complete', email: null })).toMatchObject({
      taskId: completed,
      outcome: 'lost',
      settled: { action: 'completed' },
    });
    expect(await lab.task(completed)).toMatchObject({ state: 'COMPLETED' });
    const given = await abandonedTask(31);
    await handlers.settle({ taskId: given, action: 'hand-over', email: 'ada@example.com' });
    expect((await lab.task(given)).ownerId).not.toBe(lab.platform.principalId);
    expect(await handlers.run({ id: given })).toMatchObject({ settled: { action: 'handed-over' } });
    expect([startsOf(completed), startsOf(given)]).toEqual([0, 0]);
  });

  test('is settled as lost by a host that takes over, and not run again', async () => {
    const taskId = await abandonedTask(31);
    await lab.restartAgent({ taskCheckMs: 200, takeOver: true });
    const run = await lab.until(taskId, 'ended');
    expect(run).toMatchObject({
      outcome: 'lost',
      attempt: 1,
      error: { code: 'AGENT_CRASHED', message: expect.stringContaining('PC-12 has told nothing') },
      settled: { action: 'kept' },
    });
    const { decisions } = await lab.agent.handlers.why({ id: taskId });
    expect(decisions).toMatchObject([{ decision: 'taken', code: 'TAKEN_OVER' }]);
    expect((await entriesOf(taskId)).at(-1)).toContain('\n[end lost] ·');
    expect(await lab.task(taskId)).toMatchObject({ state: 'CLAIMED' });
    expect(startsOf(taskId)).toBe(0);
  });

  test('is run again by a host that takes over where the failure policy says so', async () => {
    const taskId = await abandonedTask(31);
    await lab.restartAgent({
      taskCheckMs: 200,
      takeOver: true,
      failurePolicy: 'retry',
      retryBackoffMs: 10,
    });
    await expect.poll(async () => (await lab.task(taskId)).state, WAIT).toBe('COMPLETED');
    const runs = (await lab.runs()).filter((run) => run.taskId === taskId);
    expect(runs.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
      [2, 'succeeded'],
      [1, 'lost'],
    ]);
    expect(startsOf(taskId)).toBe(1);
    await lab.restartAgent({ taskCheckMs: 200 });
  });
});

describe('a run whose task another host took over', () => {
  test('is ended, settles nothing and tells the task nothing more', async () => {
    const taskId = await lab.addTask('WAIT');
    await lab.until(taskId, 'running');
    await expect.poll(async () => (await entriesOf(taskId)).join(), WAIT).toContain('waiting');
    advance(31);
    const other = openOtherHost(lab.platform, 'PC-13');
    expect(await other.take(taskId, 'take-over')).toMatchObject({ taken: true });
    const told = await entriesOf(taskId);
    const run = await lab.until(taskId, 'ended');
    expect(run).toMatchObject({
      outcome: 'cancelled',
      error: {
        code: 'CANCELLED_BY_PLATFORM',
        message: "The task is no longer this run's: the platform says that PC-13 took it over.",
      },
      settled: { action: 'none' },
    });
    expect(await entriesOf(taskId)).toEqual(told);
    expect(await lab.task(taskId)).toMatchObject({ state: 'CLAIMED' });
    expect(await lab.logText(run)).toContain('PC-13 took it over');
  });
});

describe('a task that was assigned to us', () => {
  const assignedTask = async () => {
    const process = await lab.api<{ content: { id: string }[] }>('/processes');
    const created = await lab.api<{ id: string }>('/process-items', 'POST', {
      type: 'TASK',
      processId: process.content[0]?.id,
      ownerId: lab.platform.principalId,
      task: { taskDefinitionCode: 'WORK' },
    });
    return created.id;
  };

  test('is an orphan, until the setting says that it is work', async () => {
    const taskId = await assignedTask();
    expect((await lab.task(taskId)).state).toBe('CLAIMED');
    expect(await lab.agent.handlers.orphans()).toContainEqual(
      expect.objectContaining({ taskId, kind: 'unmarked', host: null }),
    );
    await lab.restartAgent({ takeAssigned: true });
    expect(await lab.until(taskId, 'ended')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
    expect(await lab.task(taskId)).toMatchObject({ state: 'COMPLETED' });
    expect(startsOf(taskId)).toBe(1);
  });
});

test('a host whose journal was damaged says so, goes on, and lists what it had taken', async () => {
  await lab.restartAgent();
  const taskId = await lab.addTask('WAIT');
  await lab.until(taskId, 'running');
  await lab.agent.close();
  writeFileSync(join(lab.home, 'journal.db'), 'not a journal any more '.repeat(500));
  await lab.restartAgent();
  const { handlers } = lab.agent;
  const { warnings } = await handlers.status();
  expect(warnings).toEqual([
    expect.stringMatching(/journal was damaged; it lies in .*journal\.db\.corrupt-/),
  ]);
  expect(readFileSync(join(lab.home, 'logs', 'agent.log'), 'utf8')).toContain(
    'Journal was damaged and is set aside',
  );
  await expect
    .poll(() => handlers.orphans().catch(() => []), WAIT)
    .toContainEqual(expect.objectContaining({ taskId, kind: 'own' }));
  const work = await lab.addTask('WORK');
  expect(await lab.until(work, 'ended')).toMatchObject({ outcome: 'succeeded' });
});
