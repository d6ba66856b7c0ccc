import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunDetails } from '../../../src/shared/run.ts';
import { type Lab, type LabRobot, nodeRobot, startLab } from '../../helpers/lab.ts';
import { aPublisher, type Publisher, signatureOf } from '../../helpers/signed-package.ts';

/** Asks for what is its own and for what is not, leaves files, and works long enough to be looked at. */
const CURIOUS = nodeRobot(`
  import { writeFileSync } from 'node:fs';
  const { KUFLOW_API_ENDPOINT, KUFLOW_API_TOKEN, KUFLOW_EXECUTION_OUTDIR, HOME } = process.env;
  const { KUFLOW_TASK_ID, KUFLOW_PROCESS_ID } = process.env;
  async function ask(path) {
    const answer = await fetch(KUFLOW_API_ENDPOINT + path, { headers: { authorization: 'Bearer ' + KUFLOW_API_TOKEN } });
    const { errors } = await answer.json();
    console.log(path.split('/')[1], answer.status, errors?.[0]?.code, errors?.[0]?.location);
  }
  await ask('/process-items/' + KUFLOW_TASK_ID);
  await ask('/processes/' + KUFLOW_PROCESS_ID);
  await ask('/processes');
  writeFileSync(KUFLOW_EXECUTION_OUTDIR + '/result.csv', '1;2');
  writeFileSync(HOME + '/.history', 'x');
  const startedAt = Date.now();
  while (Date.now() - startedAt < 1500);
`);

const FILES = {
  'kubot.yaml': nodeRobot('').files['kubot.yaml'] as string,
  'robot.mjs': `console.log('ran')`,
};
const signed = (publisher: Publisher, more: Record<string, string> = {}): LabRobot => ({
  files: { ...FILES, ...more, 'kubot.sig': signatureOf(FILES, publisher) },
});
const acme = aPublisher();
const other = aPublisher();

/** Asks the platform, which every robot may, and somebody else. */
const FENCED = nodeRobot(`
  const { KUFLOW_API_ENDPOINT, KUFLOW_API_TOKEN, KUFLOW_TASK_ID } = process.env;
  const headers = { authorization: 'Bearer ' + KUFLOW_API_TOKEN };
  const answer = await fetch(KUFLOW_API_ENDPOINT + '/process-items/' + KUFLOW_TASK_ID, { headers });
  await fetch('https://elsewhere.example/').catch(() => undefined);
  process.exit(answer.status === 200 ? 0 : 1);
`);

let lab: Lab;
beforeAll(async () => {
  lab = await startLab({
    robots: {
      CURIOUS,
      FREE: CURIOUS,
      FENCED,
      NAMED: signed(acme),
      FIRST: signed(other),
      UNSIGNED: { files: FILES },
      STRANGER: signed(other),
      CHANGED: signed(acme, { 'sitecustomize.py': '' }),
      WARNED: { files: FILES },
    },
    settings: {
      packageSignatures: 'require',
      publisherKeys: { Acme: acme.key },
      robots: {
        CURIOUS: { packageSignatures: 'off' },
        FREE: { packageSignatures: 'off', gatewayScope: 'full' },
        FENCED: { packageSignatures: 'off', network: 'allow-list' },
        FIRST: { publisherKeys: {} },
        WARNED: { packageSignatures: 'warn' },
      },
    },
  });
  await lab.work();
});
afterAll(() => lab.close());

const detailsOf = async (code: string): Promise<RunDetails> =>
  await lab.agent.handlers.run({ id: (await lab.task(code)).id });

describe('a run tells of its robot', () => {
  test('each call with its verdict, and all of them together', async () => {
    const { apiCalls, touched } = await detailsOf('CURIOUS');
    expect(
      apiCalls.map(({ operationId, verdict, status, times }) => [operationId, verdict, status, times]),
    ).toEqual([
      ['retrieveProcessItem', 'forwarded', 200, 1],
      ['retrieveProcess', 'forwarded', 200, 1],
      ['findProcesses', 'refused', 403, 1],
    ]);
    expect(apiCalls[2]?.reason).toContain('It would need the gateway scope full');
    expect(touched.api).toMatchObject({ calls: 3, refused: 1, bytesUp: 0 });
    expect(touched.api.bytesDown).toBe(apiCalls.reduce((sum, { bytesDown }) => sum + (bytesDown ?? 0), 0));
    expect(touched.api.bytesDown).toBeGreaterThan(100);
  });

  test('what it left and what its processes used', async () => {
    const { files, touched } = await detailsOf('CURIOUS');
    expect(files).toEqual([
      { area: 'out', path: 'result.csv', bytes: 3 },
      { area: 'home', path: '.history', bytes: 1 },
    ]);
    expect(touched.filesLeft).toEqual({ out: 1, home: 1 });
    expect(touched.programs?.map(({ name }) => name)).toContain('node');
    expect(touched.cpuTimeMs).toBeGreaterThan(100);
    expect(touched.peakMemoryBytes).toBeGreaterThan(10 * 1024 * 1024);
  });

  test('no hosts where the network was open: they are not known', async () => {
    expect((await detailsOf('CURIOUS')).touched.hosts).toBeNull();
  });
});

test('a run with an allow-list tells which hosts its robot reached for', async ({ skip }) => {
  const { sandbox, outcome, touched } = await detailsOf('FENCED');
  if (sandbox.achieved === 'off') return skip('no sandbox works here');
  expect(outcome).toBe('succeeded');
  expect(touched.hosts).toEqual([{ host: 'elsewhere.example', port: 443, verdict: 'refused' }]);
});

describe('the gateway’s scope', () => {
  test('is told to the robot with what would be needed', async () => {
    const lines = (await lab.logText(await detailsOf('CURIOUS'))).split('\n');
    expect(lines.filter((line) => /^INFO process/.test(line))).toEqual([
      'INFO process-items 200 undefined undefined',
      'INFO processes 200 undefined undefined',
      'INFO processes 403 GATEWAY_OUT_OF_SCOPE robots.CURIOUS.gatewayScope',
    ]);
  });

  test('may be full for one robot', async () => {
    const { apiCalls } = await detailsOf('FREE');
    expect(apiCalls.at(-1)).toMatchObject({
      operationId: 'findProcesses',
      verdict: 'forwarded',
      status: 200,
    });
  });
});

describe('a package', () => {
  const viewOf = async (code: string) =>
    (await lab.agent.handlers.robots()).find((view) => view.code === code);
  const decisionsOn = async (code: string) => {
    const { decisions } = await lab.agent.handlers.why({ id: (await lab.task(code)).id });
    return decisions.map(({ decision, code: because }) => `${decision} ${because}`);
  };

  test('signed by a named publisher runs, and its run and robot say who it was', async () => {
    const signature = { state: 'trusted', key: acme.key, publisher: 'Acme' };
    expect(await detailsOf('NAMED')).toMatchObject({ outcome: 'succeeded', signature });
    expect(await viewOf('NAMED')).toMatchObject({ state: 'ready', signature });
  });

  test('signed by somebody runs where no publisher is named', async () => {
    const signature = { state: 'trusted', key: other.key, publisher: null };
    expect(await detailsOf('FIRST')).toMatchObject({ outcome: 'succeeded', signature });
  });

  test.each([
    ['UNSIGNED', 'The package of UNSIGNED is not signed'],
    ['STRANGER', 'which is none of publisherKeys'],
  ])('%s that this host does not trust leaves its task to others', async (code, reason) => {
    expect((await lab.task(code)).state).toBe('READY');
    expect(await decisionsOn(code)).toContain('refused POLICY_REFUSED');
    expect(await viewOf(code)).toMatchObject({
      state: 'unsupported',
      reason: expect.stringContaining(reason),
      signature: null,
    });
  });

  test('changed after it was signed fails for itself: its task is told', async () => {
    expect(await detailsOf('CHANGED')).toMatchObject({
      outcome: 'prepare-failed',
      error: { code: 'PACKAGE_REFUSED', details: { entry: 'kubot.sig', rule: 'signature' } },
    });
    expect((await lab.task('CHANGED')).state).toBe('CLAIMED');
  });

  test('without a signature runs with a warning where that is the policy', async () => {
    const run = await detailsOf('WARNED');
    expect(run).toMatchObject({ outcome: 'succeeded', signature: { state: 'unsigned' } });
    expect(await lab.logText(run)).toContain('WARN The package of WARNED is not signed');
  });

  test('of another key than the robot’s first is refused, also by the agent’s next start', async () => {
    await lab.putRobot('FIRST', signed(acme));
    await lab.restartAgent();
    await lab.addTask('FIRST');
    await lab.work();
    expect((await lab.task('FIRST')).state).toBe('READY');
    expect((await viewOf('FIRST'))?.reason).toContain('the first that this machine saw for it was');
  });
});
