import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { type Entry, fromRandomAccessReader, RandomAccessReader, type ZipFile } from 'yauzl';
import { AgentError } from '../../shared/errors.ts';
import { type Refusal, refuse, type ZipEntry } from './zip-rules.ts';

/** Reads the directory of a ZIP, no more than `maxEntries` + 1 of it. */
export async function readZipDirectory(
  file: FileHandle,
  archiveBytes: number,
  maxEntries: number,
  refusal: Refusal,
): Promise<ZipEntry[]> {
  const zip = await openZip(file, archiveBytes, refusal);
  return await new Promise((resolve, reject) => {
    const entries: ZipEntry[] = [];
    zip.on('error', (error: Error) => reject(unreadable(refusal, error)));
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: Entry) => {
      entries.push(toZipEntry(entry));
      if (entries.length > maxEntries) resolve(entries);
      else zip.readEntry();
    });
    zip.readEntry();
  });
}

function openZip(file: FileHandle, archiveBytes: number, refusal: Refusal): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    fromRandomAccessReader(
      new HandleReader(file),
      archiveBytes,
      { lazyEntries: true, decodeStrings: false, validateEntrySizes: false, autoClose: false },
      (error, zip) => (error ? reject(unreadable(refusal, error)) : resolve(zip)),
    );
  });
}

/** yauzl reads through this; the handle stays ours. */
class HandleReader extends RandomAccessReader {
  readonly #file: FileHandle;

  constructor(file: FileHandle) {
    super();
    this.#file = file;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    const file = this.#file;
    return Readable.from(
      (async function* () {
        for (let at = start; at < end; ) {
          const buffer = Buffer.alloc(Math.min(64 * 1024, end - at));
          const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
          if (bytesRead === 0) throw new Error('unexpected end of the archive');
          at += bytesRead;
          yield buffer.subarray(0, bytesRead);
        }
      })(),
      { objectMode: false },
    );
  }
}

function toZipEntry(entry: Entry): ZipEntry {
  const madeOnUnix = entry.versionMadeBy >> 8 === 3 || entry.versionMadeBy >> 8 === 19;
  return {
    nameBytes: entry.fileName as unknown as Buffer,
    utf8: (entry.generalPurposeBitFlag & 0x800) !== 0,
    encrypted: (entry.generalPurposeBitFlag & 0x1) !== 0,
    method: entry.compressionMethod,
    flags: entry.generalPurposeBitFlag,
    crc32: entry.crc32,
    compressedBytes: entry.compressedSize,
    bytes: entry.uncompressedSize,
    localHeaderOffset: entry.relativeOffsetOfLocalHeader,
    mode: madeOnUnix ? entry.externalFileAttributes >>> 16 : 0,
  };
}

/** No end record means that the archive stops too early, or never was one. */
function unreadable(refusal: Refusal, error: Error): AgentError {
  const truncated = /end of central directory|unexpected end|too small|truncated|not enough bytes/i.test(
    error.message,
  );
  if (truncated && refusal.code === 'PACKAGE_REFUSED') {
    return new AgentError(
      'PACKAGE_TRUNCATED',
      `${refusal.what} is no whole ZIP archive: its end is missing (${error.message}).`,
      { cause: error },
    );
  }
  return refuse(refusal, null, 'format', `is no proper ZIP archive: ${error.message}`);
}
