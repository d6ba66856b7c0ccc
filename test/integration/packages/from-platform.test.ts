import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKuFlowClient, type KuFlowClient } from '../../../src/agent/kuflow/create-client.ts';
import type { Robot } from '../../../src/agent/kuflow/robot.ts';
import { createPackageStore, type PackageStore } from '../../../src/agent/packages/package-store.ts';
import type { PlatformBehaviour } from '../../../src/platform/behaviour.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/fault-proxy.ts';
import { makeZip, PACKAGE_LIMITS } from '../../helpers/make-zip.ts';
import { createMemoryLog } from '../../helpers/raw-server.ts';
import { startTestPlatform, TEST_SEED, type TestPlatform } from '../../helpers/start-test-platform.ts';
import { MANIFEST, sha256 } from './shelf.ts';

const ZIP = makeZip([MANIFEST, { name: 'data.bin', content: randomBytes(300_000), method: 0 }]);
const SOURCE = '/~actions/download-source-code';

let dir: string;
let platform: TestPlatform;
let proxy: FaultProxy;
let client: KuFlowClient;
let behaviour: PlatformBehaviour;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-from-platform-'));
  await writeFile(join(dir, 'robot.zip'), ZIP);
  platform = await startTestPlatform({
    seedDir: dir,
    seed: { ...TEST_SEED, robots: [{ code: 'INVOICES', name: 'Invoices', package: 'robot.zip' }] },
  });
  ({ behaviour } = platform);
  proxy = await startFaultProxy({ target: platform.url });
  client = createKuFlowClient({
    endpoint: proxy.url,
    credentials: { clientId: platform.clientId, clientSecret: platform.clientSecret },
    log: createMemoryLog(),
  });
});
afterAll(async () => {
  await proxy.close();
  await platform.close();
  await rm(dir, { recursive: true, force: true });
});

/** The robot's package by a store of its own, and how many requests that took. */
async function make(): Promise<{ digest: string; warnings: string[]; requests: number; range: unknown }> {
  const storeDir = await mkdtemp(join(dir, 'store-'));
  const store: PackageStore = createPackageStore({
    dir: storeDir,
    limits: PACKAGE_LIMITS,
    downloadTimeoutMs: 60_000,
    downloadIdleTimeoutMs: 60_000,
  });
  const robot = await theRobot();
  if (robot.sourceFile === null) throw new Error('the robot has no package');
  const before = proxy.requests.length;
  const {
    digest,
    warnings,
    dir: packageDir,
  } = await store.ensurePackage({
    robotId: robot.id,
    robotCode: robot.code,
    revision: 'r1',
    sourceFile: robot.sourceFile,
    open: client.openRobotSource(robot.id),
    signal: new AbortController().signal,
  });
  expect((await readdir(packageDir)).sort()).toEqual(['data.bin', 'kubot.yaml']);
  expect((await readFile(join(packageDir, 'data.bin'))).length).toBe(300_000);
  const asked = proxy.requests.slice(before);
  return { digest, warnings, requests: asked.length, range: asked.at(-1)?.headers.range };
}

async function theRobot(): Promise<Robot> {
  const [summary] = await client.findRobots({ context: 'READY' });
  return await client.retrieveRobot(summary?.id ?? '');
}

describe('a package from the platform', () => {
  const algorithms = ['sha256', 'sha512', 'sha1', 'md5'] as const;
  const forms = ['hex', 'base64', 'prefixed'] as const;

  test.each(algorithms.flatMap((algorithm) => forms.map((form) => [algorithm, form] as const)))(
    'is checked by its %s as %s',
    async (hashAlgorithm, hashForm) => {
      Object.assign(behaviour, { hashAlgorithm, hashForm });
      expect(await make()).toEqual({ digest: sha256(ZIP), warnings: [], requests: 1, range: undefined });
    },
  );

  test('is let through with a warning when its hash is of an unknown form', async () => {
    Object.assign(behaviour, { hashAlgorithm: 'sha256', hashForm: 'unknown' });
    expect(await make()).toMatchObject({
      digest: sha256(ZIP),
      warnings: [expect.stringContaining('only its length was checked')],
    });
    Object.assign(behaviour, { hashForm: 'hex' });
  });

  test('goes on after a dropped connection where the platform answers ranges', async () => {
    Object.assign(behaviour, { range: true });
    proxy.add({ kind: 'cut', bytes: 250_000, match: (_method, path) => path.includes(SOURCE) });
    const { digest, requests, range } = await make();
    expect({ digest, requests }).toEqual({ digest: sha256(ZIP), requests: 2 });
    // The reset may overtake some of the bytes, or all of them.
    expect(range ?? 'bytes=1-').toMatch(/^bytes=\d+-$/);
  });

  test('begins anew after a dropped connection where it does not', async () => {
    Object.assign(behaviour, { range: false });
    proxy.add({ kind: 'cut', bytes: 250_000, match: (_method, path) => path.includes(SOURCE) });
    expect(await make()).toEqual({ digest: sha256(ZIP), warnings: [], requests: 2, range: undefined });
  });
});
