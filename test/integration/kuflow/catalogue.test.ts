import { afterEach, expect, test } from 'vitest';
import { type CatalogueChange, RobotCatalogue } from '../../../src/agent/worker/robot-catalogue.ts';
import { createMemoryLog } from '../../helpers/raw-server.ts';
import { type KuFlowFixture, startKuFlow } from './kuflow-fixture.ts';

let kuflow: KuFlowFixture;
afterEach(() => kuflow.close());

const SECRET = 'hunter2-hunter2';
const signal = new AbortController().signal;

const seedRobot = (code: string, over: object = {}) => ({
  code,
  name: code,
  package: 'robot/',
  environmentVariables: { API_TOKEN: SECRET },
  ...over,
});

async function setUp(options: { robots?: ReturnType<typeof seedRobot>[]; filter?: string[] } = {}) {
  kuflow = await startKuFlow({
    robots: options.robots ?? [seedRobot('A'), seedRobot('B'), seedRobot('HIDDEN', { ready: false })],
  });
  const changes: CatalogueChange[] = [];
  const log = createMemoryLog();
  const catalogue = new RobotCatalogue({
    client: kuflow.createClient(),
    tenantId: null,
    filter: options.filter ?? [],
    onChange: (change) => changes.push(change),
    log,
  });
  const codes = () => catalogue.served().map(({ code }) => code);
  const codesOf = () =>
    changes.map(({ added, changed, removed }) =>
      [added, changed, removed].map((list) => list.map(({ code }) => code)),
    );
  return { catalogue, codes, codesOf, log };
}

const asked = () => kuflow.proxy.requests.map(({ path }) => path.split('?')[0]?.split('/').slice(2, 3)[0]);
const reads = () => kuflow.proxy.requests.filter(({ path }) => /\/robots\/[^?]+$/.test(path)).length;

test('READY robots are read whole, and hidden ones not at all', async () => {
  const { catalogue, codes, codesOf } = await setUp();
  expect([catalogue.loaded, catalogue.all()]).toEqual([false, []]);
  await catalogue.refresh(signal);
  expect(catalogue.loaded).toBe(true);
  expect(codes().sort()).toEqual(['A', 'B']);
  expect(catalogue.all()[0]).toMatchObject({
    sourceType: 'PACKAGE',
    environmentVariables: { API_TOKEN: SECRET },
    revision: expect.stringMatching(/^[0-9a-f]{64}$/),
    state: 'unprepared',
  });
  expect(codesOf()).toHaveLength(1);
  expect(new Set(asked())).toEqual(new Set(['robots']));
});

test('a robot that did not change is not read again, and nothing is told', async () => {
  const { catalogue, codesOf } = await setUp();
  await catalogue.refresh(signal);
  await catalogue.refresh(signal);
  expect(reads()).toBe(2);
  expect(codesOf()).toHaveLength(1);
});

test('a robot that changed, came or went is told', async () => {
  const { catalogue, codesOf } = await setUp();
  await catalogue.refresh(signal);
  const robots = [
    seedRobot('A', { environmentVariables: { VAT: '7' } }),
    seedRobot('B', { ready: false }),
    seedRobot('C'),
  ];
  await kuflow.platform.seed({ tenant: { name: 'Acme' }, robots }, kuflow.dir);
  await catalogue.refresh(signal);
  expect(codesOf().at(-1)).toEqual([['C'], ['A'], ['B']]);
});

test('a filter by code or id leaves others alone, visibly, without reading them', async () => {
  const { catalogue, codes } = await setUp({ filter: ['B'] });
  await catalogue.refresh(signal);
  expect(codes()).toEqual(['B']);
  expect(catalogue.all().find(({ code }) => code === 'A')).toMatchObject({
    state: 'excluded',
    reason: 'robotFilter does not name it.',
  });
  expect(reads()).toBe(1);
});

test('a robot whose source is of an unknown kind is unsupported', async () => {
  const { catalogue, codes } = await setUp({ robots: [seedRobot('A', { sourceType: 'UNKNOWN' })] });
  await catalogue.refresh(signal);
  expect(codes()).toEqual([]);
  expect(catalogue.all()[0]).toMatchObject({
    state: 'unsupported',
    reason: expect.stringContaining('not a package'),
  });
});

test('a robot that cannot be read does not hide the others', async () => {
  const { catalogue, codes, log } = await setUp();
  kuflow.proxy.add({
    kind: 'answer',
    status: 404,
    body: '{}',
    match: (_method, path) => /\/robots\/[^?]+$/.test(path),
  });
  await catalogue.refresh(signal);
  expect(codes()).toHaveLength(1);
  expect(log.lines.some(({ level }) => level === 'warn')).toBe(true);
});

test('a list that cannot be read leaves the last one', async () => {
  const { catalogue, codes } = await setUp();
  await catalogue.refresh(signal);
  kuflow.proxy.add({ kind: 'answer', status: 500, match: () => true });
  await expect(catalogue.refresh(signal)).rejects.toMatchObject({ code: 'PLATFORM_ERROR' });
  expect(codes()).toHaveLength(2);
});

test('variables of robots never reach the log', async () => {
  const { catalogue, log } = await setUp();
  await catalogue.refresh(signal);
  expect(JSON.stringify(log.lines)).not.toContain(SECRET);
});

test('more robots than a page holds are all there', async () => {
  const robots = Array.from({ length: 205 }, (_, at) => seedRobot(`R${at}`));
  const { catalogue, codes } = await setUp({ robots });
  await catalogue.refresh(signal);
  expect(new Set(codes()).size).toBe(205);
});

test('the loop looks every minute and at a poke, and ends with its signal', async () => {
  kuflow = await startKuFlow();
  const abort = new AbortController();
  const waits: number[] = [];
  kuflow.proxy.add({ kind: 'answer', status: 500, match: () => true });
  const catalogue = new RobotCatalogue({
    client: kuflow.createClient(),
    tenantId: null,
    filter: [],
    onChange: () => {},
    log: createMemoryLog(),
    wait: async (milliseconds) => {
      waits.push(milliseconds);
      if (waits.length === 3) abort.abort();
    },
  });
  await catalogue.start(abort.signal);
  expect(waits).toEqual([2000, 60_000, 60_000]);
});
