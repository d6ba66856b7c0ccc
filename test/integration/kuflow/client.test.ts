import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fixedAuthorization } from '../../../src/agent/kuflow/authorization.ts';
import type { KuFlowClient } from '../../../src/agent/kuflow/create-client.ts';
import { isOutcomeUnknown } from '../../../src/agent/kuflow/retry.ts';
import { DEFINITION, type KuFlowFixture, startKuFlow } from './kuflow-fixture.ts';

let kuflow: KuFlowFixture;
let client: KuFlowClient;

beforeEach(async () => {
  kuflow = await startKuFlow({ tasks: 3 });
  client = kuflow.createClient();
});
afterEach(() => kuflow.close());

const query = { states: ['READY'], definitionCodes: [DEFINITION], tenantId: null, limit: 100 } as const;
const asset = { type: 'PYTHON', platform: 'LINUX', architecture: 'X86_64' } as const;
const anyOf = (part: string) => (_method: string, path: string) => path.includes(part);
const code = (error: unknown) => (error as { code?: string }).code;

async function firstTask(): Promise<string> {
  const [task] = await client.findTasks(query);
  if (!task) throw new Error('No task was seeded');
  return task.id;
}

describe('tasks', () => {
  test('are found lean, and read whole', async () => {
    const found = await client.findTasks(query);
    expect(found).toHaveLength(3);
    expect(found[0]).toMatchObject({ state: 'READY', definitionCode: DEFINITION, ownerId: null });
    const task = await client.retrieveTask(found[0]?.id ?? '');
    expect(task).toMatchObject({ ...found[0], data: { operation: 'Check' }, logs: [] });
    expect(Math.abs((task.serverTimeMs ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  test('are claimed, logged, given data and completed', async () => {
    const id = await firstTask();
    const { principalId } = kuflow.platform;
    expect(await client.claimTask(id)).toMatchObject({ state: 'CLAIMED', ownerId: principalId });
    expect((await client.appendLog(id, { message: 'Hello · wörld', level: 'WARN' })).logs).toEqual([
      expect.objectContaining({ message: 'Hello · wörld', level: 'WARN' }),
    ]);
    expect(await client.updateTaskData(id, { total: 1 })).toMatchObject({ data: { total: 1 } });
    expect(await client.patchTaskData(id, [{ op: 'add', path: '/vat', value: 2 }])).toMatchObject({
      data: { total: 1, vat: 2 },
    });
    expect(await client.completeTask(id)).toMatchObject({ state: 'COMPLETED', lastModifiedBy: principalId });
  });

  test('are handed over to a person by email', async () => {
    const id = await firstTask();
    await client.claimTask(id);
    const task = await client.assignTask(id, { ownerEmail: 'ann@acme.test' });
    expect(task.ownerId).not.toBe(kuflow.platform.principalId);
  });

  test('that do not exist are refused with their status', async () => {
    const error = await client
      .retrieveTask('5f0e3c1a-9d7b-4b8e-8a52-0c7d1e2f3a4b')
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PLATFORM_REFUSED', retryable: false, details: { status: 404 } });
  });
});

describe.each(['both', 'r24', 'r26'] as const)('a platform that answers as %s', (shape) => {
  test('is read, and tasks keep their definition', async () => {
    kuflow.platform.behaviour.shape = shape;
    const [summary] = await client.findTasks(query);
    expect(summary?.definitionCode).toBe(DEFINITION);
    expect((await client.retrieveTask(summary?.id ?? '')).definitionCode).toBe(DEFINITION);
  });
});

describe('the filter by definition', () => {
  const names = () =>
    kuflow.proxy.requests
      .filter(({ path }) => path.includes('/process-items?'))
      .map(({ path }) =>
        [...new URLSearchParams(path.split('?')[1]).keys()].filter((key) => /Code$/.test(key)),
      );

  test.each([
    [{ acceptR26Names: true, acceptR24Names: true }, [['taskDefinitionCode', 'processItemDefinitionCode']]],
    [
      { acceptR26Names: false },
      [['taskDefinitionCode', 'processItemDefinitionCode'], ['taskDefinitionCode']],
    ],
    [
      { acceptR24Names: false },
      [
        ['taskDefinitionCode', 'processItemDefinitionCode'],
        ['taskDefinitionCode'],
        ['processItemDefinitionCode'],
      ],
    ],
  ])('is found out once for a platform with %j', async (behaviour, asked) => {
    Object.assign(kuflow.platform.behaviour, behaviour);
    expect(await client.findTasks(query)).toHaveLength(3);
    expect(names()).toEqual(asked);
    expect(await client.findTasks(query)).toHaveLength(3);
    expect(names()).toEqual([...asked, asked.at(-1)]);
  });

  test('stays here for more codes than a URL should hold', async () => {
    const codes = Array.from({ length: 51 }, (_, at) => `CODE_${at}`);
    expect(await client.findTasks({ ...query, definitionCodes: codes })).toEqual([]);
    expect(await client.findTasks({ ...query, definitionCodes: [...codes, DEFINITION] })).toHaveLength(3);
    expect(names()).toEqual([[], []]);
  });

  test('gives a 400 that has another reason on, and learns nothing from it', async () => {
    kuflow.proxy.add({ kind: 'answer', status: 400, body: '{}', match: anyOf('/process-items?'), times: 3 });
    expect(code(await client.findTasks(query).catch((thrown: unknown) => thrown))).toBe('PLATFORM_REFUSED');
    expect(await client.findTasks(query)).toHaveLength(3);
    expect(names().at(-1)).toEqual(['taskDefinitionCode', 'processItemDefinitionCode']);
  });

  test('reads no more tasks than it is asked for', async () => {
    expect(await client.findTasks({ ...query, limit: 2 })).toHaveLength(2);
  });
});

describe('robots', () => {
  test('are listed lean and read whole', async () => {
    const [summary] = await client.findRobots({ context: 'READY' });
    const robot = await client.retrieveRobot(summary?.id ?? '');
    expect(robot).toMatchObject({
      ...summary,
      code: DEFINITION,
      sourceType: 'PACKAGE',
      environmentVariables: { VAT_RATE: '21' },
    });
    expect(robot.sourceFile?.contentHash).toMatch(/^[0-9a-f]{64}$/);
  });

  test('give their package and assets as streams', async () => {
    const [robot] = await client.findRobots({ context: 'READY' });
    const robotId = robot?.id ?? '';
    const request = { headers: { 'accept-encoding': 'identity' }, signal: new AbortController().signal };
    const source = await client.openRobotSource(robotId)(request);
    const zip = await new Response(source.body).bytes();
    expect(Buffer.from(zip.subarray(0, 2)).toString()).toBe('PK');
    const python = await client.openRobotAsset({ robotId, version: '3.11.4', ...asset })({
      ...request,
      headers: { range: 'bytes=100-' },
    });
    expect(python.status).toBe(206);
    expect(Buffer.from(await new Response(python.body).bytes()).equals(kuflow.asset.subarray(100))).toBe(
      true,
    );
  });

  test('have no asset of an unknown version: 404', async () => {
    const [robot] = await client.findRobots({ context: 'READY' });
    const open = client.openRobotAsset({ robotId: robot?.id ?? '', version: '9.9.9', ...asset });
    const error = await open({ headers: {}, signal: new AbortController().signal }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'PLATFORM_REFUSED', details: { status: 404 } });
  });
});

test('a document is uploaded from a file, its length told, and again after a cut connection', async () => {
  const path = join(kuflow.dir, 'log ü.txt');
  writeFileSync(path, 'x'.repeat(300_000));
  const { processId } = await client.retrieveTask(await firstTask());
  kuflow.proxy.add({ kind: 'reset-after', match: anyOf('upload-document') });
  const document = { name: 'log ü.txt', contentType: 'text/plain', path };
  const { documentUri } = await client.uploadDocument(processId, document);
  expect(documentUri).toContain('size=300000');
  const uploads = kuflow.proxy.requests.filter(({ path: asked }) => asked.includes('upload-document'));
  expect(uploads.map(({ headers }) => headers['content-length'])).toEqual(['300000', '300000']);
});

test('a bearer token serves as well as client id and secret', async () => {
  const bearer = kuflow.createClient({ credentials: { bearerToken: kuflow.platform.bearerToken } });
  expect(await bearer.findTasks(query)).toHaveLength(3);
});

test('refused credentials are told at once, and new ones count from the next call', async () => {
  let secret = 'wrong';
  const { clientId, clientSecret } = kuflow.platform;
  const seen: string[] = [];
  const other = kuflow.createClient({
    credentials: fixedAuthorization(() => ({ clientId, clientSecret: secret })),
    onConnection: ({ state }) => seen.push(state),
  });
  const error = await other.retrieveTask(await firstTask()).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'UNAUTHORIZED', retryable: false });
  secret = clientSecret;
  expect(await other.findTasks(query)).toHaveLength(3);
  expect(seen).toEqual(['unauthorized', 'connected']);
});

describe('when an answer is lost', () => {
  test.each(['reset-before', 'reset-after', 'hang-before', 'hang-after'] as const)(
    'by %s, a read is repeated',
    async (kind) => {
      const patient = kuflow.createClient({ timeoutMs: 300 });
      const id = await firstTask();
      kuflow.proxy.add({ kind, match: anyOf(`/process-items/${id}`), times: 2 });
      expect((await patient.retrieveTask(id)).id).toBe(id);
    },
  );

  test.each(['reset-before', 'reset-after', 'hang-after'] as const)(
    'by %s, a log entry is not sent again: its outcome is unknown',
    async (kind) => {
      const impatient = kuflow.createClient({ timeoutMs: 300 });
      const id = await firstTask();
      kuflow.proxy.add({ kind, match: anyOf('append-log') });
      const error = await impatient
        .appendLog(id, { message: 'Once', level: 'INFO' })
        .catch((thrown: unknown) => thrown);
      expect(isOutcomeUnknown(error)).toBe(true);
      expect(kuflow.proxy.requests.filter(({ path }) => path.includes('append-log'))).toHaveLength(1);
      expect((await client.retrieveTask(id)).logs).toHaveLength(kind === 'reset-before' ? 0 : 1);
    },
  );

  test('a completion is sent again, and a task that is complete stays so', async () => {
    const id = await firstTask();
    await client.claimTask(id);
    kuflow.proxy.add({ kind: 'reset-after', match: anyOf('complete') });
    expect(await client.completeTask(id)).toMatchObject({ state: 'COMPLETED' });
  });

  test('half a body is no success', async () => {
    const id = await firstTask();
    kuflow.proxy.add({ kind: 'cut', bytes: 40, match: anyOf('claim') });
    const error = await client.claimTask(id).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'PLATFORM_UNREACHABLE', details: { outcome: 'unknown' } });
    expect((await client.retrieveTask(id)).state).toBe('CLAIMED');
  });

  test('a platform that is away is waited for, and the connection tells it', async () => {
    const id = await firstTask();
    const states: string[] = [];
    const waiting = kuflow.createClient({
      onConnection: ({ state, lastError }) => states.push(`${state} ${lastError?.message ?? ''}`.trim()),
      sleep: async () => {
        if (states.length >= 2) await kuflow.proxy.up();
      },
    });
    await kuflow.proxy.down();
    expect((await waiting.claimTask(id)).state).toBe('CLAIMED');
    const host = new URL(kuflow.proxy.url).host;
    expect(new Set(states)).toEqual(
      new Set([`offline Could not claim the task at ${host}: connection refused.`, 'connected']),
    );
  });
});

test('an answer that trickles in is read whole', async () => {
  const id = await firstTask();
  kuflow.proxy.add({ kind: 'trickle', chunkBytes: 50, everyMs: 2, match: anyOf(`/process-items/${id}`) });
  expect((await client.retrieveTask(id)).id).toBe(id);
});

test('429 is obeyed by every later call, a log entry too', async () => {
  const id = await firstTask();
  const waits: number[] = [];
  const start = Date.now();
  let skippedMs = 0;
  const obedient = kuflow.createClient({
    now: () => start + skippedMs,
    sleep: async (milliseconds) => {
      waits.push(milliseconds);
      skippedMs += milliseconds;
    },
  });
  kuflow.proxy.add({
    kind: 'answer',
    status: 429,
    headers: { 'retry-after': '30' },
    match: anyOf('append-log'),
  });
  const [task, found] = await Promise.all([
    obedient.appendLog(id, { message: 'Slowly', level: 'INFO' }),
    obedient.findTasks(query),
  ]);
  expect(task.logs).toHaveLength(1);
  expect(found).toHaveLength(3);
  expect(waits).toContain(30_000);
});
