import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Application } from '../../../src/platform/start-platform.ts';
import {
  type Schemas,
  startTestPlatform,
  TEST_SEED,
  type TestPlatform,
} from '../../helpers/start-test-platform.ts';

type Item = Schemas['ProcessItem'];
type Page = Schemas['ProcessItemPage'];

let platform: TestPlatform;
let other: Application;
let task: string;
let processId: string;
let clock: number;

beforeEach(async () => {
  clock = Date.UTC(2026, 0, 1, 12);
  platform = await startTestPlatform({ now: () => clock });
  other = platform.addApplication('Other');
  const { json } = await platform.api<Page>('GET', '/process-items?taskDefinitionCode=INVOICES');
  ({ id: task, processId } = json.content[0] ?? { id: '', processId: '' });
});
afterEach(() => platform.close());

const act = (action: string, body?: unknown, as?: Application) =>
  platform.api<Item>('POST', `/process-items/${task}/task/~actions/${action}`, body, { ...(as && { as }) });
const append = (message: string, as?: Application) => act('append-log', { message, level: 'INFO' }, as);
const read = async () => (await platform.api<Item>('GET', `/process-items/${task}`)).json;
const messages = (item: Item) => item.task?.logs?.map((entry) => entry.message);

describe('claiming', () => {
  it('makes the task of the principal that asks', async () => {
    clock += 1000;
    const { status, json } = await act('claim');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      ownerId: platform.principalId,
      lastModifiedBy: platform.principalId,
      lastModifiedAt: '2026-01-01T12:00:01.000Z',
      task: { state: 'CLAIMED' },
    });
  });

  it('lets one of many at once win, and refuses the others with 409', async () => {
    const rivals = [platform, other, platform.addApplication('Third')];
    platform.behaviour.secondClaim = 409;
    const statuses = await Promise.all(
      [...rivals, ...rivals].map(async (as) => (await act('claim', undefined, as)).status),
    );
    expect(statuses.toSorted()).toEqual([200, 409, 409, 409, 409, 409]);
  });

  it('answers 200 or 409 to a second claim of the same principal, as switched', async () => {
    await act('claim');
    platform.behaviour.secondClaim = 200;
    expect((await act('claim')).status).toBe(200);
    platform.behaviour.secondClaim = 409;
    expect((await act('claim')).status).toBe(409);
  });

  it.each([200, 409] as const)(
    "refuses another principal's claim, also where a second one gets %s",
    async (secondClaim) => {
      platform.behaviour.secondClaim = secondClaim;
      await act('claim');
      const { status, json } = await act('claim', undefined, other);
      expect(status).toBe(409);
      expect(json).toMatchObject({ status: 409, message: expect.stringContaining('CLAIMED') });
    },
  );

  it('is for tasks: a message cannot be claimed', async () => {
    const { json } = await platform.api<Item>('POST', '/process-items', {
      type: 'MESSAGE',
      processId,
      message: { text: 'Hello', dataStructureDataDefinitionCode: 'GREETING' },
    });
    expect(json.message).toEqual({ text: 'Hello', dataStructureDataDefinitionCode: 'GREETING' });
    task = json.id;
    expect((await act('claim')).status).toBe(409);
  });
});

describe('assigning', () => {
  it('hands the task to a person by email', async () => {
    await act('claim');
    const { json } = await act('assign', { ownerEmail: 'ana@acme.example' });
    const owner = await platform.api<Schemas['Principal']>('GET', `/principals/${json.ownerId}`);
    expect([json.task?.state, owner.json.name]).toEqual(['CLAIMED', 'Ana']);
  });

  it('hands the task to an application by id, which alone may then complete it', async () => {
    await act('assign', { ownerId: other.principalId });
    expect((await act('complete')).status).toBe(403);
    expect((await act('complete', undefined, other)).status).toBe(200);
  });

  it.each([
    ['nobody', {}],
    ['two', { ownerEmail: 'ana@acme.example', ownerId: randomUUID() }],
    ['somebody unknown', { ownerEmail: 'bo@acme.example' }],
  ])('refuses to assign to %s', async (_, body) => {
    expect((await act('assign', body)).status).toBe(400);
    expect((await read()).task?.state).toBe('READY');
  });
});

describe('completing', () => {
  it('is for a claimed task and its claimer', async () => {
    expect((await act('complete')).status).toBe(409);
    await act('claim');
    expect((await act('complete', undefined, other)).status).toBe(403);
    expect((await act('complete')).json.task?.state).toBe('COMPLETED');
    expect((await act('claim')).status).toBe(409);
  });

  it('answers 200 or 409 to a second completion, as switched', async () => {
    await act('claim');
    await act('complete');
    expect((await act('complete')).status).toBe(200);
    platform.behaviour.secondComplete = 409;
    expect((await act('complete')).status).toBe(409);
  });
});

describe('the log', () => {
  it('keeps entries in order, with time and level, and answers with the whole item', async () => {
    await act('claim');
    await append('one');
    clock += 5000;
    const { json } = await act('append-log', { message: 'two', level: 'ERROR' });
    expect(json.task?.logs).toEqual([
      { id: expect.any(String), timestamp: '2026-01-01T12:00:00.000Z', message: 'one', level: 'INFO' },
      { id: expect.any(String), timestamp: '2026-01-01T12:00:05.000Z', message: 'two', level: 'ERROR' },
    ]);
    expect((await read()).task?.logs).toEqual(json.task?.logs);
  });

  it('takes the same entry twice: there is no client id', async () => {
    await append('again');
    expect(messages((await append('again')).json)).toEqual(['again', 'again']);
  });

  it('drops the oldest entries beyond its bound', async () => {
    platform.behaviour.logBound = 3;
    for (const message of ['a', 'b', 'c', 'd', 'e']) await append(message);
    expect(messages(await read())).toEqual(['c', 'd', 'e']);
    platform.behaviour.logBound = 2;
    expect(messages((await append('f')).json)).toEqual(['e', 'f']);
  });

  it('keeps 500 entries unless told otherwise', async () => {
    for (let n = 1; n <= 501; n++) await append(String(n));
    const kept = messages(await read());
    expect([kept?.length, kept?.[0], kept?.at(-1)]).toEqual([500, '2', '501']);
  });

  it('takes or refuses entries of a READY task, as switched', async () => {
    expect((await append('ready')).status).toBe(200);
    platform.behaviour.appendOnReady = false;
    expect((await append('ready')).status).toBe(409);
    expect(messages(await read())).toEqual(['ready']);
  });

  it.each(['COMPLETED', 'CANCELLED'])('takes or refuses entries of a %s task, as switched', async (state) => {
    await act('claim');
    if (state === 'COMPLETED') await act('complete');
    else await platform.api('POST', `/processes/${processId}/~actions/cancel`);
    expect((await read()).task?.state).toBe(state);
    expect((await append('late')).status).toBe(200);
    platform.behaviour.appendOnEnded = false;
    expect((await append('later')).status).toBe(409);
    expect(messages(await read())).toEqual(['late']);
  });

  it('refuses a level that the specification does not have', async () => {
    expect((await act('append-log', { message: 'x', level: 'DEBUG' })).status).toBe(400);
  });
});

describe('task data', () => {
  const path = () => `/process-items/${task}/task/data`;

  it('is replaced by PUT', async () => {
    await platform.api('PUT', path(), { data: { value: { a: 1 } } });
    const { json } = await platform.api<Item>('PUT', path(), { data: { value: { b: 2 } } });
    expect(json.task?.data).toEqual({ valid: true, value: { b: 2 } });
  });

  it('is changed in place by PATCH, all of it or none', async () => {
    await platform.api('PUT', path(), { data: { value: { list: [1], name: 'x' } } });
    const { json } = await platform.api<Item>('PATCH', path(), [
      { op: 'test', path: '/name', value: 'x' },
      { op: 'add', path: '/list/-', value: 2 },
      { op: 'move', from: '/name', path: '/title' },
    ]);
    expect(json.task?.data?.value).toEqual({ list: [1, 2], title: 'x' });
    const refused = await platform.api('PATCH', path(), [
      { op: 'add', path: '/more', value: 1 },
      { op: 'remove', path: '/none' },
    ]);
    expect([refused.status, refused.json.errors?.[0]?.location]).toEqual([400, '[1]']);
    expect((await read()).task?.data?.value).toEqual({ list: [1, 2], title: 'x' });
  });

  it('of an ended task cannot be changed', async () => {
    await act('claim');
    await act('complete');
    expect((await platform.api('PUT', path(), { data: { value: {} } })).status).toBe(409);
  });
});

describe('creating', () => {
  const body = (more: object = {}) => ({
    id: randomUUID(),
    type: 'TASK',
    processId,
    task: { taskDefinitionCode: 'REMINDERS', data: { value: { to: 'Ana' } } },
    ...more,
  });

  it('answers 201, then 200 with the task as it is now', async () => {
    const params = body();
    const first = await platform.api<Item>('POST', '/process-items', params);
    ({ id: task } = first.json);
    await act('claim');
    const second = await platform.api<Item>('POST', '/process-items', params);
    expect([first.status, second.status]).toEqual([201, 200]);
    expect([first.json.task?.state, second.json.task?.state]).toEqual(['READY', 'CLAIMED']);
    expect(second.json.task?.data?.value).toEqual({ to: 'Ana' });
  });

  it.each(['READY', 'CLAIMED'] as const)(
    'with an owner starts as %s where that is switched',
    async (state) => {
      platform.behaviour.ownedTaskStartsAs = state;
      const { json } = await platform.api<Item>(
        'POST',
        '/process-items',
        body({ ownerId: platform.principalId }),
      );
      expect([json.task?.state, json.ownerId]).toEqual([state, platform.principalId]);
    },
  );

  it('takes the definition code under the name of R26, or refuses it, as switched', async () => {
    const params = { ...body(), task: { processItemDefinitionCode: 'REMINDERS' } };
    expect((await platform.api('POST', '/process-items', params)).status).toBe(201);
    platform.behaviour.acceptR26Names = false;
    expect((await platform.api('POST', '/process-items', { ...params, id: randomUUID() })).status).toBe(400);
  });

  it.each([
    ['an unknown definition', 400, { task: { taskDefinitionCode: 'NOPE' } }],
    ['no task', 400, { task: undefined }],
    ['an unknown process', 404, { processId: randomUUID() }],
  ])('refuses %s', async (_, status, more) => {
    expect((await platform.api('POST', '/process-items', body(more))).status).toBe(status);
  });
});

describe('the audit', () => {
  it('tells who changed what from where, in order, and nothing of what was refused', async () => {
    const before = platform.audit().length;
    await act('claim');
    await append('hello');
    await act('claim', undefined, other);
    await act('complete');
    const said = platform.audit().slice(before);
    expect(said.map(({ operation, before, after }) => [operation, before, after])).toEqual([
      [
        'claimProcessItemTask',
        { state: 'READY', ownerId: null },
        { state: 'CLAIMED', ownerId: platform.principalId },
      ],
      [
        'appendProcessItemTaskLog',
        null,
        { state: 'CLAIMED', entry: expect.objectContaining({ message: 'hello' }) },
      ],
      [
        'completeProcessItemTask',
        { state: 'CLAIMED', ownerId: platform.principalId },
        { state: 'COMPLETED', ownerId: platform.principalId },
      ],
    ]);
    for (const entry of said) {
      expect(entry).toMatchObject({
        at: '2026-01-01T12:00:00.000Z',
        principalId: platform.principalId,
        sourceAddress: '127.0.0.1',
        resource: `item/${task}`,
      });
    }
  });

  it('has what a seed brought', () => {
    const { robots, users, processDefinitions, processes } = TEST_SEED;
    const seeded = platform.audit().filter((entry) => entry.operation === 'seed');
    const tasks = processes.flatMap((process) => process.tasks);
    const things = [robots, users, processDefinitions, processes, tasks].map((list) => list.length);
    expect(seeded.length).toBe(things.reduce((sum, count) => sum + count));
  });
});
