import { type Entry, fromRandomAccessReader, RandomAccessReader, type ZipFile } from 'yauzl';
import { AgentError } from '../../shared/errors.ts';
import { PieceReader, readExactly, type ZipArchive } from './zip-archive.ts';
import { type Refusal, refuse, type ZipDirectory, type ZipEntry } from './zip-rules.ts';

const END_RECORD_BYTES = 22;
const ENTRY_RECORD_BYTES = 46;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_LOCATOR = 0x07064b50;

/**
 * Reads the directory of a ZIP, no more than `maxEntries` + 1 of it.
 * @throws AgentError PACKAGE_TRUNCATED where the archive's end is missing, else as `refusal` says
 */
export async function readZipDirectory(archive: ZipArchive, maxEntries: number): Promise<ZipDirectory> {
  const zip = await openZip(archive);
  const entries: ZipEntry[] = [];
  let recordBytes = 0;
  await new Promise<void>((resolve, reject) => {
    zip.on('error', (error: Error) => reject(unreadable(archive.refusal, error)));
    zip.on('end', () => resolve());
    zip.on('entry', (entry: Entry) => {
      entries.push(toZipEntry(entry));
      recordBytes +=
        ENTRY_RECORD_BYTES + entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength;
      if (entries.length > maxEntries) resolve();
      else zip.readEntry();
    });
    zip.readEntry();
  });
  const { startsAt, bytes, endsAt } = await readPlace(archive, zip.comment.length);
  // What lies between the last entry and the end record would be entries that another program sees.
  if (entries.length <= maxEntries && (recordBytes !== bytes || startsAt + recordBytes !== endsAt))
    throw refuse(archive.refusal, null, 'directory', 'has a directory of another length than its end says');
  return { entries, startsAt };
}

async function openZip(archive: ZipArchive): Promise<ZipFile> {
  const head = Buffer.alloc(2);
  await archive.file.read(head, 0, head.length, 0);
  return await new Promise((resolve, reject) => {
    fromRandomAccessReader(
      new RecordReader(archive),
      archive.bytes,
      { lazyEntries: true, decodeStrings: false, validateEntrySizes: false, autoClose: false },
      (error, zip) => {
        if (!error) resolve(zip);
        else if (archive.bytes > 0 && head.toString('latin1') !== 'PK')
          reject(refuse(archive.refusal, null, 'format', 'is no ZIP archive'));
        else reject(unreadable(archive.refusal, error));
      },
    );
  });
}

/** yauzl reads record by record; the disk is read by larger pieces. */
class RecordReader extends RandomAccessReader {
  readonly #pieces: PieceReader;

  constructor(archive: ZipArchive) {
    super();
    this.#pieces = new PieceReader(archive);
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#pieces
      .read(position, length)
      .then((bytes) => {
        bytes.copy(buffer, offset);
        callback(null);
      })
      .catch((error: Error) => callback(error));
  }
}

/** Where the directory lies, as the end record says; yauzl keeps that to itself. */
async function readPlace(
  archive: ZipArchive,
  commentBytes: number,
): Promise<{ startsAt: number; bytes: number; endsAt: number }> {
  const endAt = archive.bytes - END_RECORD_BYTES - commentBytes;
  const tail = Buffer.alloc(ZIP64_LOCATOR_BYTES + END_RECORD_BYTES);
  // An archive without entries may have nothing before its end record.
  const before = Math.min(ZIP64_LOCATOR_BYTES, endAt);
  await readExactly(archive, tail.subarray(ZIP64_LOCATOR_BYTES - before), endAt - before);
  if (tail.readUInt32LE(0) !== ZIP64_LOCATOR) {
    const end = tail.subarray(ZIP64_LOCATOR_BYTES);
    return { startsAt: end.readUInt32LE(16), bytes: end.readUInt32LE(12), endsAt: endAt };
  }
  const endsAt = Number(tail.readBigUInt64LE(8));
  const zip64 = Buffer.alloc(56);
  await readExactly(archive, zip64, endsAt);
  return {
    startsAt: Number(zip64.readBigUInt64LE(48)),
    bytes: Number(zip64.readBigUInt64LE(40)),
    endsAt,
  };
}

function toZipEntry(entry: Entry): ZipEntry {
  const madeOnUnix = entry.versionMadeBy >> 8 === 3 || entry.versionMadeBy >> 8 === 19;
  return {
    nameBytes: entry.fileNameRaw,
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
function unreadable(refusal: Refusal, error: Error): Error {
  if ('syscall' in error) return error; // the disk's, not the archive's
  if (/encryption/i.test(error.message)) return refuse(refusal, null, 'encrypted', 'is encrypted');
  const truncated = /end of central directory record signature not found|unexpected end/i.test(error.message);
  if (truncated && refusal.code === 'PACKAGE_REFUSED') {
    return new AgentError(
      'PACKAGE_TRUNCATED',
      `${refusal.what} is no whole ZIP archive: its end is missing (${error.message}).`,
      { cause: error },
    );
  }
  return refuse(refusal, null, 'format', `is no proper ZIP archive: ${error.message}`);
}
