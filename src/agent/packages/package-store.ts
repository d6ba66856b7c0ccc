import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sweepPartialFiles } from '../home/partial-files.ts';
import { writeAtomically } from '../home/write-atomically.ts';
import { parseContentHash } from './content-hash.ts';
import { checkFreeSpace, diskError } from './disk.ts';
import { type DownloadProgress, downloadToFile, type OpenDownload } from './download.ts';
import { extractPackage } from './extract-package.ts';
import { loadManifest, type Manifest } from './manifest.ts';
import type { ExtractLimits } from './zip-rules.ts';

/** A robot's source file, as the API describes it. */
export interface SourceFile {
  id: string;
  name: string;
  contentLength: number;
  contentHash: string;
}

export interface PackageRequest {
  robotId: string;
  robotCode: string;
  /** Names the content where the source file's hash does not. */
  revision: string;
  sourceFile: SourceFile;
  open: OpenDownload;
  /** Ends the making, also for those who joined it. */
  signal: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
}

export interface UnpackedPackage {
  /** SHA-256 of the ZIP, hex. */
  digest: string;
  dir: string;
  manifest: Manifest;
  /** For the log of each run: what could not be checked, what the manifest holds that is not known. */
  warnings: string[];
}

export interface PackageStore {
  /**
   * The package of a robot's revision: downloaded, verified, unpacked, its manifest read; at once when it is here.
   * @throws AgentError PACKAGE_*, MANIFEST_INVALID, or of the host
   */
  ensurePackage(request: PackageRequest): Promise<UnpackedPackage>;
  /** Removes what a crash left half made. */
  sweep(): Promise<void>;
}

export interface PackageStoreOptions {
  dir: string;
  limits: ExtractLimits;
  downloadTimeoutMs: number;
  downloadIdleTimeoutMs: number;
}

const IndexSchema = z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/) });

/** Packages by the hash of their bytes: `<dir>/<sha256>/`, and which revision has which bytes in `<dir>/index/`. */
export function createPackageStore(options: PackageStoreOptions): PackageStore {
  const { dir, limits } = options;
  const indexDir = join(dir, 'index');
  const making = new Map<string, Promise<UnpackedPackage>>();
  const unpacking = new Map<string, Promise<UnpackedPackage>>();

  async function ensure(request: PackageRequest, key: string): Promise<UnpackedPackage> {
    const indexPath = join(indexDir, `${key}.json`);
    const known = await readIndex(indexPath);
    const found = known === null ? null : await findUnpacked(known);
    return found ?? (await make(request, key, indexPath));
  }

  async function make(request: PackageRequest, key: string, indexPath: string): Promise<UnpackedPackage> {
    const { robotCode, sourceFile, signal, onProgress } = request;
    const what = `the package of ${robotCode}`;
    const archivePath = join(dir, `.download-${key.slice(0, 16)}`);
    try {
      await mkdir(indexDir, { recursive: true, mode: 0o700 });
      // One that is larger than is allowed is refused for that.
      const bytes = Math.min(sourceFile.contentLength, limits.maxArchiveBytes);
      await checkFreeSpace(dir, bytes, `to download ${what}`);
      const { sha256 } = await downloadToFile({
        open: request.open,
        path: archivePath,
        what,
        expected: { lengthBytes: sourceFile.contentLength, hash: sourceFile.contentHash },
        maxBytes: limits.maxArchiveBytes,
        timeoutMs: options.downloadTimeoutMs,
        idleTimeoutMs: options.downloadIdleTimeoutMs,
        signal,
        ...(onProgress && { onProgress }),
      });
      // Two robots may have the same package.
      const unpacked = await once(unpacking, sha256, () => unpack(sha256, archivePath, request));
      writeAtomically(indexPath, JSON.stringify({ digest: sha256 }));
      return unpacked;
    } catch (error) {
      throw diskError(error, `${what} was made ready`);
    } finally {
      await rm(archivePath, { force: true });
    }
  }

  async function unpack(
    digest: string,
    archivePath: string,
    { robotCode, signal }: PackageRequest,
  ): Promise<UnpackedPackage> {
    const found = await findUnpacked(digest);
    if (found) return found;
    const targetDir = join(dir, digest);
    await rm(targetDir, { recursive: true, force: true }); // somebody took something out of it
    await extractPackage({
      archivePath,
      targetDir,
      limits,
      symlinks: 'refuse',
      refusal: { code: 'PACKAGE_REFUSED', what: `The package of ${robotCode}` },
      signal,
    });
    try {
      return { digest, dir: targetDir, ...(await loadManifest(targetDir)) };
    } catch (error) {
      await rm(targetDir, { recursive: true, force: true });
      throw error;
    }
  }

  /** null where the package is not there, or not whole. */
  async function findUnpacked(digest: string): Promise<UnpackedPackage | null> {
    const packageDir = join(dir, digest);
    return await loadManifest(packageDir).then(
      (loaded) => ({ digest, dir: packageDir, ...loaded }),
      () => null,
    );
  }

  return {
    ensurePackage: async (request) => {
      const key = keyOf(request);
      const unpacked = await once(making, key, () => ensure(request, key));
      return { ...unpacked, warnings: [...hashWarnings(request), ...unpacked.warnings] };
    },
    sweep: async () => {
      for (const name of await readdir(dir).catch(() => [])) {
        if (/^\.(download-|.*\.partial-)/.test(name))
          await rm(join(dir, name), { recursive: true, force: true });
      }
      sweepPartialFiles(indexDir);
    },
  };
}

/** Who comes while something is being made waits for the same making. */
function once<T>(going: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = going.get(key);
  if (known) return known;
  const made = make().finally(() => going.delete(key));
  going.set(key, made);
  return made;
}

function hashWarnings({ robotCode, sourceFile }: PackageRequest): string[] {
  if (parseContentHash(sourceFile.contentHash) !== null) return [];
  return [
    `The content hash that the platform states for the package of ${robotCode} is of an unknown form; only its length was checked.`,
  ];
}

/** One revision of one robot, as a file name. */
function keyOf({ robotId, revision, sourceFile }: PackageRequest): string {
  const { id, contentHash, contentLength } = sourceFile;
  return createHash('sha256')
    .update(JSON.stringify([robotId, revision, id, contentHash, contentLength]))
    .digest('hex');
}

async function readIndex(path: string): Promise<string | null> {
  try {
    return IndexSchema.parse(JSON.parse(await readFile(path, 'utf8'))).digest;
  } catch {
    return null; // not there, or not ours: made anew
  }
}
