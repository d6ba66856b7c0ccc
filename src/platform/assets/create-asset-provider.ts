import { stat } from 'node:fs/promises';
import type { Asset, AssetProvider, AssetRequest } from '../asset-provider.ts';
import { createArchiveFolder } from './archive-folder.ts';
import { createAssetCache } from './asset-cache.ts';
import { type AssetLog, AssetMissing, type AssetSource } from './asset-source.ts';
import { createHostNodeSource } from './host-node.ts';
import { createHostPythonSource } from './host-python.ts';
import { createPipSource } from './pip-wheel.ts';
import { createRegistryNodeSource } from './registry-node.ts';
import { chooseVersion } from './versions.ts';

export interface AssetProviderOptions {
  /** Where made assets are kept; several processes may share it. */
  readonly cacheDir: string;
  /** Ready archives, named `<TYPE>-<version>-<PLATFORM>-<ARCH>.<ext>`; one that is there wins. */
  readonly archivesDir?: string;
  /** Where interpreters and npm are looked for: PATH, HOME, npm_execpath and npm's own settings. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: AssetLog;
}

/**
 * Serves runtimes and pip: from a folder of archives, else from the cache, else made from the registry's
 * packages or from what this host has. The exact version comes first, from whichever place has it; else the
 * newest of the same minor (Python) or major (Node.js), which is logged; else null.
 * `find` throws only when nothing fits and a place that might have had it could not be asked.
 */
export function createAssetProvider(options: AssetProviderOptions): AssetProvider {
  const { cacheDir, archivesDir, environment, log } = options;
  const cache = createAssetCache(cacheDir);
  const ready = [...(archivesDir === undefined ? [] : [createArchiveFolder(archivesDir)]), cache.source];
  const sources: Record<AssetRequest['type'], readonly AssetSource[]> = {
    NODEJS: [
      ...ready,
      createRegistryNodeSource(cache, environment, log),
      createHostNodeSource(cache, environment),
    ],
    PYTHON: [...ready, createHostPythonSource(cache, environment, log)],
    PYTHON_PIP: [...ready, createPipSource(cache, environment)],
  };
  return { find: (request) => findAsset(request, sources[request.type], log) };
}

async function findAsset(
  request: AssetRequest,
  sources: readonly AssetSource[],
  log: AssetLog,
): Promise<Asset | null> {
  // The version becomes part of file names and package names.
  if (!SAFE_VERSION.test(request.version)) return null;
  const offers: { source: AssetSource; version: string }[] = [];
  let failure: unknown = null;

  const obtain = async (source: AssetSource, version: string): Promise<Asset | null> => {
    try {
      const path = await source.obtain(request, version);
      return { path, lengthBytes: (await stat(path)).size, version };
    } catch (error) {
      if (!(error instanceof AssetMissing)) failure = error;
      log('Asset could not be obtained', { ...request, version, source: source.name, reason: String(error) });
      return null;
    }
  };

  // Each place is slower than the one before it: the next is asked only when the exact version was not there.
  for (const source of sources) {
    try {
      const versions = await source.listVersions(request);
      offers.push(...versions.map((version) => ({ source, version })));
    } catch (error) {
      failure = error;
      log('Asset source could not be asked', { ...request, source: source.name, reason: String(error) });
      continue;
    }
    const isOffered = offers.some((offer) => offer.source === source && offer.version === request.version);
    const exact = isOffered ? await obtain(source, request.version) : null;
    if (exact !== null) return exact;
  }

  let left = offers.filter((offer) => offer.version !== request.version);
  while (left.length > 0) {
    const versions = left.map((offer) => offer.version);
    const version = chooseVersion(request.version, versions, SUBSTITUTION[request.type]);
    if (version === null) break;
    for (const { source } of left.filter((offer) => offer.version === version)) {
      const asset = await obtain(source, version);
      if (asset === null) continue;
      log('Asset substituted', { ...request, served: version });
      return asset;
    }
    left = left.filter((offer) => offer.version !== version);
  }
  if (failure !== null) throw failure;
  return null;
}

const SAFE_VERSION = /^[0-9A-Za-z][0-9A-Za-z.+-]{0,40}$/;

const SUBSTITUTION = { PYTHON: 'same-minor', PYTHON_PIP: 'same-minor', NODEJS: 'same-major' } as const;
