import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { removeTree } from '../../../../src/agent/runtimes/remove-tree.ts';
import { zipOf } from '../../../helpers/zip-of.ts';
import { FakeAssets, pythonArchive, request, runtimeStore } from './fake-assets.ts';
import { makeTestDir, makeTree } from './make-tree.ts';

const WHEEL = await zipOf({ 'pip/__init__.py': '', 'pip-24.0.dist-info/METADATA': '' });
const ZIPAPP = zipapp(await zipOf({ '__main__.py': '', 'pip/__init__.py': '' }));
const SCRIPT = Buffer.from('#!/usr/bin/env python\nprint("pip")\n');
const WITHOUT = pythonArchive('3.11.4', 'venv');

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let dir: string;
beforeEach(() => {
  dir = makeTestDir();
});
afterEach(() => removeTree(dir));

const python = request('python', '3.11.4');

describe('pip of the platform', () => {
  test.each(['venv pip', 'venv ensurepip', 'venv ensurepip pip', 'pip', 'ensurepip'])(
    'is not asked for where the runtime has %s',
    async (tools) => {
      const assets = new FakeAssets({ 'PYTHON 3.11.4': pythonArchive('3.11.4', tools) });
      expect(await runtimeStore(dir, assets).ensureRuntime(python)).toMatchObject({ pipDir: null });
      expect(assets.asked).toEqual(['PYTHON 3.11.4 LINUX X86_64']);
    },
  );

  test.each([
    ['a wheel', WHEEL, ['pip', 'pip-24.0.dist-info']],
    ['a zipapp', ZIPAPP, ['__main__.py', 'pip']],
    ['get-pip.py', SCRIPT, ['get-pip.py']],
  ])('is kept as it is used, once: %s', async (_what, archive, files) => {
    const assets = new FakeAssets({ 'PYTHON 3.11.4': WITHOUT, 'PYTHON_PIP 3.11.4': archive });
    const { pipDir } = await runtimeStore(dir, assets).ensureRuntime(python);
    expect(readdirSync(pipDir ?? '').sort()).toEqual(files);
    expect((await runtimeStore(dir, assets).ensureRuntime(python)).pipDir).toBe(pipDir);
    expect(assets.asked).toEqual(['PYTHON 3.11.4 LINUX X86_64', 'PYTHON_PIP 3.11.4 LINUX X86_64']);
  });

  test('is asked for by the version that the settings name, by two Pythons at once too', async () => {
    const assets = new FakeAssets({
      'PYTHON 3.11.4': WITHOUT,
      'PYTHON 3.12.1': pythonArchive('3.12.1', 'venv'),
      'PYTHON_PIP 24.0': WHEEL,
    });
    const store = runtimeStore(dir, assets, { pipVersion: '24.0' });
    const both = await Promise.all(
      [python, request('python', '3.12.1')].map((one) => store.ensureRuntime(one)),
    );
    expect(new Set(both.map(({ pipDir }) => pipDir)).size).toBe(1);
    expect(assets.asked).toContain('PYTHON_PIP 24.0 LINUX X86_64');
  });

  test('that the platform has not is told with the Python that lacks it', async () => {
    const assets = new FakeAssets({ 'PYTHON 3.11.4': WITHOUT });
    await expect(runtimeStore(dir, assets).ensureRuntime(python)).rejects.toMatchObject({
      code: 'RUNTIME_UNAVAILABLE',
      message: 'Python 3.11.4 brings no pip of its own, and the platform has no pip 3.11.4 for LINUX X86_64.',
    });
  });

  test('that is something else is refused and leaves nothing', async () => {
    const something = await zipOf({ 'setuptools/__init__.py': '' });
    const assets = new FakeAssets({ 'PYTHON 3.11.4': WITHOUT, 'PYTHON_PIP 3.11.4': something });
    await expect(runtimeStore(dir, assets).ensureRuntime(python)).rejects.toMatchObject({
      code: 'HOST_ARCHIVE_FORMAT',
      message: "What the platform serves as pip 3.11.4 is neither pip's wheel, its zipapp nor get-pip.py.",
    });
    expect(readdirSync(dir).filter((name) => name.startsWith('python_pip'))).toEqual([]);
  });

  test('is asked for a local Python that brings none', async () => {
    makeTree(dir, { 'py/bin/python3': '#!/bin/sh\n[ "$1" = -I ] && echo venv || echo Python 3.11.4\n' });
    const localRuntimes = { python: { '3.11.4': join(dir, 'py') } };
    const assets = new FakeAssets({ 'PYTHON_PIP 3.11.4': WHEEL });
    const { pipDir } = await runtimeStore(join(dir, 'store'), assets, { localRuntimes }).ensureRuntime(
      python,
    );
    expect(existsSync(join(pipDir ?? '', 'pip'))).toBe(true);
  });
});

/** As Python's zipapp writes it: a line for the shell, and every offset counted from the file's begin. */
function zipapp(zip: Buffer): Buffer {
  const line = Buffer.from('#!/usr/bin/env python3\n');
  const shift = (at: number) => zip.writeUInt32LE(zip.readUInt32LE(at) + line.length, at);
  const end = zip.length - 22;
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    shift(at + 42);
    at += 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  shift(end + 16);
  return Buffer.concat([line, zip]);
}
