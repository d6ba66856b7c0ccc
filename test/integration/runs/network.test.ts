import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RunDetails } from '../../../src/shared/run.ts';
import { type FaultKind, type FaultProxy, startFaultProxy } from '../../helpers/fault-proxy.ts';
import { type Lab, startLab } from '../../helpers/lab.ts';
import { entriesOf, linesTold } from './told.ts';
import { letGo, waitingRobot } from './waiting-robot.ts';

let lab: Lab;
let proxy: FaultProxy;

/** Prints ten lines, waits, asks the API until it answers, prints ten more. */
const TALKS = waitingRobot({
  before: "for (let n = 1; n <= 10; n++) console.log('line ' + n);",
  after: `
    let status = 0;
    while (status !== 200) {
      status = await call('/process-items/' + KUFLOW_TASK_ID).then((answer) => answer.status, () => 0);
      await new Promise((go) => setTimeout(go, 50));
    }
    for (let n = 11; n <= 20; n++) console.log('line ' + n);
  `,
});
const LINES = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`);

/** Prints more than a task's log may hold, so the whole log becomes a document. */
const LONG_LINES = 20_000;
const LONG = waitingRobot({
  before: `for (let n = 1; n <= ${LONG_LINES}; n++) console.log('line ' + n + ' ' + 'x'.repeat(80));`,
});

beforeAll(async () => {
  lab = await startLab({
    robots: { TALKS, LONG },
    tasks: [
      { code: 'TALKS', later: true },
      { code: 'LONG', later: true },
    ],
    settings: { taskCheckMs: 300, maxConcurrentRuns: 10 },
    dataDir: true,
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

/** Nothing lost, nothing twice: what the platform has of a run that went through trouble and succeeded. */
async function expectWhole(taskId: string, run: RunDetails): Promise<void> {
  expect(run).toMatchObject({ outcome: 'succeeded', attempt: 1, settled: { action: 'completed' } });
  const task = await lab.task(taskId);
  expect(task.state).toBe('COMPLETED');
  expect(linesTold(task, run).filter((line) => line.startsWith('line '))).toEqual(LINES);
  const entries = entriesOf(task, run);
  expect(entries.map(({ number }) => number)).toEqual(entries.map((_, index) => index + 1));
  expect(entries.at(-1)?.text).toContain('[end succeeded]');
  expect(run.log).toMatchObject({ entriesSent: entries.length, linesLeftOut: 0 });
  expect(task.entries.filter(({ message }) => message.startsWith('Taken by '))).toHaveLength(1);
  const rest = lab.mutations(taskId).filter((operation) => operation !== 'appendProcessItemTaskLog');
  expect(rest).toEqual(['claimProcessItemTask', 'completeProcessItemTask']);
}

/** The document of a run, once it is there: all its lines, whatever was left out of the task's log. */
async function expectDocument(run: RunDetails): Promise<void> {
  expect(run.log.linesLeftOut).toBeGreaterThan(0);
  const document = await lab.document(run.processId ?? '', run.log.documentUri ?? '');
  const lines = gunzipSync(document).toString().trimEnd().split('\n');
  expect(lines.flatMap((line) => /stdout line (\d+) /.exec(line)?.[1] ?? [])).toEqual(
    Array.from({ length: LONG_LINES }, (_, index) => String(index + 1)),
  );
  expect((await lab.task(run.taskId ?? '')).entries.at(-1)?.message).toContain(run.log.documentUri);
}

describe('an answer that is lost', () => {
  const FAULTS: { when: string; fault: FaultKind }[] = [
    { when: 'before the platform acted', fault: { kind: 'reset-before' } },
    { when: 'after it acted', fault: { kind: 'reset-after' } },
    { when: 'in its middle', fault: { kind: 'cut', bytes: 40 } },
    { when: 'to a 500 of something between', fault: { kind: 'answer', status: 500 } },
    {
      when: 'to a web page of something between',
      fault: { kind: 'answer', status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
    },
  ];
  const taskIds = new Map<FaultKind, { talks: string; long: string }>();

  // All at once: each waits a while for its next tries.
  beforeAll(async () => {
    await lab.agent.handlers.pause({ forMs: null, reason: null });
    for (const { fault } of FAULTS) {
      const [talks, long] = [await lab.addTask('TALKS'), await lab.addTask('LONG')];
      taskIds.set(fault, { talks, long });
      const isCall = (part: string) => (_method: string, path: string) =>
        path.includes(`${talks}/task/~actions/${part}`);
      for (const part of ['claim', 'complete']) proxy.add({ ...fault, match: isCall(part) });
      // The first is the take's own; those after it are about the run.
      proxy.add({ kind: 'delay', milliseconds: 0, match: isCall('append-log') });
      proxy.add({ ...fault, match: isCall('append-log'), times: 2 });
      proxy.add({ ...fault, match: (_method, path) => path.includes('upload-document') });
    }
    await lab.agent.handlers.resume();
  });

  afterAll(() => proxy.clear());

  test.each(FAULTS)('$when loses nothing and repeats nothing', async ({ fault }) => {
    const taskId = taskIds.get(fault)?.talks ?? '';
    letGo(await lab.until(taskId, 'running'));
    await expectWhole(taskId, await lab.until(taskId, 'ended'));
    const hit = proxy.requests.filter(
      ({ path, fault: befell }) => path.includes(taskId) && befell === fault.kind,
    );
    expect(hit.map(({ path }) => path.split('/').at(-1)).sort()).toEqual([
      'append-log',
      'append-log',
      'claim',
      'complete',
    ]);
  });

  test('leaves no document half', async () => {
    for (const { long } of taskIds.values()) {
      letGo(await lab.until(long, 'running'));
      await expectDocument(await lab.until(long, 'ended'));
    }
    expect(
      proxy.requests.filter(({ path, fault }) => path.includes('upload-document') && fault !== null),
    ).toHaveLength(FAULTS.length);
  });
});

describe('a platform that is in trouble while a robot runs', () => {
  afterEach(() => proxy.clear());

  const everything = () => true;
  const statusOf = async () => (await lab.agent.handlers.status()).connection.state;

  test('refuses the credentials for a while: the run goes on, and all is told afterwards', async () => {
    const taskId = await lab.addTask('TALKS');
    const run = await lab.until(taskId, 'running');
    proxy.add({ kind: 'answer', status: 401, match: everything, times: Number.POSITIVE_INFINITY });
    letGo(run);
    await expect.poll(statusOf, { timeout: 30_000 }).toBe('unauthorized');
    const from = proxy.requests.length;
    await expect.poll(() => proxy.requests.length, { timeout: 30_000 }).toBeGreaterThan(from + 5);
    expect((await lab.agent.handlers.run({ id: run.id })).state).toBe('running');
    proxy.clear();
    await expectWhole(taskId, await lab.until(taskId, 'ended'));
    await expect.poll(statusOf, { timeout: 30_000 }).toBe('connected');
  });

  test('asks to wait: no call of the agent comes before the time', async () => {
    const taskId = await lab.addTask('TALKS');
    const run = await lab.until(taskId, 'running');
    const calls: { path: string; atMs: number }[] = [];
    let toldMs = 0;
    proxy.add({
      kind: 'answer',
      status: 429,
      headers: { 'retry-after': '2' },
      match: (method, path) => {
        if (method === 'POST') calls.push({ path, atMs: performance.now() });
        const isLine = path.includes(taskId) && path.endsWith('append-log') && toldMs === 0;
        if (isLine) toldMs = performance.now();
        return isLine;
      },
    });
    letGo(run);
    await expectWhole(taskId, await lab.until(taskId, 'ended'));
    expect(toldMs).toBeGreaterThan(0);
    const early = calls.filter(({ atMs }) => atMs > toldMs && atMs < toldMs + 1900);
    expect(early).toEqual([]);
  });

  test('answers 503 to everything: the run goes on, and all is told afterwards', async () => {
    const taskId = await lab.addTask('TALKS');
    const run = await lab.until(taskId, 'running');
    proxy.add({ kind: 'answer', status: 503, headers: { 'retry-after': '1' }, match: everything, times: 30 });
    letGo(run);
    await expectWhole(taskId, await lab.until(taskId, 'ended'));
  });

  test('is gone while a robot ends: the run waits in settling, then document and task are complete', async () => {
    const taskId = await lab.addTask('LONG');
    const run = await lab.until(taskId, 'running');
    await proxy.down();
    letGo(run);
    const settling = await lab.until(taskId, 'settling');
    expect(settling).toMatchObject({ state: 'settling', outcome: 'succeeded', settled: null });
    await expect.poll(statusOf, { timeout: 30_000 }).toBe('offline');
    await proxy.up();
    const ended = await lab.until(taskId, 'ended');
    expect(ended).toMatchObject({ outcome: 'succeeded', settled: { action: 'completed' } });
    await expectDocument(ended);
    const entries = entriesOf(await lab.task(taskId), run);
    expect(entries.map(({ number }) => number)).toEqual(entries.map((_, index) => index + 1));
    expect(lab.mutations(taskId).filter((operation) => operation.startsWith('complete'))).toHaveLength(1);
  });

  test('restarts: the robot and the run go on with the one that is there', async () => {
    const taskId = await lab.addTask('TALKS');
    const run = await lab.until(taskId, 'running');
    await expect
      .poll(async () => entriesOf(await lab.task(taskId), run), { timeout: 30_000 })
      .not.toEqual([]);
    await lab.restartPlatform();
    letGo(run);
    await expectWhole(taskId, await lab.until(taskId, 'ended'));
  });
});
