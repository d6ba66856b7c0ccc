import { copyFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AgentError, isAgentError } from '../../shared/errors.ts';
import { sweepPartialFiles } from '../home/partial-files.ts';
import { writeAtomically } from '../home/write-atomically.ts';
import { diskError } from '../packages/disk.ts';
import { type DownloadProgress, downloadToFile, type OpenDownload } from '../packages/download.ts';
import { syncFileSystem } from '../process/sync-file-system.ts';
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

export type AssetName = Pick<AssetRequest, 'type' | 'version' | 'target'>;

/** An asset that was unpacked and found good. */
export interface StoredAsset<Facts> {
  /** SHA-256 of the archive, hex. */
  digest: string;
  dir: string;
  /** What its owner found out about it. */
  facts: Facts;
}

/** Which archive was served for a name. */
const NameSchema = z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/) });
/** Hex digits of the digest in a folder's name: enough to be unique, short enough for Windows' 260 characters. */
const NAME_DIGITS = 32;
export const PIP_SCRIPT = 'get-pip.py';

/**
 * Assets by the hash of their archives: `<dir>/<type>-<digest>/`, the facts that prove one finished in
 * `<dir>/index/<type>-<digest>.json`, and which archive a version is in `<dir>/index/<type>-<version>-….json`.
 */
export class AssetStore<Facts extends object> {
  readonly #options: AssetStoreOptions;
  readonly #factsSchema: z.ZodType<Facts>;
  /** By folder: the last work on it. */
  readonly #works = new Map<string, Promise<unknown>>();
  #downloads = 0;

  constructor(options: AssetStoreOptions, factsSchema: z.ZodType<Facts>) {
    this.#options = options;
    this.#factsSchema = factsSchema;
  }

  /** What was asked for before and found good; downloads nothing. */
  async find(name: AssetName): Promise<StoredAsset<Facts> | null> {
    const known = await readRecord(this.#namePath(name), NameSchema);
    return known && (await this.#findStored(name.type, known.digest));
  }

  /**
   * Downloads, unpacks and has it finished: `finish` proves it good and prepares it at its place. One archive is
   * made once, whatever the versions that it is served for; when `finish` throws, nothing of it stays.
   * @throws AgentError RUNTIME_UNAVAILABLE when the platform has none; HOST_ARCHIVE_FORMAT, HOST_DISK, INTERRUPTED
   *   or of the network; what `finish` throws
   */
  async fetch(request: AssetRequest, finish: (dir: string) => Promise<Facts>): Promise<StoredAsset<Facts>> {
    const { dir } = this.#options;
    await mkdir(join(dir, 'index'), { recursive: true, mode: 0o700 });
    const archivePath = join(dir, `.download-${process.pid}-${this.#downloads++}-${nameOf(request)}`);
    try {
      const { sha256 } = await this.#download(request, archivePath);
      const asset = await this.#inTurn(this.#dirOf(request.type, sha256), async () => {
        const stored = await this.#findStored(request.type, sha256);
        return stored ?? (await this.#make(request, archivePath, sha256, finish));
      });
      writeRecord(this.#namePath(request), { digest: sha256 });
      return asset;
    } finally {
      await rm(archivePath, { force: true });
    }
  }

  /** Removes what proved to be no good, so that the next try begins anew. */
  async forget(type: AssetType, asset: StoredAsset<Facts>): Promise<void> {
    await rm(this.#factsPath(type, asset.digest), { force: true });
    await removeTree(asset.dir);
  }

  /** Removes what a crash left half made. */
  async sweep(): Promise<void> {
    const { dir } = this.#options;
    for (const name of await readdir(dir).catch(() => [])) {
      if (name === 'index' || (await exists(join(dir, 'index', `${name}.json`)))) continue;
      await removeTree(join(dir, name));
    }
    sweepPartialFiles(join(dir, 'index'));
  }

  async #make(
    request: AssetRequest,
    archivePath: string,
    digest: string,
    finish: (dir: string) => Promise<Facts>,
  ): Promise<StoredAsset<Facts>> {
    const { type, what, signal } = request;
    const targetDir = this.#dirOf(type, digest);
    await removeTree(targetDir); // left by a crash, before it was finished
    try {
      if (type === 'PYTHON_PIP' && (await readArchiveFormat(archivePath)) === 'python-script') {
        await keepScript(archivePath, targetDir);
      } else {
        await extractRuntime({ archivePath, targetDir, what, limits: this.#options.limits, signal });
      }
      const facts = await finish(targetDir);
      // The record says that all of it is there, also after a power cut.
      await syncFileSystem(targetDir);
      writeRecord(this.#factsPath(type, digest), facts);
      return { digest, dir: targetDir, facts };
    } catch (error) {
      await removeTree(targetDir);
      throw error;
    }
  }

  async #findStored(type: AssetType, digest: string): Promise<StoredAsset<Facts> | null> {
    const dir = this.#dirOf(type, digest);
    const facts = await readRecord(this.#factsPath(type, digest), this.#factsSchema);
    return facts && (await exists(dir)) ? { digest, dir, facts } : null;
  }

  async #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#works.get(key) ?? Promise.resolve();
    const mine = before.catch(() => {}).then(work);
    this.#works.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#works.get(key) === mine) this.#works.delete(key);
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
      throw new AgentError('HOST_ARCHIVE_FORMAT', error.message, {
        hint: 'Raise runtimeMaxTotalBytes if the runtime is to be allowed.',
        cause: error,
      });
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

  #dirOf(type: AssetType, digest: string): string {
    return join(this.#options.dir, folderOf(type, digest));
  }

  #factsPath(type: AssetType, digest: string): string {
    return join(this.#options.dir, 'index', `${folderOf(type, digest)}.json`);
  }

  #namePath(name: AssetName): string {
    return join(this.#options.dir, 'index', `${nameOf(name)}.json`);
  }
}

function folderOf(type: AssetType, digest: string): string {
  return `${type.toLowerCase()}-${digest.slice(0, NAME_DIGITS)}`;
}

/** As a file name; versions hold no separators (the manifest's own rule), settings may. */
function nameOf({ type, version, target }: AssetName): string {
  return `${type}-${encodeURIComponent(version)}-${target.platform}-${target.architecture}`;
}

async function keepScript(archivePath: string, targetDir: string): Promise<void> {
  const partialDir = `${targetDir}.partial`;
  await mkdir(partialDir, { recursive: true, mode: 0o700 });
  await copyFile(archivePath, join(partialDir, PIP_SCRIPT));
  await rename(partialDir, targetDir);
}

/** null: not there, half written or not ours. */
async function readRecord<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

function writeRecord(path: string, record: unknown): void {
  try {
    writeAtomically(path, JSON.stringify(record));
  } catch (error) {
    throw diskError(error, 'a runtime was recorded');
  }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
