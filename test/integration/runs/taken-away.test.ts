import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunDetails } from '../../../src/shared/run.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/fault-proxy.ts';
import { type Lab, startLab } from '../../helpers/lab.ts';
import { survivorsOf } from './survivors.ts';
import { letGo, waitingRobot } from './waiting-robot.ts';

const COMPLETE = `
  const path = '/process-items/' + KUFLOW_TASK_ID + '/task/~actions/complete';
  console.log('completed:', (await call(path, 'POST')).status);
`;

let lab: Lab;
let proxy: FaultProxy;

beforeAll(async () => {
  lab = await startLab({
    robots: {
      WAITS: waitingRobot({ before: "console.log('waiting');" }),
      TALKS: waitingRobot({ before: "setInterval(() => console.log('still here'), 50);" }),
      DONE: waitingRobot({ before: COMPLETE, after: "console.log('after it');" }),
      DONE_UNHEARD: waitingRobot({ before: COMPLETE }),
      DONE_UNHEARD_AND_FAILED: waitingRobot({ before: `${COMPLETE} process.exit(1);` }),
      DONE_AND_FAILED: waitingRobot({ before: COMPLETE, after: 'process.exit(1);' }),
    },
    tasks: [
      { code: 'WAITS', later: true },
      { code: 'TALKS' },
      { code: 'DONE' },
      { code: 'DONE_AND_FAILED' },
      { code: 'DONE_UNHEARD', later: true },
      { code: 'DONE_UNHEARD_AND_FAILED', later: true },
    ],
    settings: { taskCheckMs: 200, cancelGraceMs: 2000, maxConcurrentRuns: 10 },
    endpointOf: async (platform) => {
      proxy = await startFaultProxy({ target: platform.url });
      return proxy.url;
    },
  });
});

afterAll(async () => {
  await lab.close();
  await proxy.close();
});

/** What the platform was told to do to a task beside its log, oldest first. */
function settlingsOf(taskId: string): string[] {
  return lab.mutations(taskId).filter((operation) => !/append|claim/i.test(operation));
}

describe('a task that is taken away from its run', () => {
  test.each([
    {
      how: 'its process is cancelled',
      act: ({ processId }) => lab.api(`/processes/${processId}/~actions/cancel`, 'POST'),
      says: 'CANCELLED',
    },
    {
      how: 'somebody else completes it',
      act: ({ taskId }) => lab.api(`/process-items/${taskId}/task/~actions/complete`, 'POST'),
      says: 'COMPLETED',
    },
    {
      how: 'it is given to a person',
      act: ({ taskId }) =>
        lab.api(`/process-items/${taskId}/task/~actions/assign`, 'POST', { ownerEmail: 'ada@example.com' }),
      says: 'given to somebody else',
    },
  ] satisfies { how: string; act: (run: RunDetails) => Promise<unknown>; says: string }[])(
    'ends it, and the run says why: $how',
    async ({ act, says }) => {
      const id = await lab.addTask('WAITS', {}, { process: true });
      const run = await lab.until(id, 'running');
      await act(run);
      const done = settlingsOf(id);
      const ended = await lab.until(id, 'ended');

      expect(ended).toMatchObject({
        outcome: 'cancelled',
        error: { code: 'CANCELLED_BY_PLATFORM', message: expect.stringContaining(says) },
        settled: { action: 'none' },
      });
      expect(survivorsOf(run.id)).toEqual([]);
      expect(settlingsOf(id)).toEqual(done);
      const { decisions } = await lab.agent.handlers.why({ id });
      expect(decisions.at(-1)).toMatchObject({
        decision: 'skipped',
        code: 'CANCELLED_BY_PLATFORM',
        message: expect.stringContaining(says),
        runId: run.id,
      });
      expect(await lab.logText(run)).toMatch(new RegExp(`ERROR .*${says}.* \\[CANCELLED_BY_PLATFORM\\]`));
    },
  );
});

describe('a robot that completes its own task', () => {
  /** Completed, and looked at on the platform twice since. */
  async function completedAndSeen(code: string): Promise<RunDetails> {
    const { id } = await lab.task(code);
    await lab.until(id, 'running');
    await expect.poll(async () => (await lab.task(id)).state, { timeout: 60_000 }).toBe('COMPLETED');
    const from = proxy.requests.length;
    await expect
      .poll(() => proxy.requests.slice(from).filter(({ path }) => path.endsWith(id)).length, {
        timeout: 60_000,
      })
      .toBeGreaterThan(1);
    return await lab.until(id, 'running');
  }

  test('goes on to its exit, and is not completed twice', async () => {
    const run = await completedAndSeen('DONE');
    expect(run.state).toBe('running');
    letGo(run);
    const ended = await lab.until(run.id, 'ended');
    expect(ended).toMatchObject({ outcome: 'succeeded', error: null, settled: { action: 'completed' } });
    expect(settlingsOf(run.taskId ?? '')).toEqual(['completeProcessItemTask']);
    expect(await lab.logText(run)).toContain('completed: 200\nINFO after it');
  });

  test('and never hears of it, is left to its exit all the same', async () => {
    const id = await lab.addTask('DONE_UNHEARD');
    proxy.add({
      kind: 'reset-after',
      match: (_method, path) => path.includes(`${id}/task/~actions/complete`),
    });
    const run = await completedAndSeen(id);
    expect(run.state).toBe('running');
    letGo(run);
    const ended = await lab.until(id, 'ended');
    expect(ended).toMatchObject({ outcome: 'succeeded', error: null, settled: { action: 'completed' } });
    expect(settlingsOf(id)).toEqual(['completeProcessItemTask']);
    expect(await lab.logText(run)).toContain('INFO completed: 502');
  });

  test('never hears of it and fails at once, has nothing done to its task: it is looked at before', async () => {
    const id = await lab.addTask('DONE_UNHEARD_AND_FAILED');
    const isCall = (part: string) => (_method: string, path: string) => path.endsWith(`${id}${part}`);
    proxy.add({ kind: 'reset-after', match: isCall('/task/~actions/complete') });
    // Nothing that the agent does before the end shows it the task.
    for (const part of ['', '/task/~actions/append-log']) {
      const times = Number.POSITIVE_INFINITY;
      const isLate = () => lab.mutations(id).includes('completeProcessItemTask');
      const match = (method: string, path: string) => isLate() && isCall(part)(method, path);
      proxy.add({ kind: 'answer', status: 500, match, times });
    }
    await lab.until(id, 'settling');
    proxy.clear();
    expect(await lab.until(id, 'ended')).toMatchObject({
      outcome: 'failed',
      error: { code: 'ROBOT_EXIT' },
      settled: { action: 'none' },
    });
    expect(settlingsOf(id)).toEqual(['completeProcessItemTask']);
  });

  test('and then fails, has an ERROR in its log and nothing done to its task', async () => {
    const run = await completedAndSeen('DONE_AND_FAILED');
    letGo(run);
    const ended = await lab.until(run.id, 'ended');
    expect(ended).toMatchObject({
      outcome: 'failed',
      error: { code: 'ROBOT_EXIT' },
      exitCode: 1,
      settled: { action: 'none' },
    });
    expect(settlingsOf(run.taskId ?? '')).toEqual(['completeProcessItemTask']);
    expect(await lab.logText(run)).toContain('ERROR The robot ended with exit code 1. [ROBOT_EXIT]');
    expect((await lab.task(run.taskId ?? '')).entries.at(-1)).toMatchObject({ level: 'ERROR' });
  });
});

test('an answer to a log entry is enough to see that a task was taken away', async () => {
  const { id } = await lab.task('TALKS');
  await lab.until(id, 'running');
  const isLook = (method: string, path: string) => method === 'GET' && path.endsWith(id);
  proxy.add({ kind: 'answer', status: 500, match: isLook, times: Number.POSITIVE_INFINITY });
  await lab.api(`/process-items/${id}/task/~actions/complete`, 'POST');
  const ended = await lab.until(id, 'ended');
  expect(ended.error?.code).toBe('CANCELLED_BY_PLATFORM');
});
