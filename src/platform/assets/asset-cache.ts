import { randomUUID } from 'node:crypto';
import { access, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AssetRequest } from '../asset-provider.ts';
import type { AssetSource } from './asset-source.ts';

/** Counts the ways in which assets were laid out: one made in an older way is made anew. */
const BUILD = 1;

/** A making that died leaves its folder; none takes this long. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

/** What a finished asset is, and so its name in the cache. */
export interface AssetKey extends AssetRequest {
  readonly extension: 'tar.gz' | 'whl';
}

export interface AssetCache {
  /** The finished assets, as a source. */
  readonly source: AssetSource;
  /**
   * The file of an asset, made if it is not there yet. `make` gets a private folder and the path to leave the
   * file at; the asset then appears under its name at once and whole, so several processes may make it at the
   * same time. Within this process a making is shared.
   */
  ensure(key: AssetKey, make: (stageDir: string, path: string) => Promise<void>): Promise<string>;
}

/** The folder of made assets. */
export function createAssetCache(dir: string): AssetCache {
  const makings = new Map<string, Promise<string>>();

  const makeOnce = async (path: string, make: (stageDir: string, path: string) => Promise<void>) => {
    if (await exists(path)) return path;
    await mkdir(dir, { recursive: true });
    await removeAbandoned(dir);
    const stageDir = join(dir, `${PARTIAL}${randomUUID()}`);
    await mkdir(stageDir);
    try {
      const madePath = join(stageDir, 'asset');
      await make(stageDir, madePath);
      await rename(madePath, path);
      return path;
    } finally {
      await rm(stageDir, { recursive: true, force: true });
    }
  };

  return {
    source: {
      name: 'cache',
      listVersions: async (request) => {
        const { before, after } = nameParts(request);
        const names = await readdir(dir).catch((): string[] => []);
        return names.flatMap((name) => {
          const end = name.lastIndexOf(after);
          return name.startsWith(before) && end > 0 ? [name.slice(before.length, end)] : [];
        });
      },
      obtain: async (request, version) => {
        const { before, after } = nameParts(request);
        const start = `${before}${version}${after}`;
        const name = (await readdir(dir)).find((entry) => entry.startsWith(start));
        if (name === undefined) throw new Error(`${start} is gone from the cache`);
        return join(dir, name);
      },
    },
    ensure: (key, make) => {
      const { before, after } = nameParts(key);
      const path = join(dir, `${before}${key.version}${after}${key.extension}`);
      const making = makings.get(path) ?? makeOnce(path, make).finally(() => makings.delete(path));
      makings.set(path, making);
      return making;
    },
  };
}

const PARTIAL = 'partial-';

function nameParts(request: AssetRequest): { before: string; after: string } {
  return {
    before: `${request.type}-`,
    after: `-${request.platform}-${request.architecture}.build${BUILD}.`,
  };
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function removeAbandoned(dir: string): Promise<void> {
  const names = (await readdir(dir)).filter((name) => name.startsWith(PARTIAL));
  for (const name of names) {
    const made = await stat(join(dir, name)).catch(() => null);
    if (made !== null && Date.now() - made.mtimeMs > ABANDONED_AFTER_MS) {
      await rm(join(dir, name), { recursive: true, force: true });
    }
  }
}
