import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AssetKey, createAssetCache } from '../../../../src/platform/assets/asset-cache.ts';

const KEY: AssetKey = {
  type: 'PYTHON',
  version: '3.11.7',
  platform: 'LINUX',
  architecture: 'X86_64',
  extension: 'tar.gz',
};

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-cache-'));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

describe('asset cache', () => {
  it('makes an asset once, however many ask for it at the same time', async () => {
    const cache = createAssetCache(dir);
    let makings = 0;
    const make = async (_stageDir: string, path: string) => {
      makings += 1;
      await writeFile(path, 'bytes');
    };
    const paths = await Promise.all([
      cache.ensure(KEY, make),
      cache.ensure(KEY, make),
      cache.ensure(KEY, make),
    ]);
    expect(new Set(paths).size).toBe(1);
    expect(await cache.ensure(KEY, make)).toBe(paths[0]);
    expect(makings).toBe(1);
    expect(await readFile(paths[0] ?? '', 'utf8')).toBe('bytes');
  });

  it('lists and hands out what was made, also to another process', async () => {
    await createAssetCache(dir).ensure(KEY, (_stageDir, path) => writeFile(path, 'bytes'));
    const { source } = createAssetCache(dir);
    expect(await source.listVersions({ ...KEY, version: '3.11.4' })).toEqual(['3.11.7']);
    expect(await source.listVersions({ ...KEY, type: 'PYTHON_PIP' })).toEqual([]);
    expect(await source.listVersions({ ...KEY, platform: 'WINDOWS' })).toEqual([]);
    expect(await readFile(await source.obtain(KEY, '3.11.7'), 'utf8')).toBe('bytes');
  });

  it('leaves nothing behind when a making fails, and tries again', async () => {
    const cache = createAssetCache(dir);
    const failing = cache.ensure(KEY, async (stageDir, path) => {
      await writeFile(join(stageDir, 'half'), 'made');
      await writeFile(path, 'half');
      throw new Error('no registry');
    });
    await expect(failing).rejects.toThrow('no registry');
    expect(await readdir(dir)).toEqual([]);
    await cache.ensure(KEY, (_stageDir, path) => writeFile(path, 'whole'));
    expect(await cache.source.listVersions(KEY)).toEqual(['3.11.7']);
  });

  it('gives two processes that make the same asset a whole one each', async () => {
    const [left, right] = [createAssetCache(dir), createAssetCache(dir)];
    const make = (_stageDir: string, path: string) => writeFile(path, 'same bytes');
    const paths = await Promise.all([left.ensure(KEY, make), right.ensure(KEY, make)]);
    expect(paths[0]).toBe(paths[1]);
    expect(await readdir(dir)).toEqual(['PYTHON-3.11.7-LINUX-X86_64.build1.tar.gz']);
  });

  it('removes what a making left an hour ago and spares what is in the making', async () => {
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
    for (const name of ['partial-old', 'partial-new']) await mkdir(join(dir, name));
    await utimes(join(dir, 'partial-old'), longAgo, longAgo);
    await createAssetCache(dir).ensure(KEY, (_stageDir, path) => writeFile(path, 'bytes'));
    expect(await readdir(dir)).toEqual(['PYTHON-3.11.7-LINUX-X86_64.build1.tar.gz', 'partial-new']);
  });
});
