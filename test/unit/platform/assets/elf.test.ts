import { describe, expect, it } from 'vitest';
import { readElfDynamics, relocateElf } from '../../../../src/platform/assets/elf.ts';

const LOADER = {
  runpath: '$ORIGIN/../lib',
  libraryName: 'libpython3.9.so.1.0',
  libraryAlias: '$ORIGIN/../p.so',
};

describe('readElfDynamics', () => {
  it('reads what is needed and where it is looked for', () => {
    const elf = buildElf({ needed: ['libpython3.9.so.1.0', 'libc.so.6'], runpath: '/opt/python/lib' });
    expect(readElfDynamics(elf)).toEqual({
      needed: ['libpython3.9.so.1.0', 'libc.so.6'],
      runpath: '/opt/python/lib',
    });
  });

  it('reads nothing from a script, an empty file and a big-endian program', () => {
    const bigEndian = buildElf({ needed: [], runpath: null });
    bigEndian[5] = 2;
    for (const bytes of [Buffer.from('#!/bin/sh\n'), Buffer.alloc(0), bigEndian]) {
      expect(readElfDynamics(bytes)).toBeNull();
    }
  });
});

describe('relocateElf', () => {
  it('overwrites a RUNPATH that is long enough and leaves all else as it was', () => {
    const elf = buildElf({ needed: ['libpython3.9.so.1.0'], runpath: '/home/someone/versions/3.9/lib' });
    const before = Buffer.from(elf);
    expect(relocateElf(elf, LOADER)).toBe(true);
    expect(readElfDynamics(elf)).toEqual({ needed: ['libpython3.9.so.1.0'], runpath: '$ORIGIN/../lib' });
    expect(elf.length).toBe(before.length);
    expect(elf.includes('/home/someone')).toBe(false);
  });

  it('names the library by its place when the RUNPATH is too short or missing', () => {
    for (const runpath of ['/opt/lib', null]) {
      const elf = buildElf({ needed: ['libpython3.9.so.1.0', 'libc.so.6'], runpath });
      expect(relocateElf(elf, LOADER)).toBe(true);
      expect(readElfDynamics(elf)?.needed).toEqual(['$ORIGIN/../p.so', 'libc.so.6']);
    }
  });

  it('says when neither fits', () => {
    const elf = buildElf({ needed: ['libpy.so'], runpath: null });
    expect(relocateElf(elf, { ...LOADER, libraryName: 'libpy.so' })).toBe(false);
    expect(readElfDynamics(elf)?.needed).toEqual(['libpy.so']);
  });

  it('has nothing to do where the library is linked in', () => {
    const elf = buildElf({ needed: ['libc.so.6'], runpath: null });
    const before = Buffer.from(elf);
    expect(relocateElf(elf, LOADER)).toBe(true);
    expect(elf).toEqual(before);
  });
});

/** The smallest 64-bit ELF with a dynamic section: header, two segments, tags, strings. */
function buildElf({ needed, runpath }: { needed: string[]; runpath: string | null }): Buffer {
  const strings = [...needed, ...(runpath === null ? [] : [runpath])];
  const table = Buffer.from(`\0${strings.map((text) => `${text}\0`).join('')}`, 'latin1');
  const offsetOf = (text: string) =>
    1 + strings.slice(0, strings.indexOf(text)).join('\0').length + (strings.indexOf(text) > 0 ? 1 : 0);
  const address = 0x400000;
  const dynamicAt = 64 + 2 * 56;
  const tags = [
    ...needed.map((text) => [1, offsetOf(text)] as const),
    ...(runpath === null ? [] : [[29, offsetOf(runpath)] as const]),
  ];
  const tableAt = dynamicAt + (tags.length + 2) * 16;
  const elf = Buffer.alloc(tableAt + table.length);
  elf.write('\x7fELF', 'latin1');
  elf.set([2, 1], 4);
  elf.writeBigUInt64LE(64n, 32);
  elf.writeUInt16LE(56, 54);
  elf.writeUInt16LE(2, 56);
  const writeSegment = (index: number, type: number, offset: number, length: number) => {
    const at = 64 + index * 56;
    elf.writeUInt32LE(type, at);
    elf.writeBigUInt64LE(BigInt(offset), at + 8);
    elf.writeBigUInt64LE(BigInt(address + offset), at + 16);
    elf.writeBigUInt64LE(BigInt(length), at + 32);
  };
  writeSegment(0, 1, 0, elf.length);
  writeSegment(1, 2, dynamicAt, tableAt - dynamicAt);
  for (const [index, [tag, value]] of [...tags, [5, address + tableAt] as const].entries()) {
    elf.writeBigUInt64LE(BigInt(tag), dynamicAt + index * 16);
    elf.writeBigUInt64LE(BigInt(value), dynamicAt + index * 16 + 8);
  }
  table.copy(elf, tableAt);
  return elf;
}
