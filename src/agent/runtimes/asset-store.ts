import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AgentError, isAgentError } from '../../shared/errors.ts';
import { type DownloadProgress, downloadToFile, type OpenDownload } from '../packages/download.ts';
import type { AssetTarget } from './asset-request.ts';
import { extractRuntime, type RuntimeLimits, readArchiveFormat } from './extract-runtime.ts';
import { removeTree } from './remove-tree.ts';

export type AssetType = 'PYTHON' | 'PYTHON_PIP' | 'NODEJS';

/** An asset as the API names it, asked for by a robot. */
export type OpenAsset = (request: {
  robotId: string;
  type: AssetType;
  version: string;
  platform: AssetTarget['platform'];
  architecture: AssetTarget['architecture'];
}) => OpenDownload;

export interface AssetStoreOptions {
  dir: string;
  openAsset: OpenAsset;
  limits: RuntimeLimits;
  downloadTimeoutMs: number;
  downloadIdleTimeoutMs: number;
}

export interface AssetRequest {
  robotId: string;
  type: AssetType;
  version: string;
  target: AssetTarget;
  /** In messages: "Python 3.11.4". */
  what: string;
  /** In the message when the platform has none: "kubot.yaml asks for Python 3.11.4". */
  askedBy: string;
  signal: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
}

/** What is remembered of an asset once it was found good; `facts` are its owner's. */
export interface StoredAsset {
  /** SHA-256 of the archive, hex. */
  digest: string;
  dir: string;
  facts: unknown;
}

const IndexSchema = z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/), facts: z.unknown() });
/** Hex digits of the digest in a folder's name: enough to be unique, short enough for Windows' 260 characters. */
const NAME_DIGITS = 32;
export const PIP_SCRIPT = 'get-pip.py';

/** Assets by the hash of their archives, `<dir>/<digest>/`, and what was asked for in `<dir>/index/`. */
export class AssetStore {
  readonly #options: AssetStoreOptions;

  constructor(options: AssetStoreOptions) {
    this.#options = options;
  }

  /** What was asked for before and found good; downloads nothing. */
  async find(request: Pick<AssetRequest, 'type' | 'version' | 'target'>): Promise<StoredAsset | null> {
    try {
      const { digest, facts } = IndexSchema.parse(
        JSON.parse(await readFile(this.#indexPath(request), 'utf8')),
      );
      const dir = this.#dirOf(digest);
      return (await stat(dir)).isDirectory() ? { digest, dir, facts } : null;
    } catch {
      return null; // not there, or not ours: made anew
    }
  }

  /**
   * Downloads and unpacks; `remember` is the caller's to call once it proved good.
   * @throws AgentError RUNTIME_UNAVAILABLE when the platform has none; HOST_ARCHIVE_FORMAT, HOST_DISK, INTERRUPTED
   *   or of the network
   */
  async fetch(request: AssetRequest): Promise<StoredAsset> {
    const { dir, limits } = this.#options;
    await mkdir(join(dir, 'index'), { recursive: true, mode: 0o700 });
    const archivePath = join(dir, `.download-${process.pid}-${nameOf(request)}`);
    try {
      const { sha256 } = await this.#download(request, archivePath);
      const targetDir = this.#dirOf(sha256);
      if (!(await exists(targetDir))) {
        if (request.type === 'PYTHON_PIP' && (await readArchiveFormat(archivePath)) === 'python-script') {
          await keepScript(archivePath, targetDir);
        } else {
          const { what, signal } = request;
          await extractRuntime({ archivePath, targetDir, what, limits, signal });
        }
      }
      return { digest: sha256, dir: targetDir, facts: null };
    } finally {
      await rm(archivePath, { force: true });
    }
  }

  async remember(
    request: Pick<AssetRequest, 'type' | 'version' | 'target'>,
    asset: StoredAsset,
  ): Promise<void> {
    const path = this.#indexPath(request);
    const { digest, facts } = asset;
    await writeFile(`${path}.partial`, JSON.stringify({ digest, facts }), { mode: 0o600 });
    await rename(`${path}.partial`, path);
  }

  /** Removes what proved to be no good, so that the next try begins anew. */
  async forget(asset: StoredAsset): Promise<void> {
    await removeTree(asset.dir);
  }

  /** Removes what a crash left half made. */
  async sweep(): Promise<void> {
    const { dir } = this.#options;
    for (const name of await readdir(dir).catch(() => [])) {
      if (/^\.(download-|.*\.partial-)/.test(name)) await removeTree(join(dir, name));
    }
  }

  async #download(request: AssetRequest, path: string): Promise<{ sha256: string }> {
    const { limits, downloadTimeoutMs, downloadIdleTimeoutMs } = this.#options;
    try {
      return await downloadToFile({
        open: this.#opener(request),
        path,
        what: request.what,
        maxBytes: limits.maxTotalBytes,
        timeoutMs: downloadTimeoutMs,
        idleTimeoutMs: downloadIdleTimeoutMs,
        signal: request.signal,
        ...(request.onProgress && { onProgress: request.onProgress }),
      });
    } catch (error) {
      // A refused download of a package is the package's fault; that of a runtime never is.
      if (!isAgentError(error) || !/^PACKAGE_/.test(error.code)) throw error;
      throw new AgentError('HOST_ARCHIVE_FORMAT', error.message, { cause: error });
    }
  }

  #opener({ robotId, type, version, target, what, askedBy }: AssetRequest): OpenDownload {
    const { platform, architecture } = target;
    const open = this.#options.openAsset({ robotId, type, version, platform, architecture });
    return async (download) => {
      try {
        return await open(download);
      } catch (error) {
        if (!isAgentError(error) || error.details?.status !== 404) throw error;
        throw new AgentError(
          'RUNTIME_UNAVAILABLE',
          `${askedBy}, and the platform has no ${what} for ${platform} ${architecture}.`,
          { details: { type, version, platform, architecture }, cause: error },
        );
      }
    };
  }

  #indexPath(request: Pick<AssetRequest, 'type' | 'version' | 'target'>): string {
    return join(this.#options.dir, 'index', `${nameOf(request)}.json`);
  }

  #dirOf(digest: string): string {
    return join(this.#options.dir, digest.slice(0, NAME_DIGITS));
  }
}

/** As a file name; versions hold no separators (the manifest's own rule), settings may. */
function nameOf({ type, version, target }: Pick<AssetRequest, 'type' | 'version' | 'target'>): string {
  return `${type}-${encodeURIComponent(version)}-${target.platform}-${target.architecture}`;
}

async function keepScript(archivePath: string, targetDir: string): Promise<void> {
  const partialDir = `${targetDir}.partial-${process.pid}`;
  await mkdir(partialDir, { recursive: true, mode: 0o700 });
  await copyFile(archivePath, join(partialDir, PIP_SCRIPT));
  await rename(partialDir, targetDir);
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
