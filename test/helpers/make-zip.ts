import { crc32, deflateRawSync } from 'node:zlib';

/** What both headers of an entry say of it. */
interface Header {
  name: string | Buffer;
  /** 0x800: the name is UTF-8; 0x8: sizes follow the data; 0x1: encrypted. */
  flags: number;
  /** 0 stored, 8 deflated. */
  method: number;
  crc: number;
  packedBytes: number;
  bytes: number;
  extra: Buffer;
}

export interface ZipEntrySpec {
  name: string | Buffer;
  content?: string | Buffer;
  flags?: number;
  method?: number;
  /** Unix mode with its type; absent: made on MS-DOS, which has none. */
  mode?: number;
  /** The bytes in the archive, in place of the packed content. */
  packed?: Buffer;
  /** Lies of the header before the bytes. */
  local?: Partial<Header>;
  /** Lies of the directory. */
  central?: Partial<Header> & { offset?: number };
}

export interface ZipSpec {
  /** Before the first entry. */
  prefix?: Buffer;
  comment?: string;
  /** Between the directory and the end record. */
  gap?: Buffer;
  /** With the end record of ZIP64, whatever the sizes. */
  zip64?: boolean;
  /** Lies of the end record. */
  end?: { count?: number; directoryBytes?: number; directoryAt?: number; disk?: number };
}

/** What the agent allows a package unless its settings say otherwise. */
export const PACKAGE_LIMITS = {
  maxArchiveBytes: 512 * 1024 ** 2,
  maxEntries: 20_000,
  maxTotalBytes: 2 * 1024 ** 3,
  maxFileBytes: 1024 ** 3,
  maxRatio: 200,
};
export const FILE_MODE = 0o100644;
export const FOLDER_MODE = 0o040755;
const IN_ZIP64 = 0xffffffff;

/** A ZIP made byte by byte: honest where nothing else is said. */
export function makeZip(entries: readonly ZipEntrySpec[], spec: ZipSpec = {}): Buffer {
  const parts: Buffer[] = [spec.prefix ?? Buffer.alloc(0)];
  const records: Buffer[] = [];
  let at = parts[0]?.length ?? 0;
  for (const entry of entries) {
    const truth = headerOf(entry);
    const local = localHeader({ ...truth, ...entry.local });
    records.push(directoryRecord({ ...truth, ...entry.central }, entry, entry.central?.offset ?? at));
    parts.push(local, packedBytesOf(entry, truth));
    at += local.length + packedBytesOf(entry, truth).length;
  }
  const directory = Buffer.concat(records);
  const place = { count: entries.length, directoryBytes: directory.length, directoryAt: at };
  const gap = spec.gap ?? Buffer.alloc(0);
  const endAt = at + directory.length + gap.length;
  return Buffer.concat([
    ...parts,
    directory,
    gap,
    spec.zip64 ? zip64End({ ...place, ...spec.end }, endAt) : Buffer.alloc(0),
    endRecord({ disk: 0, ...place, ...spec.end }, spec),
  ]);
}

function headerOf(entry: ZipEntrySpec): Header {
  const content = Buffer.from(entry.content ?? '');
  const method = entry.method ?? (content.length > 0 ? 8 : 0);
  const packed = entry.packed ?? (method === 8 ? deflateRawSync(content) : content);
  return {
    name: entry.name,
    flags: entry.flags ?? 0x800,
    method,
    crc: crc32(content),
    packedBytes: packed.length,
    bytes: content.length,
    extra: Buffer.alloc(0),
  };
}

function packedBytesOf(entry: ZipEntrySpec, { method }: Header): Buffer {
  const content = Buffer.from(entry.content ?? '');
  return entry.packed ?? (method === 8 ? deflateRawSync(content) : content);
}

function localHeader(header: Header): Buffer {
  const { sizes, extra } = sizesOf(header);
  const fixed = Buffer.alloc(30);
  fixed.writeUInt32LE(0x04034b50, 0);
  fixed.writeUInt16LE(20, 4);
  writeCommon(fixed, 6, header, sizes, extra);
  return Buffer.concat([fixed, Buffer.from(header.name), extra]);
}

function directoryRecord(header: Header, { mode }: ZipEntrySpec, offset: number): Buffer {
  const { sizes, extra } = sizesOf(header);
  const fixed = Buffer.alloc(46);
  fixed.writeUInt32LE(0x02014b50, 0);
  fixed.writeUInt16LE(mode === undefined ? 20 : (3 << 8) | 20, 4);
  fixed.writeUInt16LE(20, 6);
  writeCommon(fixed, 8, header, sizes, extra);
  fixed.writeUInt32LE(((mode ?? 0) << 16) >>> 0, 38);
  fixed.writeUInt32LE(offset, 42);
  return Buffer.concat([fixed, Buffer.from(header.name), extra]);
}

/** Flags, method, time, date, checksum, sizes and lengths: the same in both headers. */
function writeCommon(
  fixed: Buffer,
  at: number,
  header: Header,
  sizes: { packedBytes: number; bytes: number },
  extra: Buffer,
): void {
  fixed.writeUInt16LE(header.flags, at);
  fixed.writeUInt16LE(header.method, at + 2);
  fixed.writeUInt16LE(0x21, at + 6);
  fixed.writeUInt32LE(header.crc, at + 8);
  fixed.writeUInt32LE(sizes.packedBytes, at + 12);
  fixed.writeUInt32LE(sizes.bytes, at + 16);
  fixed.writeUInt16LE(Buffer.from(header.name).length, at + 20);
  fixed.writeUInt16LE(extra.length, at + 22);
}

/** Sizes of over 4 GB move into a field of ZIP64. */
function sizesOf({ packedBytes, bytes, extra }: Header) {
  const large = [bytes, packedBytes].filter((size) => size > IN_ZIP64);
  if (large.length === 0) return { sizes: { packedBytes, bytes }, extra };
  return {
    sizes: { packedBytes: Math.min(packedBytes, IN_ZIP64), bytes: Math.min(bytes, IN_ZIP64) },
    extra: Buffer.concat([zip64Field(...large), extra]),
  };
}

/** The field of ZIP64, with the sizes that a header puts off to it. */
export function zip64Field(...sizes: number[]): Buffer {
  const field = Buffer.alloc(4 + 8 * sizes.length);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(8 * sizes.length, 2);
  for (const [index, size] of sizes.entries()) field.writeBigUInt64LE(BigInt(size), 4 + 8 * index);
  return field;
}

interface Place {
  count: number;
  directoryBytes: number;
  directoryAt: number;
}

function zip64End(place: Place, endAt: number): Buffer {
  const end = Buffer.alloc(56 + 20);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeBigUInt64LE(BigInt(place.count), 24);
  end.writeBigUInt64LE(BigInt(place.count), 32);
  end.writeBigUInt64LE(BigInt(place.directoryBytes), 40);
  end.writeBigUInt64LE(BigInt(place.directoryAt), 48);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(endAt), 64);
  end.writeUInt32LE(1, 72);
  return end;
}

function endRecord(
  { count, directoryBytes, directoryAt, disk }: Place & { disk: number },
  spec: ZipSpec,
): Buffer {
  const comment = Buffer.from(spec.comment ?? '');
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(disk, 4);
  end.writeUInt16LE(spec.zip64 ? 0xffff : count, 8);
  end.writeUInt16LE(spec.zip64 ? 0xffff : count, 10);
  end.writeUInt32LE(spec.zip64 ? IN_ZIP64 : directoryBytes, 12);
  end.writeUInt32LE(spec.zip64 ? IN_ZIP64 : directoryAt, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([end, comment]);
}
