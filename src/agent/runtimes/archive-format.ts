export type ArchiveFormat =
  | 'zip'
  | 'tar'
  | 'tar.gz'
  | 'tar.zst'
  | 'tar.xz'
  | 'tar.bz2'
  | 'python-script'
  | 'unknown';

/** How many bytes of a file are needed to tell its format. */
export const FORMAT_BYTES = 512;

/** What a file is, by its first bytes: the API promises neither name nor type. */
export function archiveFormat(head: Buffer): ArchiveFormat {
  const starts = (...bytes: number[]) =>
    head.length >= bytes.length && bytes.every((byte, at) => head[at] === byte);
  if (starts(0x50, 0x4b, 0x03, 0x04) || starts(0x50, 0x4b, 0x05, 0x06)) return 'zip';
  if (starts(0x1f, 0x8b)) return 'tar.gz';
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return 'tar.zst';
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return 'tar.xz';
  if (starts(0x42, 0x5a, 0x68)) return 'tar.bz2';
  if (isTarHeader(head)) return 'tar';
  const text = head.toString('latin1');
  if (/^#!.*python/.test(text)) return 'python-script';
  return 'unknown';
}

/** By its checksum: the oldest tar has no magic, and text may hold "ustar". */
function isTarHeader(head: Buffer): boolean {
  if (head.length < 512 || head[0] === 0) return false;
  const stated = Number.parseInt(head.toString('latin1', 148, 156), 8);
  const spaces = 8 * 0x20; // the checksum's own field counts as spaces
  let sum = spaces;
  for (const [at, byte] of head.subarray(0, 512).entries()) if (at < 148 || at >= 156) sum += byte;
  return sum === stated;
}
