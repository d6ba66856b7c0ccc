import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { type ReadEntry, Unpack } from 'tar';
import { AgentError, isAgentError } from '../../shared/errors.ts';
import { extractPackage } from '../packages/extract-package.ts';
import { problemOfName } from '../packages/zip-rules.ts';
import { archiveFormat, FORMAT_BYTES } from './archive-format.ts';

export interface RuntimeLimits {
  maxEntries: number;
  maxTotalBytes: number;
}

export interface ExtractRuntimeOptions {
  archivePath: string;
  targetDir: string;
  /** In messages: "Python 3.11.4". */
  what: string;
  limits: RuntimeLimits;
  signal: AbortSignal;
}

/**
 * Unpacks a runtime's archive, whatever its format; it appears whole at the target or not at all. Links must stay
 * inside, and nothing but files, folders and links may be in it.
 * @throws AgentError HOST_ARCHIVE_FORMAT naming the format or the entry, HOST_DISK, INTERRUPTED
 */
export async function extractRuntime(options: ExtractRuntimeOptions): Promise<void> {
  const format = archiveFormat(await headOf(options.archivePath));
  switch (format) {
    case 'zip':
      await extractZip(options);
      return;
    case 'tar':
    case 'tar.gz':
    case 'tar.zst':
      await extractTar(options, format);
      return;
    default: {
      const name = format === 'unknown' ? 'an unknown format' : format;
      throw new AgentError(
        'HOST_ARCHIVE_FORMAT',
        `${options.what} comes as ${name}, which this version cannot unpack.`,
      );
    }
  }
}

async function extractZip(options: ExtractRuntimeOptions): Promise<void> {
  await extractPackage({
    archivePath: options.archivePath,
    targetDir: options.targetDir,
    limits: {
      maxArchiveBytes: options.limits.maxTotalBytes,
      maxEntries: options.limits.maxEntries,
      maxTotalBytes: options.limits.maxTotalBytes,
      maxFileBytes: options.limits.maxTotalBytes,
      maxRatio: 1000,
    },
    symlinks: 'inside',
    refusal: { code: 'HOST_ARCHIVE_FORMAT', what: `The archive of ${options.what}` },
    signal: options.signal,
  });
}

async function extractTar(
  options: ExtractRuntimeOptions,
  format: 'tar' | 'tar.gz' | 'tar.zst',
): Promise<void> {
  const { targetDir, limits, what, signal } = options;
  const partialDir = join(
    dirname(targetDir),
    `.${basename(targetDir)}.partial-${process.pid}-${Date.now().toString(36)}`,
  );
  await mkdir(partialDir, { recursive: true, mode: 0o700 });
  await checkSpace(partialDir);
  let refused: AgentError | null = null;
  let entries = 0;
  let bytes = 0;
  const refuse = (path: string, problem: string) => {
    refused ??= new AgentError(
      'HOST_ARCHIVE_FORMAT',
      `The archive of ${what} was refused: the entry ${JSON.stringify(path)} ${problem}.`,
      { details: { entry: path }, hint: 'Serve an official build of the runtime.' },
    );
    return false;
  };
  const unpack = new Unpack({
    cwd: partialDir,
    strict: true,
    preserveOwner: false,
    noMtime: true,
    umask: 0o022,
    dmode: 0o755,
    fmode: 0o644,
    filter: (path, entry) => {
      if (refused) return false;
      const header = entry as ReadEntry;
      entries++;
      bytes += header.size ?? 0;
      if (entries > limits.maxEntries)
        return refuse(path, `is the ${entries}th; ${limits.maxEntries} are allowed`);
      if (bytes > limits.maxTotalBytes)
        return refuse(path, `is beyond the ${limits.maxTotalBytes} bytes allowed`);
      const problem = problemOfEntry(path, header);
      return problem === null ? true : refuse(path, problem);
    },
  });
  unpack.on('entry', forceMode);
  try {
    const source = createReadStream(options.archivePath, { highWaterMark: 1024 * 1024, signal });
    if (format === 'tar.gz')
      await pipeline(source, createGunzip({ chunkSize: 1024 * 1024 }), unpack as never);
    else if (format === 'tar.zst') await pipeline(source, createZstdDecompress(), unpack as never);
    else await pipeline(source, unpack as never);
    if (refused) throw refused;
    await rename(partialDir, targetDir);
  } catch (error) {
    throw refused ?? toExtractError(error, what, signal);
  } finally {
    await rm(partialDir, { recursive: true, force: true });
  }
}

/** Runtimes hold fewer files than Windows forbids names: only what leads out or is no file counts here. */
function problemOfEntry(path: string, entry: ReadEntry): string | null {
  const clean = path.replace(/^\.\/+/, '').replace(/\/+$/, '');
  if (clean === '' || clean === '.') return null;
  const name = problemOfName(clean);
  if (name && /^(path-|name-(backslash|control|encoding))/.test(name.rule) && name.rule !== 'path-length')
    return name.text;
  switch (entry.type) {
    case 'File':
    case 'OldFile':
    case 'ContiguousFile':
    case 'Directory':
      return null;
    case 'SymbolicLink':
      return leadsOut(clean, posix.join(posix.dirname(clean), entry.linkpath ?? ''), entry.linkpath ?? '')
        ? 'is a symbolic link that leads out of the folder'
        : null;
    case 'Link':
      return leadsOut(clean, entry.linkpath ?? '', entry.linkpath ?? '')
        ? 'is a link that leads out of the folder'
        : null;
    default:
      return `is a ${entry.type}; only files, folders and links are allowed`;
  }
}

function leadsOut(_path: string, target: string, raw: string): boolean {
  const normal = posix.normalize(target);
  return raw === '' || posix.isAbsolute(raw) || normal === '..' || normal.startsWith('../');
}

/** 0644 or 0755: no setuid, nothing that the owner could not remove again. */
function forceMode(entry: ReadEntry): void {
  entry.mode = entry.type === 'Directory' || ((entry.mode ?? 0) & 0o111) !== 0 ? 0o755 : 0o644;
}

async function checkSpace(dir: string): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  const needed = 300 * 1024 * 1024; // an unpacked Python or Node.js with room to spare
  if (bavail * bsize >= needed) return;
  await rm(dir, { recursive: true, force: true });
  throw new AgentError('HOST_DISK', 'The disk has less than 300 MB free, too little for a runtime.');
}

function toExtractError(error: unknown, what: string, signal: AbortSignal): AgentError {
  if (isAgentError(error)) return error;
  if (signal.aborted)
    return new AgentError('INTERRUPTED', `Unpacking ${what} was ended.`, { retryable: false });
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new AgentError('HOST_DISK', `The disk was full while ${what} was unpacked.`, { cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new AgentError('HOST_ARCHIVE_FORMAT', `The archive of ${what} is damaged: ${reason}.`, {
    retryable: true,
    cause: error,
  });
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(FORMAT_BYTES);
    const { bytesRead } = await file.read(head, 0, FORMAT_BYTES, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The folder that holds the runtime: the archive's only folder, or the archive's root. */
export async function runtimeRoot(dir: string): Promise<string> {
  const entries = await readdir(dir, { withFileTypes: true });
  const [only, ...more] = entries.filter((entry) => !entry.name.startsWith('.'));
  return only?.isDirectory() && more.length === 0 ? join(dir, only.name) : dir;
}
