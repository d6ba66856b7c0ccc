/** An entry as a tar's header says it, also one that no tool would write. */
export interface TarEntry {
  path: string;
  content?: string | Buffer;
  /** The header's letter: 0 file, 1 hard link, 2 symbolic link, 3 and 4 devices, 5 folder, 6 FIFO. */
  type?: string;
  linkTo?: string;
  mode?: number;
  /** Where it is to differ from the content's. */
  bytes?: number;
}

const BLOCK = 512;
/** Two blocks of zeros. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

/** A tar of these entries, byte for byte, with or without its end. */
export function tarOf(entries: readonly TarEntry[], end = TAR_END): Buffer {
  return Buffer.concat([...entries.map(blocksOf), end]);
}

/** A file that is run by /bin/sh. */
export function script(path: string, ...lines: string[]): TarEntry {
  return { path, content: `#!/bin/sh\n${lines.join('\n')}\n`, mode: 0o755 };
}

function blocksOf({ path, content = '', type = '0', linkTo = '', mode = 0o644, bytes }: TarEntry): Buffer {
  const body = Buffer.from(content);
  const header = Buffer.alloc(BLOCK);
  header.write(path, 0, 100);
  header.write(`${octal(mode, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100);
  writeNumber(header, bytes ?? body.length);
  header.write(`${octal(0, 11)}\0`, 136);
  header.write(' '.repeat(8), 148);
  header.write(type, 156);
  header.write(linkTo, 157, 100);
  header.write('ustar\0' + '00', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return Buffer.concat([header, body, Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK)]);
}

/** Octal, or binary where it does not fit, as GNU tar does. */
function writeNumber(header: Buffer, bytes: number): void {
  if (bytes < 8 ** 11) {
    header.write(`${octal(bytes, 11)}\0`, 124);
    return;
  }
  header[124] = 0x80;
  header.writeBigUInt64BE(BigInt(bytes), 128);
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}
