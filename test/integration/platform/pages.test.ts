import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_BEHAVIOUR } from '../../../src/platform/behaviour.ts';
import type { SeedInput } from '../../../src/platform/seed.ts';
import {
  type Schemas,
  startTestPlatform,
  TEST_SEED,
  type TestPlatform,
} from '../../helpers/start-test-platform.ts';

type Page = Schemas['ProcessItemPage'];

/** Seven tasks of two kinds in two processes, a second apart. */
const SEED: SeedInput = {
  ...TEST_SEED,
  processes: [
    { definition: 'BILLING', tasks: [] },
    { definition: 'BILLING', tasks: [] },
  ],
};
let platform: TestPlatform;
let processes: string[];
let clock = Date.UTC(2026, 0, 1);
const ids: string[] = [];

beforeAll(async () => {
  platform = await startTestPlatform({ seed: SEED, now: () => clock });
  const { json } = await platform.api<Schemas['ProcessPage']>('GET', '/processes');
  processes = json.content.map((process) => process.id);
  for (let n = 0; n < 7; n++) {
    clock += 1000;
    const { json: item } = await platform.api<Schemas['ProcessItem']>('POST', '/process-items', {
      type: 'TASK',
      processId: processes[n % 2],
      task: { taskDefinitionCode: n < 4 ? 'INVOICES' : 'REMINDERS', data: { value: { n } } },
    });
    ids.push(item.id);
  }
  clock += 1000;
  await platform.api('POST', `/process-items/${ids[2]}/task/~actions/claim`);
  await platform.api('POST', '/process-items', {
    type: 'MESSAGE',
    processId: processes[0],
    message: { text: 'Hi' },
  });
});
afterAll(() => platform.close());
afterEach(() => {
  Object.assign(platform.behaviour, DEFAULT_BEHAVIOUR);
});

/** The tasks of a query, by their number. */
const find = async (query: string): Promise<number[]> => {
  const { json } = await platform.api<Page>('GET', `/process-items?type=TASK${query}`);
  return json.content.map((item) => ids.indexOf(item.id));
};
const statusOf = async (query: string) => (await platform.api('GET', `/process-items?${query}`)).status;

describe('paging', () => {
  it('tells size, page and totals', async () => {
    const { json } = await platform.api<Page>('GET', '/process-items?type=TASK&size=3&page=2');
    expect(json.metadata).toEqual({ size: 3, page: 2, totalElements: 7, totalPages: 3 });
    expect(json.content.map((item) => ids.indexOf(item.id))).toEqual([6]);
  });

  it('has 25 to a page unless told otherwise, and none beyond the last', async () => {
    const { json } = await platform.api<Page>('GET', '/process-items?page=1');
    expect(json).toEqual({ metadata: { size: 25, page: 1, totalElements: 8, totalPages: 1 }, content: [] });
  });

  it('counts without content for size=0', async () => {
    const { json } = await platform.api<Page>('GET', '/process-items?size=0');
    expect([json.metadata.totalElements, json.content]).toEqual([8, []]);
  });

  it('sorts by one property after another, either way', async () => {
    expect(await find('&sort=createdAt,desc')).toEqual([6, 5, 4, 3, 2, 1, 0]);
    expect(await find('&sort=lastModifiedAt,desc&sort=createdAt,desc&size=2')).toEqual([2, 6]);
    expect(await find('&sort=claimedAt&sort=createdAt,desc')).toEqual([6, 5, 4, 3, 1, 0, 2]);
    expect(await find('&sort=createdAt')).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe('filters', () => {
  it('limit by state, definition and process, one value or several', async () => {
    expect(await find('&taskState=CLAIMED')).toEqual([2]);
    expect(await find('&taskState=READY&taskState=CLAIMED')).toHaveLength(7);
    expect(await find('&taskDefinitionCode=REMINDERS')).toEqual([4, 5, 6]);
    expect(await find('&taskDefinitionCode=REMINDERS&taskDefinitionCode=INVOICES')).toHaveLength(7);
    expect(await find(`&processId=${processes[1]}`)).toEqual([1, 3, 5]);
    expect(await find(`&processId=${processes[1]}&taskDefinitionCode=INVOICES&taskState=READY`)).toEqual([
      1, 3,
    ]);
    expect(await find('&taskDefinitionCode=NOPE')).toEqual([]);
  });

  it('limit by type', async () => {
    const { json } = await platform.api<Page>('GET', '/process-items?type=MESSAGE');
    expect(json.content.map((item) => item.message)).toEqual([{ text: 'Hi' }]);
  });

  it.each(['/process-items', '/processes', '/robots', '/principals', '/tenant-users'])(
    'limit %s by tenant, of which there is one',
    async (path) => {
      const count = async (tenantId: string) =>
        (await platform.api<Page>('GET', `${path}?tenantId=${tenantId}`)).json.metadata.totalElements;
      expect(await count(platform.tenantId)).toBeGreaterThan(0);
      expect(await count(randomUUID())).toBe(0);
    },
  );

  it('refuse values that the specification does not have', async () => {
    expect(await statusOf('taskState=RUNNING')).toBe(400);
    expect(await statusOf('processId=7')).toBe(400);
  });
});

describe('items of a page', () => {
  it('carry neither data nor logs', async () => {
    const { json } = await platform.api<Page>('GET', '/process-items?type=TASK&size=1');
    expect(Object.keys(json.content[0]?.task ?? {}).toSorted()).toEqual(['state', 'taskDefinition']);
  });

  it('of robots carry neither source nor variables', async () => {
    const { json } = await platform.api<Schemas['RobotPage']>('GET', '/robots');
    expect(Object.keys(json.content[0] ?? {}).toSorted()).toEqual([
      'code',
      'createdAt',
      'createdBy',
      'id',
      'lastModifiedAt',
      'lastModifiedBy',
      'name',
      'tenantId',
    ]);
  });
});

describe('names of R24 and R26', () => {
  it('are both taken in queries, also at once', async () => {
    expect(await find('&processItemDefinitionCode=REMINDERS')).toEqual([4, 5, 6]);
    expect(await find('&processItemDefinitionCode=REMINDERS&taskDefinitionCode=REMINDERS')).toEqual([
      4, 5, 6,
    ]);
  });

  it('of R26 are 400 where they are not taken', async () => {
    platform.behaviour.acceptR26Names = false;
    expect(await statusOf('processItemDefinitionCode=REMINDERS')).toBe(400);
    expect(await statusOf('type=THREAD')).toBe(400);
    expect(await statusOf('taskDefinitionCode=REMINDERS')).toBe(200);
  });

  it('of R24 are 400 where they are not taken', async () => {
    platform.behaviour.acceptR24Names = false;
    expect(await statusOf('taskDefinitionCode=REMINDERS')).toBe(400);
    expect(await find('&processItemDefinitionCode=REMINDERS')).toEqual([4, 5, 6]);
  });

  it('find no threads, alone or beside tasks: there are none', async () => {
    expect((await platform.api<Page>('GET', '/process-items?type=THREAD')).json.content).toEqual([]);
    expect(await find('&type=THREAD')).toHaveLength(7);
  });

  const definition = {
    id: expect.any(String),
    version: expect.any(String),
    code: 'INVOICES',
    name: 'Check invoices',
  };

  it.each([
    ['both', { taskDefinition: definition }, { processItemDefinitionRef: definition }],
    ['r24', { taskDefinition: definition }, {}],
    ['r26', {}, { processItemDefinitionRef: definition }],
  ] as const)('in answers are %s, as switched', async (shape, inTask, inItem) => {
    platform.behaviour.shape = shape;
    const whole = await platform.api<Schemas['ProcessItem']>('GET', `/process-items/${ids[0]}`);
    const page = await platform.api<Page>('GET', '/process-items?type=TASK&size=1');
    for (const item of [whole.json, page.json.content[0]]) {
      const { processItemDefinitionRef, task } = item as typeof whole.json & Record<string, unknown>;
      const { taskDefinition } = task as Record<string, unknown>;
      expect({ taskDefinition, processItemDefinitionRef }).toEqual({
        taskDefinition: undefined,
        processItemDefinitionRef: undefined,
        ...inTask,
        ...inItem,
      });
    }
    const { json } = await platform.api<Record<string, unknown>>('GET', `/processes/${processes[0]}`);
    expect(['processDefinition', 'processDefinitionRef'].filter((name) => name in json)).toEqual(
      {
        both: ['processDefinition', 'processDefinitionRef'],
        r24: ['processDefinition'],
        r26: ['processDefinitionRef'],
      }[shape],
    );
  });
});
