import { afterEach, describe, expect, test } from 'vitest';
import type { KuFlowClient } from '../../../src/agent/kuflow/create-client.ts';
import { takeTask } from '../../../src/agent/tasks/take.ts';
import type { TakeIntent } from '../../../src/agent/tasks/take-intent.ts';
import { TakeMemory } from '../../../src/agent/tasks/take-memory.ts';
import { isTakeOpen } from '../../../src/agent/tasks/take-result.ts';
import { createTakeFacts } from '../../helpers/take-facts.ts';
import { DEFINITION, type KuFlowFixture, startKuFlow } from './kuflow-fixture.ts';

let kuflow: KuFlowFixture;
afterEach(() => kuflow.close());

const installationId = '0d5c1f9e-0f43-4a44-9f3a-2f7f6f0b9c11';
/** Our entry in a log that was empty. */
const entryOf = (append = 'n0nce', claimed = '') =>
  `Taken by PC-12 [take ${installationId} ${append} after nothing of ${kuflow.platform.principalId.slice(-8)}${claimed}]`;
const matchOf = (part: string) => (_method: string, path: string) => path.includes(part);

/** A platform with one task, and a take of it by its main application. */
async function setUp(behaviour: Parameters<typeof startKuFlow>[0] = {}) {
  kuflow = await startKuFlow(behaviour);
  const client = kuflow.createClient({ timeoutMs: 500 });
  const [summary] = await kuflow.createClient().findTasks({
    states: ['READY'],
    definitionCodes: [DEFINITION],
    tenantId: null,
    limit: 1,
  });
  const taskId = summary?.id ?? '';
  const intents: TakeIntent['step'][] = [];
  const take = (over: Partial<Parameters<typeof takeTask>[0]> = {}) =>
    takeTask({
      client,
      taskId,
      principalId: kuflow.platform.principalId,
      hostName: 'PC-12',
      installationId,
      attempt: 1,
      reclaim: null,
      memory: new TakeMemory(client.endpoint, createTakeFacts(), Date.now),
      onIntent: ({ step }) => intents.push(step),
      signal: new AbortController().signal,
      closing: new AbortController().signal,
      sleep: async () => {},
      nonce: 'n0nce',
      ...over,
    });
  const messages = async () => (await client.retrieveTask(taskId)).logs.map(({ message }) => message);
  return { client, taskId, take, messages, intents };
}

/** A client of another application. */
function rival(): KuFlowClient {
  const { clientId, clientSecret } = kuflow.platform.addApplication('Rival');
  return kuflow.createClient({ credentials: { clientId, clientSecret } });
}

test('a READY task is claimed after its log says who has it, in three calls', async () => {
  const { take, taskId, messages, intents } = await setUp();
  const from = kuflow.proxy.requests.length;
  expect(await take()).toMatchObject({ taken: true, announced: true, task: { state: 'CLAIMED' } });
  expect(kuflow.proxy.requests.slice(from)).toHaveLength(3);
  expect(await messages()).toEqual([entryOf()]);
  expect(kuflow.mutations(taskId).map(({ operation }) => operation)).toEqual([
    'appendProcessItemTaskLog',
    'claimProcessItemTask',
  ]);
  expect(intents).toEqual(['append', 'claim']);
});

test('a task of another principal is left to it', async () => {
  const { take, taskId, messages } = await setUp();
  const owner = await rival().claimTask(taskId);
  expect(await take()).toEqual({
    taken: false,
    code: 'TAKEN_ELSEWHERE',
    message: `The task is CLAIMED by ${owner.ownerId}.`,
    againInMs: null,
  });
  expect(await messages()).toEqual([]);
});

test('a task that is over or unknown is gone', async () => {
  const { take, client, taskId } = await setUp();
  await client.claimTask(taskId);
  await client.completeTask(taskId);
  expect(await take()).toEqual({
    taken: false,
    code: 'TASK_GONE',
    message: 'The task is COMPLETED by now.',
    againInMs: null,
  });
  expect(await take({ taskId: installationId })).toMatchObject({ taken: false, code: 'TASK_GONE' });
});

test('our own earlier claim is accepted only where that is asked for', async () => {
  const { take, client, taskId } = await setUp();
  await client.claimTask(taskId);
  expect(await take()).toMatchObject({ taken: false, code: 'TAKEN_ELSEWHERE' });
  expect(await take({ reclaim: 'by-hand' })).toMatchObject({ taken: true, announced: true });
  expect(await take({ reclaim: 'by-hand', principalId: null })).toMatchObject({ taken: false });
});

describe.each([200, 409] as const)('where a second claim by one principal answers %i', (secondClaim) => {
  test.each(['reset-before', 'reset-after', 'hang-before', 'hang-after'] as const)(
    'a claim whose answer is lost by %s is looked up, and the task taken once',
    async (kind) => {
      const { take, messages } = await setUp({ behaviour: { secondClaim } });
      kuflow.proxy.add({ kind, match: matchOf('claim') });
      expect(await take()).toMatchObject({ taken: true, announced: true });
      expect(await messages()).toEqual([entryOf()]);
    },
  );

  test('a claim that another host made meanwhile without a take of its own is nothing against ours', async () => {
    const { client, take, taskId } = await setUp({ behaviour: { secondClaim } });
    const late: KuFlowClient = {
      ...client,
      claimTask: async (id, options) => {
        await client.claimTask(taskId);
        return await client.claimTask(id, options);
      },
    };
    expect(await take({ client: late })).toMatchObject({ taken: true });
  });
});

test('two principals that claim at once: one has it, the other knows', async () => {
  const { take, taskId } = await setUp();
  const other = kuflow.platform.addApplication('Rival');
  const credentials = { clientId: other.clientId, clientSecret: other.clientSecret };
  const results = await Promise.all([
    take(),
    take({
      client: kuflow.createClient({ credentials }),
      principalId: other.principalId,
      hostName: 'PC-13',
      nonce: 'other',
    }),
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
  expect(kuflow.mutations(taskId).map(({ operation }) => operation)).toEqual(['appendProcessItemTaskLog']);
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
  expect(await messages()).toEqual([entryOf()]);
});

test('an entry that did not arrive is written again, under a nonce of its own', async () => {
  const { take, messages } = await setUp();
  kuflow.proxy.add({ kind: 'reset-before', match: matchOf('append-log'), times: 2 });
  expect(await take()).toMatchObject({ taken: true, announced: true });
  expect(await messages()).toEqual([entryOf('n0nce.3')]);
});

test('a platform that loses every answer to an entry is away: nothing is claimed', async () => {
  const { take, taskId } = await setUp();
  kuflow.proxy.add({ kind: 'reset-before', match: matchOf('append-log'), times: 3 });
  expect(await take().catch((thrown: unknown) => thrown)).toMatchObject({ code: 'PLATFORM_UNREACHABLE' });
  expect(kuflow.mutations(taskId)).toEqual([]);
});

test.each([
  { keeps: 2, methods: ['GET', 'POST', 'POST'], is: 'is remembered where it may keep but few' },
  { keeps: 9, methods: ['GET', 'POST', 'GET', 'POST', 'POST'], is: 'is asked again where it keeps more' },
])(
  'a platform that refuses entries on READY tasks has them claimed first, and $is',
  async ({ keeps, methods }) => {
    const { client, take, taskId, messages, intents } = await setUp({
      behaviour: { appendOnReady: false },
      tasks: 2,
    });
    const memory = new TakeMemory(client.endpoint, createTakeFacts(), Date.now);
    memory.noteLog(keeps);
    expect(await take({ memory })).toMatchObject({ taken: true, announced: true });
    expect(await messages()).toEqual([entryOf('n0nce.2', ' claimed')]);
    expect(intents).toEqual(['append', 'claim-first', 'elect']);
    const [second] = await client.findTasks({
      states: ['READY'],
      definitionCodes: [DEFINITION],
      tenantId: null,
      limit: 1,
    });
    const from = kuflow.proxy.requests.length;
    expect(await take({ memory, taskId: second?.id ?? '' })).toMatchObject({ taken: true });
    expect(second?.id).not.toBe(taskId);
    expect(kuflow.proxy.requests.slice(from).map(({ method }) => method)).toEqual(methods);
  },
);

test('a platform that takes no entries at all does not cost the task', async () => {
  const { take } = await setUp();
  kuflow.proxy.add({ kind: 'answer', status: 400, body: '{}', match: matchOf('append-log'), times: 2 });
  expect(await take()).toMatchObject({ taken: true, announced: false });
});

test('a task whose log has a young take of another host is left alone for the rest of a minute', async () => {
  const { client, take, taskId } = await setUp();
  const message = 'Taken by PC-13 [take 7a1c6f0e-1111-4a44-9f3a-2f7f6f0b9c11 other after nothing]';
  await client.appendLog(taskId, { message, level: 'INFO' });
  const result = await take();
  expect(result).toEqual({
    taken: false,
    code: 'TAKEN_ELSEWHERE',
    message: 'PC-13 was about to take the task a moment ago; it is left alone for a minute.',
    againInMs: expect.any(Number),
  });
  expect(result).toSatisfy(({ againInMs }) => againInMs > 30_000 && againInMs <= 61_000);
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
    announced: true,
  });
});

test('an abort before the claim leaves the task READY', async () => {
  const { take, client, taskId } = await setUp();
  const abort = new AbortController();
  const appendLog: KuFlowClient['appendLog'] = async (id, log) => {
    const task = await client.appendLog(id, log);
    abort.abort();
    return task;
  };
  const taken = take({ client: { ...client, appendLog }, signal: abort.signal });
  expect(await taken.catch((thrown: unknown) => thrown)).toMatchObject({ code: 'INTERRUPTED' });
  expect((await client.retrieveTask(taskId)).state).toBe('READY');
});

test('an agent that ends while the outcome of its claim is unknown says so', async () => {
  const { take, client, intents } = await setUp();
  const closing = new AbortController();
  kuflow.proxy.add({ kind: 'reset-after', match: matchOf('claim') });
  const claimTask: KuFlowClient['claimTask'] = async (id) => {
    kuflow.proxy.add({ kind: 'answer', status: 500, match: (method) => method === 'GET', times: 40 });
    return await client.claimTask(id);
  };
  const sleep = async () => closing.abort();
  const taken = take({ client: { ...client, claimTask }, closing: closing.signal, sleep });
  expect(await taken.catch(isTakeOpen)).toBe(true);
  expect(intents.at(-1)).toBe('claim');
});

test('before we know who we are, the claim’s own answer tells', async () => {
  const { take } = await setUp();
  kuflow.proxy.add({ kind: 'reset-after', match: matchOf('claim') });
  expect(await take({ principalId: null })).toMatchObject({ taken: true });
});
