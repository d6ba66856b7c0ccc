import { afterEach, expect, test } from 'vitest';
import { checkTasks, startTaskCheck, type TaskSighting } from '../../../src/agent/tasks/task-check.ts';
import { createMemoryLog } from '../../helpers/raw-server.ts';
import { DEFINITION, type KuFlowFixture, startKuFlow } from './kuflow-fixture.ts';

let kuflow: KuFlowFixture;
afterEach(() => kuflow.close());

const signal = new AbortController().signal;

async function setUp(tasks: number) {
  kuflow = await startKuFlow({ tasks });
  const client = kuflow.createClient();
  const found = await client.findTasks({
    states: ['READY'],
    definitionCodes: [DEFINITION],
    tenantId: null,
    limit: 100,
  });
  const ids = found.map(({ id }) => id);
  for (const id of ids) await client.claimTask(id);
  kuflow.proxy.requests.length = 0;
  const seen: TaskSighting[] = [];
  const options = {
    client,
    taskIds: () => ids,
    report: (sighting: TaskSighting) => {
      seen.push(sighting);
    },
    tenantId: null,
  };
  return { client, ids, seen, options };
}

test('a few running tasks are looked up one by one, with their logs', async () => {
  const { client, ids, seen, options } = await setUp(2);
  await client.completeTask(ids[1] ?? '');
  await checkTasks(options, signal);
  const ownerId = kuflow.platform.principalId;
  expect(seen).toEqual([
    { taskId: ids[0], state: 'CLAIMED', ownerId, logs: [] },
    { taskId: ids[1], state: 'COMPLETED', ownerId, logs: [] },
  ]);
});

test('a task that the platform does not show any more is gone', async () => {
  const { seen, options } = await setUp(0);
  const taskId = '5f0e3c1a-9d7b-4b8e-8a52-0c7d1e2f3a4b';
  await checkTasks({ ...options, taskIds: () => [taskId] }, signal);
  expect(seen).toEqual([{ taskId, state: 'GONE', ownerId: null }]);
});

test('more than ten are looked up by one page, and only what it lacks one by one', async () => {
  const { client, ids, seen, options } = await setUp(12);
  await client.completeTask(ids[3] ?? '');
  kuflow.proxy.requests.length = 0;
  await checkTasks(options, signal);
  expect(kuflow.proxy.requests).toHaveLength(2);
  expect(seen).toHaveLength(12);
  expect(seen.filter(({ state }) => state !== 'CLAIMED').map(({ taskId, state }) => [taskId, state])).toEqual(
    [[ids[3], 'COMPLETED']],
  );
});

test('the loop waits about its interval, survives a platform that is away, and asks nothing for no task', async () => {
  const { ids, seen, options } = await setUp(1);
  const abort = new AbortController();
  const waits: number[] = [];
  let running = ids;
  kuflow.proxy.add({ kind: 'answer', status: 401, match: () => true });
  await startTaskCheck(
    {
      ...options,
      taskIds: () => running,
      everyMs: 10_000,
      random: () => (waits.length === 0 ? 0 : 1),
      wait: async (milliseconds) => {
        waits.push(milliseconds);
        if (waits.length === 3) running = [];
        if (waits.length === 4) abort.abort();
      },
      log: createMemoryLog(),
    },
    abort.signal,
  );
  expect(waits).toEqual([8000, 12_000, 12_000, 12_000]);
  expect(kuflow.proxy.requests).toHaveLength(2);
  expect(seen).toHaveLength(1);
});
