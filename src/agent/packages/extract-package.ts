import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, statfs, symlink } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { promisify } from 'node:util';
import { crc32, createInflateRaw, inflateRaw } from 'node:zlib';
import { AgentError, isAgentError } from '../../shared/errors.ts';
import { readZipDirectory } from './read-zip.ts';
import { type CheckedEntry, checkEntries, type ExtractLimits, type Refusal, refuse } from './zip-rules.ts';

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

const inflate = promisify(inflateRaw);
/** Entries up to this size are inflated in one piece, in the thread pool. */
const WHOLE_BYTES = 4 * 1024 * 1024;
/** Inflated at the same time: more than the thread pool has threads keeps it busy. */
const AT_ONCE = 8;
/** Left on the disk whatever is unpacked. */
const SPARE_BYTES = 64 * 1024 * 1024;

/**
 * Unpacks a hostile ZIP: first its directory is judged, then bytes go into a private folder beside the target,
 * with counters and checksums of our own, and the folder is renamed into place.
 * @throws AgentError PACKAGE_REFUSED {entry, rule}, PACKAGE_TRUNCATED, HOST_DISK, INTERRUPTED; nothing is left behind
 */
export async function extractPackage(options: ExtractOptions): Promise<{ entries: number; bytes: number }> {
  const { targetDir, limits, refusal } = options;
  const archive = await open(options.archivePath, 'r');
  const partialDir = join(
    dirname(targetDir),
    `.${basename(targetDir)}.partial-${process.pid}-${Date.now().toString(36)}`,
  );
  try {
    const { size } = await archive.stat();
    if (size > limits.maxArchiveBytes) {
      throw refuse(refusal, null, 'archive-size', `has ${size} bytes; ${limits.maxArchiveBytes} are allowed`);
    }
    const directory = await readZipDirectory(archive, size, limits.maxEntries, refusal);
    const entries = checkEntries(directory, limits, options);
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
    await checkSpace(dirname(targetDir), bytes);
    await mkdir(partialDir, { recursive: true, mode: 0o700 });
    makeFolders(partialDir, entries);
    await writeFiles(archive, size, partialDir, entries, options);
    await makeLinks(archive, size, partialDir, entries, refusal);
    syncFolder(partialDir);
    await rename(partialDir, targetDir);
    syncFolder(dirname(targetDir));
    return { entries: entries.length, bytes };
  } catch (error) {
    throw toExtractError(error, options);
  } finally {
    await archive.close();
    await rm(partialDir, { recursive: true, force: true });
  }
}

async function checkSpace(dir: string, bytes: number): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(dir);
  if (bavail * bsize >= bytes + SPARE_BYTES) return;
  throw new AgentError(
    'HOST_DISK',
    `The disk has no room for ${Math.ceil(bytes / 1024 / 1024)} MB to be unpacked.`,
  );
}

function makeFolders(root: string, entries: readonly CheckedEntry[]): void {
  const folders = new Set<string>();
  for (const entry of entries) {
    folders.add(entry.isDirectory ? entry.path : posix.dirname(entry.path));
  }
  folders.delete('.');
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true, mode: 0o755 });
}

/** Inflates ahead in the thread pool and writes in order, which keeps the disk's work sequential. */
async function writeFiles(
  archive: FileHandle,
  archiveBytes: number,
  root: string,
  entries: readonly CheckedEntry[],
  { refusal, signal }: ExtractOptions,
): Promise<void> {
  const files = entries.filter((entry) => !entry.isDirectory && !entry.isSymlink);
  const ahead: Promise<Buffer | null>[] = [];
  let next = 0;
  const fill = () => {
    while (ahead.length < AT_ONCE && next < files.length) {
      const entry = files[next++];
      if (!entry) break;
      const work =
        entry.bytes <= WHOLE_BYTES && entry.compressedBytes <= WHOLE_BYTES
          ? readWhole(archive, archiveBytes, entry, refusal)
          : Promise.resolve(null);
      work.catch(() => {}); // heard of when its turn comes
      ahead.push(work);
    }
  };
  for (const entry of files) {
    if (signal.aborted) throw new AgentError('INTERRUPTED', 'Unpacking was ended.', { retryable: false });
    fill();
    const content = await ahead.shift();
    const path = join(root, entry.path);
    if (content) writeWhole(path, content, entry.executable);
    else await writeStreamed(archive, archiveBytes, path, entry, refusal);
  }
}

async function readWhole(
  archive: FileHandle,
  archiveBytes: number,
  entry: CheckedEntry,
  refusal: Refusal,
): Promise<Buffer> {
  const start = await dataStart(archive, archiveBytes, entry, refusal);
  const packed = Buffer.allocUnsafe(entry.compressedBytes);
  await readFully(archive, packed, start, entry, refusal);
  let content = packed;
  if (entry.method === 8) {
    try {
      content = await inflate(packed, { maxOutputLength: Math.max(1, entry.bytes) });
    } catch (error) {
      throw refuse(refusal, entry.path, 'content', `cannot be unpacked: ${reasonOf(error)}`);
    }
  }
  checkContent(entry, content.length, crc32(content), refusal);
  return content;
}

function writeWhole(path: string, content: Buffer, executable: boolean): void {
  const descriptor = openSync(path, 'wx', executable ? 0o755 : 0o644);
  try {
    for (let at = 0; at < content.length; ) at += writeSync(descriptor, content, at);
  } finally {
    closeSync(descriptor);
  }
}

async function writeStreamed(
  archive: FileHandle,
  archiveBytes: number,
  path: string,
  entry: CheckedEntry,
  refusal: Refusal,
): Promise<void> {
  const start = await dataStart(archive, archiveBytes, entry, refusal);
  const packed = archive.createReadStream({
    start,
    end: start + entry.compressedBytes - 1,
    autoClose: false,
    highWaterMark: 1024 * 1024,
  });
  const content = entry.method === 8 ? packed.pipe(createInflateRaw()) : packed;
  packed.on('error', (error) => content.destroy(error));
  const file = await open(path, 'wx', entry.executable ? 0o755 : 0o644);
  let bytes = 0;
  let checksum = 0;
  try {
    for await (const chunk of content as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > entry.bytes)
        throw refuse(refusal, entry.path, 'size', 'holds more than the directory says');
      checksum = crc32(chunk, checksum);
      await file.write(chunk);
    }
  } catch (error) {
    if (isAgentError(error) || isDiskError(error)) throw error;
    throw refuse(refusal, entry.path, 'content', `cannot be unpacked: ${reasonOf(error)}`);
  } finally {
    packed.destroy();
    await file.close();
  }
  checkContent(entry, bytes, checksum, refusal);
}

/** Where an entry's bytes begin, once its local header was seen to agree with the directory. */
async function dataStart(
  archive: FileHandle,
  archiveBytes: number,
  entry: CheckedEntry,
  refusal: Refusal,
): Promise<number> {
  const header = Buffer.allocUnsafe(30 + entry.nameBytes.length);
  await readFully(archive, header, entry.localHeaderOffset, entry, refusal);
  const differs = (what: string) =>
    refuse(refusal, entry.path, 'local-header', `has a local header with another ${what}`);
  if (header.readUInt32LE(0) !== 0x04034b50) throw differs('signature');
  const described = (entry.flags & 0x8) !== 0; // sizes follow the data, the header may hold zeros
  if (header.readUInt16LE(6) !== entry.flags) throw differs('flag');
  if (header.readUInt16LE(8) !== entry.method) throw differs('method');
  if (header.readUInt16LE(26) !== entry.nameBytes.length || !header.subarray(30).equals(entry.nameBytes)) {
    throw differs('name');
  }
  const [checksum, packed, bytes] = [14, 18, 22].map((at) => header.readUInt32LE(at));
  const zip64 = 0xffffffff;
  const agrees = (value: number | undefined, stated: number) =>
    value === stated || value === zip64 || (described && value === 0);
  if (!agrees(packed, entry.compressedBytes) || !agrees(bytes, entry.bytes)) throw differs('size');
  if (!agrees(checksum, entry.crc32)) throw differs('checksum');
  const start = entry.localHeaderOffset + 30 + entry.nameBytes.length + header.readUInt16LE(28);
  if (start + entry.compressedBytes > archiveBytes)
    throw differs('end: its bytes lie beyond the archive, or its');
  return start;
}

async function makeLinks(
  archive: FileHandle,
  archiveBytes: number,
  root: string,
  entries: readonly CheckedEntry[],
  refusal: Refusal,
): Promise<void> {
  for (const entry of entries.filter((one) => one.isSymlink)) {
    const target = (await readWhole(archive, archiveBytes, entry, refusal)).toString('utf8');
    const resolved = posix.normalize(posix.join(posix.dirname(entry.path), target));
    if (posix.isAbsolute(target) || resolved === '..' || resolved.startsWith('../')) {
      throw refuse(refusal, entry.path, 'symlink', 'is a symbolic link that leads out of the folder');
    }
    await symlink(target, join(root, entry.path));
  }
}

function checkContent(entry: CheckedEntry, bytes: number, checksum: number, refusal: Refusal): void {
  if (bytes !== entry.bytes)
    throw refuse(refusal, entry.path, 'size', `holds ${bytes} bytes; the directory says ${entry.bytes}`);
  if (checksum !== entry.crc32) throw refuse(refusal, entry.path, 'checksum', 'has a wrong checksum');
}

async function readFully(
  archive: FileHandle,
  buffer: Buffer,
  position: number,
  entry: CheckedEntry,
  refusal: Refusal,
): Promise<void> {
  for (let at = 0; at < buffer.length; ) {
    const { bytesRead } = await archive.read(buffer, at, buffer.length - at, position + at);
    if (bytesRead === 0)
      throw refuse(refusal, entry.path, 'local-header', 'lies beyond the end of the archive');
    at += bytesRead;
  }
}

function syncFolder(dir: string): void {
  if (process.platform === 'win32') return; // folders cannot be synced there
  const descriptor = openSync(dir, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function toExtractError(error: unknown, options: ExtractOptions): unknown {
  if (!isDiskError(error)) return error;
  return new AgentError('HOST_DISK', `The disk was full while ${options.refusal.what} was unpacked.`, {
    cause: error,
  });
}

function isDiskError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
