import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AgentError, isAgentError } from '../../shared/errors.ts';
import { checkFreeSpace, diskError } from '../packages/disk.ts';
import { extractPackage } from '../packages/extract-package.ts';
import { type ArchiveFormat, archiveFormat, FORMAT_BYTES } from './archive-format.ts';
import { extractTar, type TarFormat } from './extract-tar.ts';
import { TarRefused } from './tar-writer.ts';

/** The end record of a ZIP with its longest comment. */
const END_RECORD_BYTES = 22 + 0xffff;

/** An unpacked Python or Node.js with room to spare: a tar says nowhere how much it holds. */
const TYPICAL_BYTES = 250 * 1024 * 1024;

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
 * @throws AgentError HOST_ARCHIVE_FORMAT naming the format or the entry, PLATFORM_ERROR for a damaged one, HOST_DISK,
 *   INTERRUPTED
 */
export async function extractRuntime(options: ExtractRuntimeOptions): Promise<void> {
  const format = await readArchiveFormat(options.archivePath);
  switch (format) {
    case 'zip':
      await extractZip(options);
      return;
    case 'tar':
    case 'tar.gz':
    case 'tar.zst':
      await extractTarball(options, format);
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

async function extractTarball(options: ExtractRuntimeOptions, format: TarFormat): Promise<void> {
  const { targetDir, limits, what, signal } = options;
  const partialDir = join(
    dirname(targetDir),
    `.${basename(targetDir)}.partial-${process.pid}-${Date.now().toString(36)}`,
  );
  try {
    await checkFreeSpace(dirname(targetDir), TYPICAL_BYTES, `to unpack ${what}`);
    await mkdir(partialDir, { mode: 0o700 });
    await extractTar({
      archivePath: options.archivePath,
      format,
      targetDir: partialDir,
      ...limits,
      platform: process.platform,
      signal,
    });
    await rename(partialDir, targetDir);
  } catch (error) {
    throw toExtractError(error, what, signal);
  } finally {
    await rm(partialDir, { recursive: true, force: true });
  }
}

function toExtractError(error: unknown, what: string, signal: AbortSignal): AgentError {
  if (isAgentError(error)) return error;
  if (error instanceof TarRefused) {
    const { entry, rule } = error;
    const subject = entry === null ? 'it' : `the entry ${JSON.stringify(entry)}`;
    return new AgentError(
      'HOST_ARCHIVE_FORMAT',
      `The archive of ${what} was refused: ${subject} ${error.message}.`,
      { details: { entry, rule }, hint: 'Serve an official build of the runtime.' },
    );
  }
  if (signal.aborted)
    return new AgentError('INTERRUPTED', `Unpacking ${what} was ended.`, { retryable: false });
  const ofDisk = diskError(error, `${what} was unpacked`);
  if (isAgentError(ofDisk)) return ofDisk;
  const reason = error instanceof Error ? error.message : String(error);
  return new AgentError('PLATFORM_ERROR', `The archive of ${what} is damaged: ${reason}.`, { cause: error });
}

/** What a file is, by its bytes. */
export async function readArchiveFormat(path: string): Promise<ArchiveFormat> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(FORMAT_BYTES);
    const { bytesRead } = await file.read(head, 0, FORMAT_BYTES, 0);
    const format = archiveFormat(head.subarray(0, bytesRead));
    return format === 'python-script' && (await endsAsZip(file)) ? 'zip' : format;
  } finally {
    await file.close();
  }
}

/** A zipapp is a ZIP behind a line for the shell; what ends as a ZIP is one. */
async function endsAsZip(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  const tail = Buffer.alloc(Math.min(size, END_RECORD_BYTES));
  await file.read(tail, 0, tail.length, size - tail.length);
  return tail.includes(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
}

/** The folder that holds the runtime: the archive's only folder, or the archive's root. */
export async function runtimeRoot(dir: string): Promise<string> {
  const entries = await readdir(dir, { withFileTypes: true });
  const [only, ...more] = entries.filter((entry) => !entry.name.startsWith('.'));
  return only?.isDirectory() && more.length === 0 ? join(dir, only.name) : dir;
}
