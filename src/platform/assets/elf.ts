/** What an ELF file asks the loader for, as far as moving it to another folder is concerned. */
export interface ElfDynamics {
  /** Shared libraries it needs, as written: usually bare names. */
  readonly needed: readonly string[];
  /** RUNPATH or RPATH, as written; null: none. */
  readonly runpath: string | null;
}

/** Reads the dynamic section of a 64-bit or 32-bit little-endian ELF file. Null: not one, or a static one. */
export function readElfDynamics(bytes: Buffer): ElfDynamics | null {
  const entries = findDynamicStrings(bytes);
  if (entries === null) return null;
  const text = (kind: number) => entries.filter((entry) => entry.tag === kind).map((entry) => entry.text);
  return { needed: text(NEEDED), runpath: text(RUNPATH)[0] ?? text(RPATH)[0] ?? null };
}

/**
 * Overwrites, in place, where an ELF file finds its libraries, so that it loads them from beside itself and
 * never from where it was built. Strings in ELF can be shortened but not lengthened: when the RUNPATH is too
 * short, or there is none, the name of the needed library `libraryName` is replaced by `libraryAlias`, a path
 * with `$ORIGIN` in it that the loader follows too. False: neither fits, so the file cannot be moved.
 */
export function relocateElf(
  bytes: Buffer,
  { runpath, libraryName, libraryAlias }: { runpath: string; libraryName: string; libraryAlias: string },
): boolean {
  const entries = findDynamicStrings(bytes) ?? [];
  const paths = entries.filter((entry) => entry.tag === RUNPATH || entry.tag === RPATH);
  if (paths.length > 0 && paths.every((entry) => entry.text.length >= runpath.length)) {
    for (const entry of paths) overwrite(bytes, entry, runpath);
    return true;
  }
  const library = entries.find((entry) => entry.tag === NEEDED && entry.text === libraryName);
  if (library === undefined) return true;
  if (library.text.length < libraryAlias.length) return false;
  overwrite(bytes, library, libraryAlias);
  return true;
}

/** One string that the dynamic section points to. */
interface DynamicString {
  readonly tag: number;
  readonly offset: number;
  readonly text: string;
}

// Numbers from the ELF specification (gABI, "Dynamic Section" and "Program Header").
const [NEEDED, STRTAB, RPATH, RUNPATH] = [1, 5, 15, 29];
const [PT_LOAD, PT_DYNAMIC] = [1, 2];

/** Finds the strings by the program headers: section headers may be stripped. */
function findDynamicStrings(bytes: Buffer): DynamicString[] | null {
  if (bytes.length < 64 || bytes.toString('latin1', 0, 4) !== '\x7fELF' || bytes[5] !== 1) return null;
  const wide = bytes[4] === 2;
  const word = (offset: number) =>
    wide ? Number(bytes.readBigUInt64LE(offset)) : bytes.readUInt32LE(offset);
  const [tableAt, sizeAt, countAt] = wide ? [32, 54, 56] : [28, 42, 44];
  const [offsetIn, addressIn, lengthIn] = wide ? [8, 16, 32] : [4, 8, 16];
  const segments = Array.from({ length: bytes.readUInt16LE(countAt) }, (_, index) => {
    const at = word(tableAt) + index * bytes.readUInt16LE(sizeAt);
    return {
      type: bytes.readUInt32LE(at),
      offset: word(at + offsetIn),
      address: word(at + addressIn),
      length: word(at + lengthIn),
    };
  });
  const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC);
  if (dynamic === undefined) return null;

  const step = wide ? 16 : 8;
  const tags = Array.from({ length: Math.floor(dynamic.length / step) }, (_, index) => ({
    tag: word(dynamic.offset + index * step),
    value: word(dynamic.offset + index * step + step / 2),
  }));
  const tableAddress = tags.find((entry) => entry.tag === STRTAB)?.value;
  const holder = segments.find(
    (segment) =>
      segment.type === PT_LOAD &&
      tableAddress !== undefined &&
      tableAddress >= segment.address &&
      tableAddress < segment.address + segment.length,
  );
  if (holder === undefined || tableAddress === undefined) return null;
  const strings = tableAddress - holder.address + holder.offset;
  return tags
    .filter(({ tag }) => tag === NEEDED || tag === RPATH || tag === RUNPATH)
    .map(({ tag, value }) => {
      const offset = strings + value;
      return { tag, offset, text: bytes.toString('latin1', offset, bytes.indexOf(0, offset)) };
    });
}

function overwrite(bytes: Buffer, { offset, text }: DynamicString, replacement: string): void {
  bytes.fill(0, offset, offset + text.length);
  bytes.write(replacement, offset, 'latin1');
}
