import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AssetRequest } from '../../../../src/platform/asset-provider.ts';
import { createAssetProvider } from '../../../../src/platform/assets/create-asset-provider.ts';

// A platform that this host cannot pack Python for, so that the archives alone decide.
const REQUEST: AssetRequest = {
  type: 'PYTHON',
  version: '3.11.7',
  platform: 'WINDOWS',
  architecture: 'X86_64',
};

let dir: string;
let logged: { message: string; fields: object }[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-assets-'));
  await mkdir(join(dir, 'archives'));
  logged = [];
});

afterEach(() => rm(dir, { recursive: true, force: true }));

describe('asset provider', () => {
  it('serves the exact version from the folder of archives, byte for byte', async () => {
    const path = await archive('PYTHON-3.11.7-WINDOWS-X86_64.zip', 'not really a zip');
    await archive('PYTHON-3.11.9-WINDOWS-X86_64.zip', 'newer');
    expect(await provider().find(REQUEST)).toEqual({ path, lengthBytes: 16, version: '3.11.7' });
    expect(logged).toEqual([]);
  });

  it('serves the newest of the same minor instead, and logs it', async () => {
    await archive('PYTHON-3.11.2-WINDOWS-X86_64.zip', 'older');
    const path = await archive('PYTHON-3.11.10-WINDOWS-X86_64.zip', 'newest');
    await archive('PYTHON-3.12.1-WINDOWS-X86_64.zip', 'another minor');
    expect(await provider().find(REQUEST)).toEqual({ path, lengthBytes: 6, version: '3.11.10' });
    expect(logged).toEqual([{ message: 'Asset substituted', fields: { ...REQUEST, served: '3.11.10' } }]);
  });

  it('has nothing for another platform, architecture or type', async () => {
    await archive('PYTHON-3.11.7-LINUX-X86_64.tar.gz', 'linux');
    await archive('PYTHON-3.11.7-WINDOWS-X86_32.zip', 'narrow');
    await archive('PYTHON_PIP-3.11.7-WINDOWS-X86_64.whl', 'pip');
    expect(await provider().find(REQUEST)).toBeNull();
  });

  it.each(['../3.11.7', '3.11.7/..', '', '3.11.7 ', '-rf', 'a'.repeat(50)])(
    'has nothing for the version %j, which is no version',
    async (version) => {
      expect(await provider().find({ ...REQUEST, version })).toBeNull();
    },
  );

  it('throws when the place that might have it cannot be asked', async () => {
    await rm(join(dir, 'archives'), { recursive: true });
    await expect(provider().find(REQUEST)).rejects.toThrow('ENOENT');
  });
});

function provider() {
  return createAssetProvider({
    cacheDir: join(dir, 'cache'),
    archivesDir: join(dir, 'archives'),
    environment: { PATH: '/nowhere' },
    log: (message, fields) => logged.push({ message, fields }),
  });
}

async function archive(name: string, content: string): Promise<string> {
  const path = join(dir, 'archives', name);
  await writeFile(path, content);
  return path;
}
