import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
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
  sourceFile: SourceFile;
  open: OpenDownload;
  signal: AbortSignal;
  onProgress?: (progress: DownloadProgress) => void;
  warn?: (message: string) => void;
}

export interface UnpackedPackage {
  /** SHA-256 of the ZIP, hex. */
  digest: string;
  dir: string;
  manifest: Manifest;
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
  const { dir } = options;
  const making = new Map<string, Promise<UnpackedPackage>>();
  const unpacking = new Map<string, Promise<void>>();

  async function ensure(request: PackageRequest, indexPath: string): Promise<UnpackedPackage> {
    const known = await readIndex(indexPath);
    // Its manifest may be invalid: the same bytes would be no better for being downloaded again.
    if (known !== null && (await exists(join(dir, known)))) return await open(known);
    await mkdir(join(dir, 'index'), { recursive: true, mode: 0o700 });
    const archivePath = join(dir, `.download-${process.pid}-${keyOf(request).slice(0, 16)}`);
    try {
      const { sha256 } = await downloadToFile({
        open: request.open,
        path: archivePath,
        what: `the package of ${request.robotCode}`,
        expected: { lengthBytes: request.sourceFile.contentLength, hash: request.sourceFile.contentHash },
        maxBytes: options.limits.maxArchiveBytes,
        timeoutMs: options.downloadTimeoutMs,
        idleTimeoutMs: options.downloadIdleTimeoutMs,
        signal: request.signal,
        ...(request.onProgress && { onProgress: request.onProgress }),
        ...(request.warn && { warn: request.warn }),
      });
      // Robots may have the same package: whoever comes second waits, and finds it or meets its own refusal.
      while (unpacking.has(sha256)) await unpacking.get(sha256)?.catch(() => undefined);
      const unpacked = unpack(request, archivePath, join(dir, sha256)).finally(() =>
        unpacking.delete(sha256),
      );
      unpacking.set(sha256, unpacked);
      await unpacked;
      await writeIndex(indexPath, sha256);
      return await open(sha256);
    } finally {
      await rm(archivePath, { force: true });
    }
  }

  async function unpack(request: PackageRequest, archivePath: string, targetDir: string): Promise<void> {
    if (await exists(targetDir)) return;
    await extractPackage({
      archivePath,
      targetDir,
      limits: options.limits,
      symlinks: 'refuse',
      refusal: { code: 'PACKAGE_REFUSED', what: `The package of ${request.robotCode}` },
      signal: request.signal,
    });
  }

  async function open(digest: string): Promise<UnpackedPackage> {
    const packageDir = join(dir, digest);
    return { digest, dir: packageDir, ...(await loadManifest(packageDir)) };
  }

  return {
    ensurePackage: (request) => {
      const key = keyOf(request);
      const going = making.get(key);
      if (going) return going;
      const made = ensure(request, join(dir, 'index', `${key}.json`)).finally(() => making.delete(key));
      making.set(key, made);
      return made;
    },
    sweep: async () => {
      for (const name of await readdir(dir).catch(() => [])) {
        if (/^\.(download-|.*\.partial-)/.test(name))
          await rm(join(dir, name), { recursive: true, force: true });
      }
    },
  };
}

/** One revision of one robot, as a file name. */
function keyOf({ robotId, sourceFile }: PackageRequest): string {
  const { id, contentHash, contentLength } = sourceFile;
  return createHash('sha256')
    .update(JSON.stringify([robotId, id, contentHash, contentLength]))
    .digest('hex');
}

async function readIndex(path: string): Promise<string | null> {
  try {
    return IndexSchema.parse(JSON.parse(await readFile(path, 'utf8'))).digest;
  } catch {
    return null; // not there, or not ours: made anew
  }
}

async function writeIndex(path: string, digest: string): Promise<void> {
  await writeFile(`${path}.partial`, JSON.stringify({ digest }), { mode: 0o600 });
  await rename(`${path}.partial`, path);
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
