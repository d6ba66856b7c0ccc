import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Run } from '../../../src/shared/run.ts';
import { type Lab, NODE_HERE, nodeRobot, startLab } from '../../helpers/lab.ts';
import { letGo, waitingRobot } from './waiting-robot.ts';

/** Fails the first time, succeeds after. */
const FLAKY = `
  import { existsSync, writeFileSync } from 'node:fs';
  const seen = existsSync(process.env.SEEN_FILE);
  writeFileSync(process.env.SEEN_FILE, '');
  process.exit(seen ? 0 : 3);
`;
const NAMED = nodeRobot(`console.log('operation ' + process.env.KUFLOW_ROBOT_OPERATION)`, {
  manifest: `operations:\n  - name: One\n    shell: node robot.mjs\n  - name: Two\n    shell: node robot.mjs\ntools:\n  nodejs: ${NODE_HERE}\n`,
});

describe('by hand', () => {
  let lab: Lab;
  const dir = mkdtempSync(join(tmpdir(), 'kubot-by-hand-'));

  const start = (input: Partial<Parameters<Lab['agent']['handlers']['start']>[0]> & { robot: string }) =>
    lab.agent.handlers.start({
      requestId: randomUUID(),
      operation: null,
      variables: {},
      taskId: null,
      ...input,
    });
  const ended = async ({ id }: Run) => await lab.until(id, 'ended');
  const deeds = (taskId: string) =>
    lab.mutations(taskId).filter((operation) => operation !== 'appendProcessItemTaskLog');

  beforeAll(async () => {
    lab = await startLab({
      shares: [dir],
      robots: {
        FLAKY: nodeRobot(FLAKY, { environmentVariables: { SEEN_FILE: join(dir, 'seen') } }),
        FAIL: nodeRobot('process.exit(3)'),
        WAIT: waitingRobot({}),
        NAMED,
        BARE: nodeRobot(`
          import { writeFileSync } from 'node:fs';
          writeFileSync(process.env.KUFLOW_EXECUTION_OUTDIR + '/seen', JSON.stringify(process.env));
          console.log('token ' + process.env.API_TOKEN);
        `),
      },
      tasks: [
        { code: 'FLAKY' },
        { code: 'FAIL' },
        { code: 'NAMED', operation: 'Two' },
        { code: 'WAIT', later: true },
      ],
    });
    await lab.work();
  });
  afterAll(async () => {
    await lab.close();
    rmSync(dir, { recursive: true });
  });

  describe('a task that a failed run kept', () => {
    test('gets its next attempt when it is started', async () => {
      const { id, state } = await lab.task('FLAKY');
      expect(state).toBe('CLAIMED');
      const run = await start({ robot: 'FLAKY', taskId: id });
      expect(run).toMatchObject({ attempt: 2, source: 'manual', state: 'queued', taskId: id });
      expect(await ended(run)).toMatchObject({ outcome: 'succeeded', settled: { action: 'completed' } });
      expect(await lab.task(id)).toMatchObject({ state: 'COMPLETED' });
      expect(deeds(id)).toEqual(['claimProcessItemTask', 'completeProcessItemTask']);
    });

    test('is completed by settling it', async () => {
      const { id } = await lab.task('FAIL');
      const run = await lab.agent.handlers.settle({ taskId: id, action: 'complete', email: null });
      expect(run).toMatchObject({ taskId: id, outcome: 'failed', settled: { action: 'completed' } });
      expect(await lab.task(id)).toMatchObject({ state: 'COMPLETED' });
      expect((await lab.agent.handlers.run({ id: run.id })).settled).toEqual(run.settled);
    });

    test('is handed over by settling it, and is then another’s', async () => {
      const id = await lab.addTask('FAIL');
      await lab.until(id, 'ended');
      const settle = (email: string | null) =>
        lab.agent.handlers.settle({ taskId: id, action: 'hand-over', email });
      await expect(settle(null)).rejects.toMatchObject({ code: 'USAGE' });
      expect(await settle('ada@example.com')).toMatchObject({ settled: { action: 'handed-over' } });
      const task = await lab.task(id);
      expect(task.state).toBe('CLAIMED');
      expect(task.ownerId).not.toBe(lab.platform.principalId);
      await expect(start({ robot: 'FAIL', taskId: id })).rejects.toMatchObject({
        code: 'CONFLICT',
        message: `Task ${id} is CLAIMED by somebody else on the platform; it cannot be started here.`,
      });
    });
  });

  test('what cannot be settled or started is refused with the reason', async () => {
    const unknown = randomUUID();
    const { id } = await lab.task('NAMED');
    const handlers = lab.agent.handlers;
    await expect(handlers.settle({ taskId: unknown, action: 'complete', email: null })).rejects.toMatchObject(
      { code: 'RUN_NOT_FOUND' },
    );
    await expect(start({ robot: 'FAIL', taskId: unknown })).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await expect(start({ robot: 'NAMED', taskId: id })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `Task ${id} is COMPLETED on the platform; it cannot be started here.`,
    });
    await expect(start({ robot: 'NOBODY' })).rejects.toMatchObject({
      code: 'ROBOT_NOT_FOUND',
      message: 'This host serves no robot NOBODY; it serves FLAKY, FAIL, WAIT, NAMED, BARE.',
    });
  });

  test('a task that runs here is neither started again nor settled', async () => {
    const id = await lab.addTask('WAIT');
    const run = await lab.until(id, 'running');
    await expect(start({ robot: 'WAIT', taskId: id })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(
      lab.agent.handlers.settle({ taskId: id, action: 'complete', email: null }),
    ).rejects.toMatchObject({ code: 'CONFLICT' });
    letGo(run);
    expect(await ended(run)).toMatchObject({ outcome: 'succeeded' });
  });

  describe('a run without a task', () => {
    test('knows of none, and says so in its log’s first line', async () => {
      const run = await ended(await start({ robot: 'BARE' }));
      expect(run).toMatchObject({
        outcome: 'succeeded',
        taskId: null,
        processId: null,
        settled: { action: 'none' },
      });
      const seen = JSON.parse(readFileSync(join(run.outDir ?? '', 'seen'), 'utf8')) as Record<string, string>;
      expect(Object.keys(seen)).not.toContain('KUFLOW_TASK_ID');
      expect(Object.keys(seen)).not.toContain('KUFLOW_PROCESS_ID');
      expect((await lab.logText(run)).split('\n')[0]).toMatch(
        /^INFO Run .*; without a task, so KUFLOW_TASK_ID and KUFLOW_PROCESS_ID are unset$/,
      );
      expect(await lab.agent.handlers.why({ id: run.id })).toEqual({
        subject: { kind: 'run', id: run.id },
        decisions: [
          {
            at: expect.any(String),
            decision: 'taken',
            code: 'STARTED_BY_HAND',
            message: 'Started by hand, without a task.',
            runId: run.id,
          },
        ],
      });
    });

    test('gets the variables it was given, which are kept nowhere and masked where they look secret', async () => {
      const plain = `plain-${randomUUID()}`;
      const token = `token-${randomUUID()}`;
      const variables = { CUSTOMER: plain, API_TOKEN: token };
      const run = await ended(await start({ robot: 'BARE', variables }));
      const seen = join(run.outDir ?? '', 'seen');
      expect(JSON.parse(readFileSync(seen, 'utf8'))).toMatchObject(variables);
      expect(await lab.logText(run)).toMatch(/^INFO token \*+$/m);
      rmSync(seen);
      for (const path of readdirSync(lab.home, { recursive: true, withFileTypes: true })) {
        if (!path.isFile()) continue;
        const bytes = readFileSync(join(path.parentPath, path.name));
        expect([path.name, bytes.includes(plain), bytes.includes(token)]).toEqual([path.name, false, false]);
      }
    });

    test('ends as refused when the package has no such operation', async () => {
      expect(await ended(await start({ robot: 'NAMED', operation: 'Three' }))).toMatchObject({
        outcome: 'refused',
        error: {
          code: 'OPERATION_NOT_FOUND',
          message: 'kubot.yaml has no operation "Three"; it has "One", "Two".',
        },
      });
    });
  });

  test('the same request again gives the same run', async () => {
    const requestId = randomUUID();
    const [first, second] = await Promise.all([
      start({ robot: 'BARE', requestId }),
      start({ robot: 'BARE', requestId }),
    ]);
    expect(second.id).toBe(first.id);
    await ended(first);
    expect(await start({ robot: 'BARE', requestId })).toMatchObject({ id: first.id, state: 'ended' });

    const taskId = await lab.addTask('WAIT');
    const run = await lab.until(taskId, 'running');
    await lab.agent.handlers.cancel({ id: run.id });
    await ended(run);
    const again = { robot: 'WAIT', requestId: randomUUID(), taskId };
    const [third, fourth] = await Promise.all([start(again), start(again)]);
    expect(fourth.id).toBe(third.id);
    letGo(await lab.until(third.id, 'running'));
    expect(await ended(third)).toMatchObject({ outcome: 'succeeded', attempt: 2 });
  });

  test('a task is started with the operation that the inbox would take', async () => {
    await lab.agent.handlers.pause({ forMs: null, reason: null });
    const taskId = await lab.addTask('NAMED', { operation: 'One' });
    const run = await start({ robot: 'NAMED', taskId });
    const other = await start({ robot: 'NAMED', operation: 'One', taskId: await lab.addTask('NAMED') });
    await lab.agent.handlers.resume();
    // The route's operation outranks the data's, as in the inbox; an operation that is named outranks both.
    expect(await ended(run)).toMatchObject({ outcome: 'succeeded', operation: 'Two' });
    expect(await ended(other)).toMatchObject({ outcome: 'succeeded', operation: 'One' });
  });

  test('a robot is found that came after the agent last looked', async () => {
    await lab.putRobot('LATE', nodeRobot(''));
    expect(await ended(await start({ robot: 'LATE' }))).toMatchObject({ outcome: 'succeeded' });
  });
});
