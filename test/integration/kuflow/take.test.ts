import { afterEach, describe, expect, test } from 'vitest';
import type { KuFlowClient } from '../../../src/agent/kuflow/create-client.ts';
import { takeTask } from '../../../src/agent/tasks/take.ts';
import { DEFINITION, type KuFlowFixture, startKuFlow } from './kuflow-fixture.ts';

let kuflow: KuFlowFixture;
afterEach(() => kuflow.close());

const installationId = '0d5c1f9e-0f43-4a44-9f3a-2f7f6f0b9c11';
const entry = `Taken by PC-12 [take ${installationId} n0nce]`;
const matchOf = (part: string) => (_method: string, path: string) => path.includes(part);

/** A platform with one task, and a take of it by its main application. */
async function setUp(behaviour: Parameters<typeof startKuFlow>[0] = {}) {
  kuflow = await startKuFlow(behaviour);
  const client = kuflow.createClient({ timeoutMs: 500 });
  const [summary] = await client.findTasks({
    states: ['READY'],
    definitionCodes: [DEFINITION],
    tenantId: null,
    limit: 1,
  });
  const taskId = summary?.id ?? '';
  const take = (over: Partial<Parameters<typeof takeTask>[0]> = {}) =>
    takeTask({
      client,
      taskId,
      principalId: kuflow.platform.principalId,
      hostName: 'PC-12',
      installationId,
      reclaim: false,
      signal: new AbortController().signal,
      sleep: async () => {},
      nonce: 'n0nce',
      ...over,
    });
  const messages = async () => (await client.retrieveTask(taskId)).logs.map(({ message }) => message);
  return { client, taskId, take, messages };
}

/** A client of another application. */
function rival(): KuFlowClient {
  const { clientId, clientSecret } = kuflow.platform.addApplication('Rival');
  return kuflow.createClient({ credentials: { clientId, clientSecret } });
}

test('a READY task is claimed, and its log says who has it', async () => {
  const { take, messages } = await setUp();
  const result = await take();
  expect(result).toMatchObject({ taken: true, announced: true, task: { state: 'CLAIMED' } });
  expect(await messages()).toEqual([entry]);
});

test('a task of another principal is left to it', async () => {
  const { take, taskId, messages } = await setUp();
  const owner = await rival().claimTask(taskId);
  expect(await take()).toEqual({
    taken: false,
    code: 'TAKEN_ELSEWHERE',
    message: `The task is CLAIMED by ${owner.ownerId}.`,
  });
  expect(await messages()).toEqual([]);
});

test('a task that is over or unknown is gone', async () => {
  const { take, client, taskId } = await setUp();
  await client.claimTask(taskId);
  await client.completeTask(taskId);
  expect(await take()).toEqual({ taken: false, code: 'TASK_GONE', message: 'The task is COMPLETED by now.' });
  expect(await take({ taskId: installationId })).toMatchObject({ taken: false, code: 'TASK_GONE' });
});

test('our own earlier claim is accepted only where that is asked for', async () => {
  const { take, client, taskId } = await setUp();
  await client.claimTask(taskId);
  expect(await take()).toMatchObject({ taken: false, code: 'TAKEN_ELSEWHERE' });
  expect(await take({ reclaim: true })).toMatchObject({ taken: true, announced: true });
  expect(await take({ reclaim: true, principalId: null })).toMatchObject({ taken: false });
});

describe.each([200, 409] as const)('where a second claim by one principal answers %i', (secondClaim) => {
  test.each(['reset-before', 'reset-after', 'hang-before', 'hang-after'] as const)(
    'a claim whose answer is lost by %s is looked up, and the task taken once',
    async (kind) => {
      const { take, messages } = await setUp({ behaviour: { secondClaim } });
      kuflow.proxy.add({ kind, match: matchOf('claim') });
      expect(await take()).toMatchObject({ taken: true, announced: true });
      expect(await messages()).toEqual([entry]);
    },
  );

  test('a claim that another host of the same credentials won meanwhile is judged by its answer', async () => {
    const { client, take, taskId } = await setUp({ behaviour: { secondClaim } });
    const late: KuFlowClient = {
      ...client,
      claimTask: async (id, options) => {
        await client.claimTask(taskId);
        return await client.claimTask(id, options);
      },
    };
    // With 200 both would go on: that is what the election of a later version decides.
    expect(await take({ client: late })).toMatchObject({ taken: secondClaim === 200 });
  });
});

test('two principals that claim at once: one has it, the other knows', async () => {
  const { take, taskId } = await setUp();
  const other = kuflow.platform.addApplication('Rival');
  const credentials = { clientId: other.clientId, clientSecret: other.clientSecret };
  const results = await Promise.all([
    take(),
    take({ client: kuflow.createClient({ credentials }), principalId: other.principalId, hostName: 'PC-13' }),
  ]);
  expect(results.filter(({ taken }) => taken)).toHaveLength(1);
  expect(kuflow.mutations(taskId).filter(({ operation }) => /claim/i.test(operation))).toHaveLength(1);
});

test('a lost claim is followed while the platform is away, however long', async () => {
  const { take, client } = await setUp();
  let waits = 0;
  kuflow.proxy.add({ kind: 'reset-after', match: matchOf('claim') });
  const result = await take({
    client: {
      ...client,
      claimTask: async (id) => {
        kuflow.proxy.add({ kind: 'answer', status: 500, match: (method) => method === 'GET', times: 40 });
        return await client.claimTask(id);
      },
    },
    sleep: async () => {
      waits++;
    },
  });
  expect(result).toMatchObject({ taken: true, announced: true });
  expect(waits).toBe(10);
});

test('a refused claim of a task that stays READY is the platform’s refusal', async () => {
  const { take, taskId } = await setUp();
  const body = JSON.stringify({ timestamp: '', status: 403, message: 'Not in the group' });
  kuflow.proxy.add({ kind: 'answer', status: 403, body, match: matchOf('claim') });
  const error = await take().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'PLATFORM_REFUSED', details: { status: 403 } });
  expect(String(error)).toContain('Not in the group');
  expect(kuflow.mutations(taskId)).toEqual([]);
});

test('a platform that is away before the claim leaves the task unclaimed', async () => {
  const { take } = await setUp();
  await kuflow.proxy.down();
  expect(await take().catch((thrown: unknown) => thrown)).toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
  await kuflow.proxy.up();
});

test('an entry whose answer is lost is not written twice', async () => {
  const { take, messages } = await setUp();
  kuflow.proxy.add({ kind: 'reset-after', match: matchOf('append-log') });
  expect(await take()).toMatchObject({ taken: true, announced: true });
  expect(await messages()).toEqual([entry]);
});

test('an entry that did not arrive is written again', async () => {
  const { take, messages } = await setUp();
  kuflow.proxy.add({ kind: 'reset-before', match: matchOf('append-log'), times: 2 });
  expect(await take()).toMatchObject({ taken: true, announced: true });
  expect(await messages()).toEqual([entry]);
});

test('a platform that takes no entries does not cost the task', async () => {
  const { take } = await setUp();
  kuflow.proxy.add({ kind: 'answer', status: 400, body: '{}', match: matchOf('append-log') });
  expect(await take()).toMatchObject({ taken: true, announced: false });
});

test('a take that is aborted claims nothing', async () => {
  const { take, taskId } = await setUp();
  expect(await take({ signal: AbortSignal.abort() }).catch((thrown: unknown) => thrown)).toMatchObject({
    code: 'INTERRUPTED',
  });
  expect(kuflow.mutations(taskId)).toEqual([]);
});

test('an abort after the claim leaves the task taken', async () => {
  const { take, client } = await setUp();
  const abort = new AbortController();
  const claimTask: KuFlowClient['claimTask'] = async (id) => {
    const task = await client.claimTask(id);
    abort.abort();
    return task;
  };
  expect(await take({ client: { ...client, claimTask }, signal: abort.signal })).toMatchObject({
    taken: true,
    announced: false,
  });
});

test('before we know who we are, the claim’s own answer tells', async () => {
  const { take } = await setUp();
  kuflow.proxy.add({ kind: 'reset-after', match: matchOf('claim') });
  expect(await take({ principalId: null })).toMatchObject({ taken: true });
});
