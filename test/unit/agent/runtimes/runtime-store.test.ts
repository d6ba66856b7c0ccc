import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { removeTree } from '../../../../src/agent/runtimes/remove-tree.ts';
import { script, tarOf } from '../../../helpers/tar-of.ts';
import { FakeAssets, nodeArchive, pythonArchive, request, runtimeStore } from './fake-assets.ts';
import { makeTestDir, makeTree } from './make-tree.ts';

const NODE = nodeArchive('20.11.1');
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let dir: string;
let runtimes: string;
beforeEach(() => {
  dir = makeTestDir();
  runtimes = join(dir, 'runtimes');
});
afterEach(() => removeTree(dir));

/** Folders of the store, apart from its index. */
function stored(): string[] {
  return readdirSync(runtimes).filter((name) => name !== 'index');
}

describe('a runtime', () => {
  test('is what the platform serves for the exact version, installed by its hash, read-only', async () => {
    const assets = new FakeAssets({ 'NODEJS 20.11.1': NODE });
    const runtime = await runtimeStore(runtimes, assets).ensureRuntime(request('nodejs', '20.11.1'));
    const folder = `nodejs-${sha256(NODE).slice(0, 32)}`;
    const root = join(runtimes, folder, 'node-v20.11.1-linux-x64');
    expect(runtime).toEqual({
      kind: 'nodejs',
      requestedVersion: '20.11.1',
      version: '20.11.1',
      digest: sha256(NODE),
      root,
      executable: join(root, 'bin', 'node'),
      binDir: join(root, 'bin'),
      embeddable: false,
      modules: null,
      pipDir: null,
    });
    expect(assets.asked).toEqual(['NODEJS 20.11.1 LINUX X86_64']);
    expect(stored()).toEqual([folder]);
    expect(statSync(runtime.executable).mode & 0o777).toBe(0o555);
    expect(statSync(root).mode & 0o777).toBe(0o555);
  });

  test('is asked for once, however many wait and whoever comes later', async () => {
    const assets = new FakeAssets({ 'NODEJS 20.11.1': NODE });
    const store = runtimeStore(runtimes, assets);
    const [first, ...others] = await Promise.all(
      [1, 2, 3].map(() => store.ensureRuntime(request('nodejs', '20.11.1'))),
    );
    others.push(await store.ensureRuntime(request('nodejs', '20.11.1')));
    others.push(await runtimeStore(runtimes, assets).ensureRuntime(request('nodejs', '20.11.1')));
    expect(others).toEqual([first, first, first, first]);
    expect(assets.asked).toHaveLength(1);
  });

  test('is one for two versions that are served the same bytes, also at the same time', async () => {
    const assets = new FakeAssets({ 'NODEJS 20': NODE, 'NODEJS 20.11.1': NODE });
    const store = runtimeStore(runtimes, assets);
    const both = await Promise.all(
      ['20', '20.11.1'].map((version) => store.ensureRuntime(request('nodejs', version))),
    );
    expect(both.map(({ requestedVersion, version }) => ({ requestedVersion, version }))).toEqual([
      { requestedVersion: '20', version: '20.11.1' },
      { requestedVersion: '20.11.1', version: '20.11.1' },
    ]);
    expect(new Set(both.map(({ root }) => root)).size).toBe(1);
    expect(stored()).toHaveLength(1);
  });

  test('of Python has its modules compiled where it lies, before it is read-only', async () => {
    const assets = new FakeAssets({ 'PYTHON 3.11.4': pythonArchive('3.11.4', 'venv ensurepip') });
    const runtime = await runtimeStore(runtimes, assets).ensureRuntime(request('python', '3.11.4'));
    expect(runtime).toMatchObject({ modules: { venv: true, ensurepip: true, pip: false }, pipDir: null });
    expect(readFileSync(join(runtime.root, 'calls'), 'utf8').trim().split('\n')).toEqual([
      expect.stringMatching(
        new RegExp(`^-m compileall .* --invalidation-mode unchecked-hash ${runtime.root}$`),
      ),
    ]);
  });

  test('for Windows is found beside its archive’s root', async () => {
    const archive = gzipSync(tarOf([script('node-v20.11.1-win-x64/node.exe', 'echo v20.11.1')]));
    const assets = new FakeAssets({ 'NODEJS 20.11.1': archive });
    const store = runtimeStore(runtimes, assets, { platform: 'win32' });
    const runtime = await store.ensureRuntime(request('nodejs', '20.11.1'));
    expect(runtime.executable).toBe(join(runtime.root, 'node.exe'));
    expect(assets.asked).toEqual(['NODEJS 20.11.1 WINDOWS X86_64']);
  });

  test('that is emulated is said so to everybody who asks', async () => {
    const assets = new FakeAssets({ 'NODEJS 20.11.1': NODE });
    const store = runtimeStore(runtimes, assets, { platform: 'darwin', arch: 'arm64' });
    const warnings: string[] = [];
    const warn = (message: string) => warnings.push(message);
    await Promise.all([1, 2].map(() => store.ensureRuntime({ ...request('nodejs', '20.11.1'), warn })));
    const note = 'KuFlow serves no runtimes for ARM64; x86-64 ones run under Rosetta.';
    expect(warnings).toEqual([note, note]);
    expect(assets.asked).toEqual(['NODEJS 20.11.1 MAC_OS X86_64']);
  });
});

describe('where there is no runtime', () => {
  test('the package names a version that nobody serves', async () => {
    const store = runtimeStore(runtimes, new FakeAssets({}));
    await expect(store.ensureRuntime(request('python', '3.11.4'))).rejects.toMatchObject({
      code: 'RUNTIME_UNAVAILABLE',
      blame: 'package',
      message: 'kubot.yaml asks for Python 3.11.4, and the platform has no Python 3.11.4 for LINUX X86_64.',
      details: { type: 'PYTHON', version: '3.11.4', platform: 'LINUX', architecture: 'X86_64' },
    });
    expect(stored()).toEqual([]);
  });

  test('Linux on ARM64 asks for none, and says what helps', async () => {
    const assets = new FakeAssets({ 'NODEJS 20.11.1': NODE });
    const store = runtimeStore(runtimes, assets, { arch: 'arm64' });
    await expect(store.ensureRuntime(request('nodejs', '20.11.1'))).rejects.toMatchObject({
      code: 'HOST_ARCHITECTURE',
      blame: 'host',
      message: expect.stringContaining('Configure local ones (localRuntimes)'),
    });
    expect(assets.asked).toEqual([]);
  });

  test.each([
    [
      'HOST_ARCHIVE_FORMAT',
      'holds no Node.js interpreter',
      gzipSync(tarOf([{ path: 'README', content: 'x' }])),
    ],
    [
      'RUNTIME_BROKEN',
      'does not run on this machine: no libc',
      nodeArchive('20.11.1', 'echo no libc >&2; exit 1'),
    ],
    ['PLATFORM_ERROR', 'is damaged', NODE.subarray(0, NODE.length - 4)],
    ['HOST_ARCHIVE_FORMAT', 'comes as tar.xz', Buffer.from('fd377a585a000004e6d6b446', 'hex')],
    ['HOST_ARCHIVE_FORMAT', 'is larger than', Buffer.alloc(11 * 1024 ** 2, 1)],
  ])('%s leaves nothing, and the next try begins anew: %s', async (code, message, archive) => {
    const assets = new FakeAssets({ 'NODEJS 20.11.1': archive });
    const store = runtimeStore(runtimes, assets);
    await expect(store.ensureRuntime(request('nodejs', '20.11.1'))).rejects.toMatchObject({
      code,
      blame: 'host',
      message: expect.stringContaining(message),
    });
    expect([...stored(), ...readdirSync(join(runtimes, 'index'))]).toEqual([]);
    assets.archives['NODEJS 20.11.1'] = NODE;
    expect(await store.ensureRuntime(request('nodejs', '20.11.1'))).toMatchObject({ version: '20.11.1' });
  });

  test('an ended preparation leaves nothing', async () => {
    const closing = new AbortController();
    const assets = new FakeAssets({ 'NODEJS 20.11.1': nodeArchive('20.11.1', 'sleep 600') });
    const asked = runtimeStore(runtimes, assets).ensureRuntime(request('nodejs', '20.11.1', closing.signal));
    // While it is asked for its version.
    await expect
      .poll(() => existsSync(runtimes) && stored().filter((name) => !name.startsWith('.')), {
        timeout: 60_000,
      })
      .toHaveLength(1);
    closing.abort();
    await expect(asked).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(stored()).toEqual([]);
  });
});

describe('after a crash', () => {
  test('what was not finished is made anew', async () => {
    const assets = new FakeAssets({ 'NODEJS 20.11.1': NODE });
    const before = await runtimeStore(runtimes, assets).ensureRuntime(request('nodejs', '20.11.1'));
    const [folder = ''] = stored();
    rmSync(join(runtimes, 'index', `${folder}.json`)); // written last
    await removeTree(join(runtimes, folder));
    makeTree(join(runtimes, folder), { 'node-v20.11.1-linux-x64/half': '' });
    const after = await runtimeStore(runtimes, assets).ensureRuntime(request('nodejs', '20.11.1'));
    expect(after).toEqual(before);
    expect(existsSync(after.executable)).toBe(true);
  });

  test('what is half made is swept, and what is finished stays', async () => {
    const assets = new FakeAssets({ 'NODEJS 20.11.1': NODE });
    const store = runtimeStore(runtimes, assets);
    await store.ensureRuntime(request('nodejs', '20.11.1'));
    const finished = stored();
    makeTree(runtimes, { '.download-1-0-NODEJS-22': 'x', '.nodejs-12.partial-1-x/bin/node': 'x' });
    mkdirSync(join(runtimes, 'nodejs-0123'), { mode: 0o555 });
    const record = join(runtimes, 'index', 'nodejs-0123.json.partial-0123456789ab');
    writeFileSync(record, '{');
    await store.sweep();
    expect(stored()).toEqual(finished);
    expect(existsSync(record)).toBe(false);
  });

  test('a runtime whose folder somebody removed is made anew', async () => {
    const assets = new FakeAssets({ 'NODEJS 20.11.1': NODE });
    const store = runtimeStore(runtimes, assets);
    const { root } = await store.ensureRuntime(request('nodejs', '20.11.1'));
    chmodSync(dirname(root), 0o755);
    await removeTree(root);
    expect(existsSync((await store.ensureRuntime(request('nodejs', '20.11.1'))).executable)).toBe(true);
    expect(assets.asked).toHaveLength(2);
  });
});

describe('a local runtime', () => {
  const local = (version: string) => ({ nodejs: { '20.11.1': join(dir, version) } });

  test('is used where it lies, also where the platform has none, and asks nobody', async () => {
    makeTree(join(dir, 'mine'), { 'bin/node': '#!/bin/sh\necho v20.11.0\n' });
    const assets = new FakeAssets({});
    const store = runtimeStore(runtimes, assets, { arch: 'arm64', localRuntimes: local('mine') });
    expect(await store.ensureRuntime(request('nodejs', '20.11.1'))).toMatchObject({
      root: join(dir, 'mine'),
      requestedVersion: '20.11.1',
      version: '20.11.0',
      digest: sha256(Buffer.from(JSON.stringify([join(dir, 'mine'), '20.11.0']))),
    });
    expect(assets.asked).toEqual([]);
    expect(existsSync(runtimes)).toBe(false);
  });

  test('that is not there is this host’s failure, which names the setting', async () => {
    const store = runtimeStore(runtimes, new FakeAssets({}), { localRuntimes: local('nowhere') });
    await expect(store.ensureRuntime(request('nodejs', '20.11.1'))).rejects.toMatchObject({
      code: 'RUNTIME_BROKEN',
      message: `localRuntimes names ${join(dir, 'nowhere')}, which holds no Node.js 20.11.1.`,
    });
  });

  test('of Python without venv is refused, since all of its folder would be copied', async () => {
    makeTree(dir, { 'py/bin/python3': '#!/bin/sh\n[ "$1" = -I ] && echo pip || echo Python 3.11.4\n' });
    const localRuntimes = { python: { '3.11.4': join(dir, 'py') } };
    const store = runtimeStore(runtimes, new FakeAssets({}), { localRuntimes });
    await expect(store.ensureRuntime(request('python', '3.11.4'))).rejects.toMatchObject({
      code: 'RUNTIME_BROKEN',
      message: expect.stringContaining('has no venv module'),
      hint: expect.stringContaining('python3-venv'),
    });
  });
});
