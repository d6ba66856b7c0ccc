import { randomUUID } from 'node:crypto';
import { closeSync, fsync, mkdirSync, openSync, writeSync } from 'node:fs';
import { mkdir, open, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { AgentError } from '../../shared/errors.ts';
import { syncFileSystem } from '../process/sync-file-system.ts';
import { checkFreeSpace, diskError } from './disk.ts';
import { readZipDirectory } from './read-zip.ts';
import { PieceReader, type ZipArchive } from './zip-archive.ts';
import { checkEmptyEntry, isSmall, readContent, readSmall, streamContent } from './zip-content.ts';
import {
  type CheckedEntry,
  checkEntries,
  type ExtractLimits,
  leadsOut,
  type Refusal,
  refuse,
} from './zip-rules.ts';

export interface ExtractOptions {
  archivePath: string;
  /** Must not be there yet; appears whole or not at all. */
  targetDir: string;
  limits: ExtractLimits;
  /** Packages may hold none; runtimes such as stay inside. */
  symlinks: 'refuse' | 'inside';
  refusal: Refusal;
  signal: AbortSignal;
}

/** Entries up to this size are inflated in one piece, in the thread pool. */
const WHOLE_BYTES = 4 * 1024 * 1024;
/** Inflated at the same time: more than the thread pool has threads keeps it busy. */
const AT_ONCE = 8;
/** With more files than this it is quicker to sync the whole file system. */
const MANY_FILES = 100;
/** A file takes whole blocks of this, on most file systems. */
const BLOCK_BYTES = 4096;

/**
 * Unpacks a hostile ZIP: first its directory is judged, then bytes go into a private folder beside the target,
 * with counters and checksums of our own, and the folder is renamed into place.
 * @throws AgentError PACKAGE_REFUSED {entry, rule}, PACKAGE_TRUNCATED, HOST_DISK, INTERRUPTED; nothing is left behind
 */
export async function extractPackage(options: ExtractOptions): Promise<{ entries: number; bytes: number }> {
  const { targetDir, refusal } = options;
  const partialDir = join(dirname(targetDir), `.${basename(targetDir)}.partial-${randomUUID()}`);
  try {
    const file = await open(options.archivePath, 'r');
    try {
      return await extract({ file, bytes: (await file.stat()).size, refusal }, partialDir, options);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw diskError(error, `${refusal.what.replace(/^The /, 'the ')} was unpacked`);
  } finally {
    await rm(partialDir, { recursive: true, force: true });
  }
}

async function extract(
  archive: ZipArchive,
  partialDir: string,
  { targetDir, limits, symlinks, refusal, signal }: ExtractOptions,
): Promise<{ entries: number; bytes: number }> {
  if (archive.bytes > limits.maxArchiveBytes) {
    const problem = `has ${archive.bytes} bytes; ${limits.maxArchiveBytes} are allowed`;
    throw refuse(refusal, null, 'archive-size', problem);
  }
  const directory = await readZipDirectory(archive, limits.maxEntries);
  const entries = checkEntries(directory, limits, { symlinks, refusal });
  const parentDir = dirname(targetDir);
  await mkdir(parentDir, { recursive: true, mode: 0o700 });
  await checkFreeSpace(parentDir, bytesOnDisk(entries), 'to be unpacked');
  await mkdir(partialDir, { mode: 0o700 });
  const folders = await makeFolders(archive, partialDir, entries);
  const files = await writeFiles(archive, partialDir, entries, signal);
  await makeLinks(archive, partialDir, entries);
  if (files.length <= MANY_FILES || !(await syncFileSystem(partialDir))) {
    await syncAll(files, 'r+');
    await syncFolders([...folders, partialDir]);
  }
  await rename(partialDir, targetDir);
  await syncFolders([parentDir]);
  return { entries: entries.length, bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0) };
}

function bytesOnDisk(entries: readonly CheckedEntry[]): number {
  return entries.reduce((sum, { bytes }) => sum + Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES, 0);
}

async function makeFolders(
  archive: ZipArchive,
  root: string,
  entries: readonly CheckedEntry[],
): Promise<string[]> {
  const folders = new Set<string>();
  for (const entry of entries) {
    if (entry.isDirectory) await checkEmptyEntry(archive, entry);
    const segments = entry.path.split('/');
    const depth = entry.isDirectory ? segments.length : segments.length - 1;
    for (let most = 1; most <= depth; most++) folders.add(join(root, ...segments.slice(0, most)));
  }
  for (const folder of folders) mkdirSync(folder, { recursive: true, mode: 0o755 });
  return [...folders];
}

/** Written in order, which keeps the disk's work sequential; what is not small is inflated ahead of its turn. */
async function writeFiles(
  archive: ZipArchive,
  root: string,
  entries: readonly CheckedEntry[],
  signal: AbortSignal,
): Promise<string[]> {
  const files = entries.filter((entry) => !entry.isDirectory && !entry.isSymlink);
  const pieces = new PieceReader(archive);
  const ahead = readAhead(archive, files.filter(isMiddle));
  const paths: string[] = [];
  for (const entry of files) {
    throwIfEnded(signal);
    const path = join(root, entry.path);
    const mode = entry.executable ? 0o755 : 0o644;
    if (isSmall(entry)) writeWhole(path, await readSmall(archive, entry, pieces), mode);
    else if (isMiddle(entry)) writeWhole(path, await ahead(), mode);
    else await writeStreamed(path, streamContent(archive, entry), mode, signal);
    paths.push(path);
  }
  return paths;
}

function isMiddle(entry: CheckedEntry): boolean {
  return !isSmall(entry) && entry.bytes <= WHOLE_BYTES && entry.compressedBytes <= WHOLE_BYTES;
}

/** Gives one entry's bytes after the other, several of them being inflated at any time. */
function readAhead(archive: ZipArchive, entries: readonly CheckedEntry[]): () => Promise<Buffer> {
  const reading: Promise<Buffer>[] = [];
  let next = 0;
  return async () => {
    for (let entry = entries[next]; entry && reading.length < AT_ONCE; entry = entries[++next]) {
      const work = readContent(archive, entry);
      work.catch(() => {}); // heard of when its turn comes
      reading.push(work);
    }
    const work = reading.shift();
    if (!work) throw new Error('asked for more entries than there are');
    return await work;
  };
}

/** Synchronous, which halves the time of a small file (bench row "package extraction"). */
function writeWhole(path: string, content: Buffer, mode: number): void {
  const descriptor = openSync(path, 'wx', mode);
  try {
    for (let at = 0; at < content.length; ) at += writeSync(descriptor, content, at);
  } finally {
    closeSync(descriptor);
  }
}

async function writeStreamed(
  path: string,
  content: AsyncIterable<Buffer>,
  mode: number,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    for await (const chunk of content) {
      throwIfEnded(signal);
      await file.writeFile(chunk); // all of it or an error, unlike write()
    }
  } finally {
    await file.close();
  }
}

async function makeLinks(archive: ZipArchive, root: string, entries: readonly CheckedEntry[]): Promise<void> {
  for (const entry of entries.filter((one) => one.isSymlink)) {
    const target = (await readContent(archive, entry)).toString('utf8');
    if (leadsOut(entry.path, target)) {
      const problem = 'is a symbolic link that leads out of the folder';
      throw refuse(archive.refusal, entry.path, 'symlink', problem);
    }
    await symlink(target, join(root, entry.path));
  }
}

async function syncFolders(dirs: readonly string[]): Promise<void> {
  if (process.platform === 'win32') return; // folders cannot be synced there
  await syncAll(dirs, 'r');
}

const fsyncDescriptor = promisify(fsync);

/** Many at a time share the disk's commits: a fraction of the time of one after the other. */
async function syncAll(paths: readonly string[], flags: 'r' | 'r+'): Promise<void> {
  let next = 0;
  const syncOn = async () => {
    for (let path = paths[next++]; path !== undefined; path = paths[next++]) {
      const descriptor = openSync(path, flags);
      try {
        await fsyncDescriptor(descriptor);
      } finally {
        closeSync(descriptor);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, syncOn));
}

function throwIfEnded(signal: AbortSignal): void {
  if (signal.aborted) throw new AgentError('INTERRUPTED', 'Unpacking was ended.', { retryable: false });
}
