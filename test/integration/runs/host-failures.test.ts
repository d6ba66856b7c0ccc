import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AssetProvider } from '../../../src/platform/asset-provider.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/fault-proxy.ts';
import { type Lab, nodeRobot, robotIdOf, startLab } from '../../helpers/lab.ts';

const needs = (version: string) =>
  nodeRobot(`console.log('never')`, {
    manifest: `operations:\n  - name: Run\n    shell: node robot.mjs\ntools:\n  nodejs: ${version}\n`,
  });

/** The task as if this host had never seen it, and what the host says about it. */
async function expectUntouched(
  lab: Lab,
  code: string,
  expected: { decision: 'postponed' | 'refused'; code: string; message: RegExp; again: string },
): Promise<void> {
  const task = await lab.task(code);
  expect(task).toMatchObject({ state: 'READY', ownerId: undefined, entries: [] });
  expect(lab.mutations(task.id)).toEqual([]);
  expect((await lab.runs()).filter((run) => run.taskId === task.id)).toEqual([]);
  const { decisions } = await lab.agent.handlers.why({ id: task.id });
  expect(decisions.at(-1)).toMatchObject({
    decision: expected.decision,
    code: expected.code,
    message: expect.stringMatching(expected.message),
  });
  expect(decisions.at(-1)?.message).toContain(`Tried again in ${expected.again}.`);
}

/** Robots that the platform was last told this host serves. */
function registeredRobots(lab: Lab): string[] {
  const worker = lab.platform.audit().findLast(({ operation }) => operation === 'createWorker');
  return (worker?.after as { robotIds: string[] } | undefined)?.robotIds ?? [];
}

describe('a failure of the host', () => {
  let lab: Lab;
  let proxy: FaultProxy;
  let skewMs = 0;
  const dir = mkdtempSync(join(tmpdir(), 'kubot-assets-'));

  beforeAll(async () => {
    const archive = join(dir, 'node.tar.xz');
    const bytes = Buffer.concat([Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), Buffer.alloc(2000)]);
    writeFileSync(archive, bytes);
    const assets: AssetProvider = {
      find: async ({ version }) => ({ path: archive, lengthBytes: bytes.length, version }),
    };
    lab = await startLab({
      robots: {
        ASSETS: needs('97.0.0'),
        FORMAT: needs('98.0.0'),
        SOURCE: nodeRobot(`console.log('at last')`),
        STRICT: nodeRobot(`console.log('never')`),
      },
      settings: { robots: { STRICT: { sandbox: 'strict' } } },
      assets,
      // Without bubblewrap no level above off can be had.
      overrides: { now: () => Date.now() + skewMs, bwrapPaths: [] },
      endpointOf: async (platform) => {
        proxy = await startFaultProxy({ target: platform.url });
        const times = Number.POSITIVE_INFINITY;
        const source = `${robotIdOf(platform, 'SOURCE')}/~actions/download-source-code`;
        proxy.add({ match: (_, path) => path.includes('version=97.0.0'), times, kind: 'reset-before' });
        proxy.add({ match: (_, path) => path.includes(source), times, kind: 'answer', status: 503 });
        return proxy.url;
      },
    });
    await lab.work();
  });
  afterAll(async () => {
    await lab.close();
    await proxy.close();
    rmSync(dir, { recursive: true });
  });

  test('an asset server that is down postpones the task', async () => {
    await expectUntouched(lab, 'ASSETS', {
      decision: 'postponed',
      code: 'PLATFORM_UNREACHABLE',
      message: /^Could not download the runtime at 127\.0\.0\.1:\d+: the connection was cut\./,
      again: '15 s',
    });
  });

  test('a package that cannot be fetched now postpones the task', async () => {
    await expectUntouched(lab, 'SOURCE', {
      decision: 'postponed',
      code: 'PLATFORM_ERROR',
      message: /package/,
      again: '15 s',
    });
  });

  test('an archive format that this host cannot unpack postpones the task for an hour', async () => {
    await expectUntouched(lab, 'FORMAT', {
      decision: 'postponed',
      code: 'HOST_ARCHIVE_FORMAT',
      message: /^Node\.js 98\.0\.0 comes as tar\.xz, which this version cannot unpack\./,
      again: '1 h',
    });
  });

  test('a sandbox that is stricter than this host has refuses the task', async () => {
    await expectUntouched(lab, 'STRICT', {
      decision: 'refused',
      code: 'POLICY_REFUSED',
      message: /^The sandbox level strict is not available on this host/,
      again: '1 h',
    });
  });

  test('a run by hand ends with the error at once, and its task is as untouched', async () => {
    const start = (robot: string, taskId: string | null) =>
      lab.agent.handlers.start({
        requestId: crypto.randomUUID(),
        robot,
        operation: null,
        variables: {},
        taskId,
      });
    const { id } = await lab.task('STRICT');
    const withTask = await start('STRICT', id);
    expect(await lab.until(withTask.id, 'ended')).toMatchObject({
      outcome: 'refused',
      error: { code: 'POLICY_REFUSED' },
      settled: { action: 'none' },
    });
    const withoutTask = await start('FORMAT', null);
    expect(await lab.until(withoutTask.id, 'ended')).toMatchObject({
      outcome: 'prepare-failed',
      error: { code: 'HOST_ARCHIVE_FORMAT', hint: 'Serve the runtime as zip, tar.gz or tar.zst.' },
    });
    expect(await lab.task('STRICT')).toMatchObject({ state: 'READY', entries: [] });
    expect(lab.mutations(id)).toEqual([]);
  });

  test('robots that this host can never run are told apart and not registered', async () => {
    const robots = await lab.agent.handlers.robots();
    expect(robots.map(({ code, state }) => [code, state])).toEqual([
      ['ASSETS', 'failed'],
      ['FORMAT', 'unsupported'],
      ['SOURCE', 'failed'],
      ['STRICT', 'unsupported'],
    ]);
    await expect
      .poll(() => registeredRobots(lab).sort(), { timeout: 30_000 })
      .toEqual(['ASSETS', 'SOURCE'].map((code) => robotIdOf(lab.platform, code)).sort());
    expect((await lab.agent.handlers.why({ id: 'FORMAT' })).decisions).toMatchObject([
      { decision: 'postponed', code: 'HOST_ARCHIVE_FORMAT' },
    ]);
  });

  test('the task runs at its next try, once the host can, as if nothing had been', async () => {
    proxy.clear();
    skewMs = 16_000;
    const { id } = await lab.task('SOURCE');
    expect(await lab.until(id, 'ended')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
    expect(await lab.task('SOURCE')).toMatchObject({ state: 'COMPLETED' });
  });
});

describe('a host', () => {
  test('whose disk is fuller than the reserve allows takes nothing', async () => {
    const lab = await startLab({
      robots: { HELLO: nodeRobot('') },
      settings: { diskReserveBytes: Number.MAX_SAFE_INTEGER },
    });
    try {
      expect(await lab.work()).toEqual({ failed: false, error: null });
      await expectUntouched(lab, 'HELLO', {
        decision: 'postponed',
        code: 'HOST_DISK',
        message: /less than the reserve of \d+ MB \(diskReserveBytes\)/,
        again: '1 min',
      });
    } finally {
      await lab.close();
    }
  });

  test('whose processor KuFlow has no runtimes for takes nothing', async () => {
    const lab = await startLab({ robots: { HELLO: needs('20.1.0') }, overrides: { arch: 'riscv64' } });
    try {
      await lab.work();
      await expectUntouched(lab, 'HELLO', {
        decision: 'postponed',
        code: 'HOST_ARCHITECTURE',
        message: /^KuFlow serves no runtimes for \w+ on riscv64\. Configure local ones \(localRuntimes\)/,
        again: '1 h',
      });
      await expect.poll(() => registeredRobots(lab), { timeout: 30_000 }).toEqual([]);
    } finally {
      await lab.close();
    }
  });
});
