import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { crc32, createInflateRaw, inflateRaw, inflateRawSync, type ZlibOptions } from 'node:zlib';
import { isAgentError } from '../../shared/errors.ts';
import { type PieceReader, readExactly, type ZipArchive } from './zip-archive.ts';
import { type CheckedEntry, LOCAL_HEADER_BYTES, overlaps, refuse } from './zip-rules.ts';

// The second pass: an entry's bytes, held against what the directory said of them.

const inflate = promisify(inflateRaw);
const SMALL_BYTES = 64 * 1024;
const PIECE_BYTES = 1024 * 1024;
const LOCAL_HEADER = 0x04034b50;
/** Stands for a size that is in the extra field of ZIP64. */
const IN_ZIP64 = 0xffffffff;
const ZIP64_FIELD = 0x0001;
const MOST_EXTRA_BYTES = 0xffff;

/** Whether an entry is sooner inflated at once than handed to the thread pool and back. */
export function isSmall(entry: CheckedEntry): boolean {
  return entry.bytes <= SMALL_BYTES && entry.compressedBytes <= SMALL_BYTES;
}

/**
 * All bytes of a small entry.
 * @throws AgentError as the archive's refusal says
 */
export async function readSmall(
  archive: ZipArchive,
  entry: CheckedEntry,
  pieces: PieceReader,
): Promise<Buffer> {
  const span = await pieces.read(entry.localHeaderOffset, spanOf(entry, entry.compressedBytes));
  const packed = packedOf(archive, entry, span);
  if (!isDeflated(entry)) return checked(archive, entry, packed);
  try {
    return checked(archive, entry, inflateRawSync(packed, limitsOf(entry)));
  } catch (error) {
    throw notUnpacked(archive, entry, error);
  }
}

/**
 * All bytes of an entry, inflated in the thread pool.
 * @throws AgentError as the archive's refusal says
 */
export async function readContent(archive: ZipArchive, entry: CheckedEntry): Promise<Buffer> {
  const packed = packedOf(archive, entry, await readSpan(archive, entry, entry.compressedBytes));
  if (!isDeflated(entry)) return checked(archive, entry, packed);
  try {
    return checked(archive, entry, await inflate(packed, limitsOf(entry)));
  } catch (error) {
    throw notUnpacked(archive, entry, error);
  }
}

/** The bytes of an entry, piece by piece; that they were right is known once the last piece was taken. */
export async function* streamContent(archive: ZipArchive, entry: CheckedEntry): AsyncGenerator<Buffer> {
  const start = entry.localHeaderOffset + checkLocalHeader(archive, entry, await readSpan(archive, entry, 0));
  const packed = Readable.from(readPieces(archive, start, start + entry.compressedBytes));
  const content = entry.method === 8 ? packed.pipe(createInflateRaw({ chunkSize: PIECE_BYTES })) : packed;
  packed.on('error', (error) => content.destroy(error));
  let bytes = 0;
  let checksum = 0;
  try {
    for await (const chunk of content as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > entry.bytes) throw tooMuch(archive, entry);
      checksum = crc32(chunk, checksum);
      yield chunk;
    }
  } catch (error) {
    throw notUnpacked(archive, entry, error);
  } finally {
    packed.destroy();
  }
  checkContent(archive, entry, bytes, checksum);
}

/** For an entry without bytes: its local header must agree all the same. */
export async function checkEmptyEntry(archive: ZipArchive, entry: CheckedEntry): Promise<void> {
  checkLocalHeader(archive, entry, await readSpan(archive, entry, 0));
}

/** An entry's local header, with its name and its extra fields, and `contentBytes` of what follows. */
async function readSpan(archive: ZipArchive, entry: CheckedEntry, contentBytes: number): Promise<Buffer> {
  const span = Buffer.allocUnsafe(spanOf(entry, contentBytes));
  await readExactly(archive, span, entry.localHeaderOffset);
  return span;
}

function spanOf({ nameBytes, localHeaderOffset, endsBefore }: CheckedEntry, contentBytes: number): number {
  const most = LOCAL_HEADER_BYTES + nameBytes.length + MOST_EXTRA_BYTES + contentBytes;
  return Math.min(most, endsBefore - localHeaderOffset);
}

function packedOf(archive: ZipArchive, entry: CheckedEntry, span: Buffer): Buffer {
  const start = checkLocalHeader(archive, entry, span);
  return span.subarray(start, start + entry.compressedBytes);
}

function isDeflated(entry: CheckedEntry): boolean {
  return entry.method === 8 && entry.compressedBytes > 0;
}

function limitsOf({ bytes }: CheckedEntry): ZlibOptions {
  return { maxOutputLength: Math.max(1, bytes), chunkSize: Math.max(64, bytes + 1) };
}

function checked(archive: ZipArchive, entry: CheckedEntry, content: Buffer): Buffer {
  checkContent(archive, entry, content.length, crc32(content));
  return content;
}

/**
 * Holds an entry's local header against the directory.
 * @param span begins with that header
 * @returns where in it the entry's bytes begin
 */
function checkLocalHeader({ refusal }: ZipArchive, entry: CheckedEntry, span: Buffer): number {
  const { nameBytes } = entry;
  const differs = (what: string) =>
    refuse(refusal, entry.path, 'local-header', `has a local header with another ${what}`);
  if (span.readUInt32LE(0) !== LOCAL_HEADER) throw differs('signature');
  if (span.readUInt16LE(6) !== entry.flags) throw differs('flag');
  if (span.readUInt16LE(8) !== entry.method) throw differs('method');
  const extraAt = LOCAL_HEADER_BYTES + nameBytes.length;
  const sameName = span.subarray(LOCAL_HEADER_BYTES, extraAt).equals(nameBytes);
  if (span.readUInt16LE(26) !== nameBytes.length || !sameName) throw differs('name');
  const start = extraAt + span.readUInt16LE(28);
  if (entry.localHeaderOffset + start + entry.compressedBytes > entry.endsBefore)
    throw overlaps(refusal, entry);
  // Where sizes and checksum follow the data, the header may hold zeros.
  const described = (entry.flags & 0x8) !== 0;
  const agrees = (value: number, stated: number) => value === stated || (described && value === 0);
  if (!agrees(span.readUInt32LE(14), entry.crc32)) throw differs('checksum');
  const [bytes, packed] = localSizes(span, span.subarray(extraAt, start));
  if (!agrees(packed, entry.compressedBytes) || !agrees(bytes, entry.bytes)) throw differs('size');
  return start;
}

/** Unpacked and packed; NaN for one that is said to be in a field of ZIP64 that is not there. */
function localSizes(header: Buffer, extra: Buffer): [bytes: number, packed: number] {
  const zip64 = findField(extra, ZIP64_FIELD);
  let at = 0;
  const size = (offset: number): number => {
    const value = header.readUInt32LE(offset);
    if (value !== IN_ZIP64) return value;
    if (at + 8 > zip64.length) return Number.NaN;
    at += 8;
    return Number(zip64.readBigUInt64LE(at - 8));
  };
  const bytes = size(22);
  return [bytes, size(18)];
}

/** The data of an extra field; empty when it is not there. */
function findField(extra: Buffer, id: number): Buffer {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === id) return extra.subarray(at + 4, end);
    at = end;
  }
  return Buffer.alloc(0);
}

async function* readPieces(archive: ZipArchive, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end; at += PIECE_BYTES) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - at));
    await readExactly(archive, piece, at);
    yield piece;
  }
}

function checkContent({ refusal }: ZipArchive, entry: CheckedEntry, bytes: number, checksum: number): void {
  if (bytes !== entry.bytes)
    throw refuse(refusal, entry.path, 'size', `holds ${bytes} bytes; the directory says ${entry.bytes}`);
  if (checksum !== entry.crc32) throw refuse(refusal, entry.path, 'checksum', 'has a wrong checksum');
}

function notUnpacked(archive: ZipArchive, entry: CheckedEntry, error: unknown): unknown {
  if (isAgentError(error) || !(error instanceof Error) || 'syscall' in error) return error;
  if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') return tooMuch(archive, entry);
  return refuse(archive.refusal, entry.path, 'content', `cannot be unpacked: ${error.message}`);
}

function tooMuch({ refusal }: ZipArchive, entry: CheckedEntry) {
  return refuse(
    refusal,
    entry.path,
    'size',
    `holds more than the ${entry.bytes} bytes that the directory says`,
  );
}
