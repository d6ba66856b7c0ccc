import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { problemOfName } from '../../../../src/agent/packages/zip-rules.ts';
import { FILE_MODE, FOLDER_MODE, makeZip, type ZipEntrySpec, zip64Field } from '../../../helpers/make-zip.ts';
import { refusalOf, unpack } from './unpack.ts';

const MB = 1024 ** 2;

describe('a package is unpacked', () => {
  test('whole, with folders that only its files name, empty folders and empty files', async () => {
    const zip = makeZip([
      { name: 'kubot.yaml', content: 'operations: []\n', mode: FILE_MODE },
      { name: 'src/deep/robot.py', content: 'print(1)\n'.repeat(500), mode: FILE_MODE },
      { name: 'src/stored.bin', content: Buffer.from([0, 255, 10]), method: 0, mode: FILE_MODE },
      { name: 'empty/', mode: FOLDER_MODE },
      { name: 'empty.txt', mode: FILE_MODE },
      { name: 'src/deep/', mode: FOLDER_MODE },
    ]);
    expect(await unpack(zip)).toEqual({
      files: {
        'kubot.yaml': 'operations: []\n',
        'src/deep/robot.py': 'print(1)\n'.repeat(500),
        'src/stored.bin': '\0\xff\n',
        'empty.txt': '',
      },
      modes: {
        'kubot.yaml': '644',
        src: '755',
        'src/deep': '755',
        'src/deep/robot.py': '644',
        'src/stored.bin': '644',
        empty: '755',
        'empty.txt': '644',
      },
      error: null,
      left: [],
    });
  });

  test('with no more of modes than whether a file may be run', async () => {
    const zip = makeZip([
      { name: 'setuid', content: 'x', mode: 0o106755 },
      { name: 'sticky', content: 'x', mode: 0o101644 },
      { name: 'for-nobody', content: 'x', mode: 0o100000 },
      { name: 'for-all', content: 'x', mode: 0o100666 },
      { name: 'run.sh', content: 'x', mode: 0o100711 },
      { name: 'dos.exe', content: 'x' },
      { name: 'closed/', mode: 0o040000 },
      { name: 'closed/file', content: 'x', mode: 0o100400 },
      { name: 'open/', mode: 0o047777 },
    ]);
    expect((await unpack(zip)).modes).toEqual({
      setuid: '755',
      sticky: '644',
      'for-nobody': '644',
      'for-all': '644',
      'run.sh': '755',
      'dos.exe': '644',
      closed: '755',
      'closed/file': '644',
      open: '755',
    });
  });

  test('with archives in it, and with names that are only names', async () => {
    const inner = makeZip([{ name: '../evil', content: 'x' }]);
    const zip = makeZip([
      { name: 'inner.zip', content: inner },
      { name: '__proto__', content: '1' },
      { name: 'constructor/prototype', content: '2' },
      { name: '-rf', content: '3' },
      { name: '..data', content: '4' },
      { name: '$(id)', content: '5' },
    ]);
    const { files, error } = await unpack(zip);
    expect(error).toBeNull();
    expect(Object.entries(files).sort()).toEqual([
      ['$(id)', '5'],
      ['-rf', '3'],
      ['..data', '4'],
      ['__proto__', '1'],
      ['constructor/prototype', '2'],
      ['inner.zip', inner.toString('latin1')],
    ]);
  });

  test.each([
    ['as UTF-8 with its flag', Buffer.from('año/日本.txt'), 0x800, 'año/日本.txt'],
    ['as UTF-8 without it, as macOS writes', Buffer.from('año.txt'), 0, 'año.txt'],
    ['in code page 437, as Windows writes', Buffer.from('61a42082', 'hex'), 0, 'añ é'],
  ])('with names %s', async (_what, name, flags, expected) => {
    const { files } = await unpack(makeZip([{ name, flags, content: 'x' }]));
    expect(files).toEqual({ [expected]: 'x' });
  });

  test('when several files are too large for memory', async () => {
    const contents = [0, 1, 2].map(() => Buffer.concat([randomBytes(3 * MB), Buffer.alloc(2 * MB)]));
    const zip = makeZip([
      { name: 'deflated', content: contents[0] },
      { name: 'stored', content: contents[1], method: 0 },
      { name: 'last', content: contents[2] },
    ] as ZipEntrySpec[]);
    const { files, error } = await unpack(zip);
    expect(error).toBeNull();
    const read = ['deflated', 'stored', 'last'].map((name) => Buffer.from(files[name] ?? '', 'latin1'));
    expect(read.map((bytes, index) => bytes.equals(contents[index] ?? bytes.subarray(1)))).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('with files of all sizes in any order', async () => {
    const sizes = Array.from(
      { length: 40 },
      (_, index) => [10, 100_000, 64 * 1024, 300_000, 0][index % 5] ?? 0,
    );
    const contents = sizes.map((size, index) =>
      Buffer.concat([randomBytes(size / 2), Buffer.alloc(size / 2, index)]),
    );
    const zip = makeZip(
      contents.map((content, index) => ({ name: `f${index}`, content, method: index % 3 ? 8 : 0 })),
    );
    const { files, error } = await unpack(zip);
    expect(error).toBeNull();
    const wrong = contents.filter((content, index) => files[`f${index}`] !== content.toString('latin1'));
    expect(wrong).toEqual([]);
  });

  test('when it has so many files that the file system is synced as a whole', async () => {
    const names = Array.from({ length: 300 }, (_, index) => `d${index % 7}/f${index}`);
    const { files, error } = await unpack(makeZip(names.map((name) => ({ name, content: name.repeat(50) }))));
    expect(error).toBeNull();
    expect(files).toEqual(Object.fromEntries(names.map((name) => [name, name.repeat(50)])));
  });

  const described = { flags: 0x808, local: { crc: 0, bytes: 0, packedBytes: 0 } };
  test.each<[string, ZipEntrySpec[], Parameters<typeof makeZip>[1]]>([
    ['whose sizes follow the data', [{ name: 'a', content: 'x', ...described }], {}],
    ['with a comment', [{ name: 'a', content: 'x' }], { comment: 'made by hand' }],
    ['behind the head of a program', [{ name: 'a', content: 'x' }], { prefix: Buffer.from('#!/bin/sh\n') }],
    ['of ZIP64', [{ name: 'a', content: 'x' }], { zip64: true }],
    [
      'with sizes in the field of ZIP64',
      [
        {
          name: 'a',
          content: 'x',
          method: 0,
          local: { bytes: 0xffffffff, packedBytes: 0xffffffff, extra: zip64Field(1, 1) },
        },
      ],
      {},
    ],
    [
      'with fields of other programs',
      [{ name: 'a', content: 'x', local: { extra: Buffer.from('5554050003000000005558', 'hex') } }],
      {},
    ],
  ])('%s', async (_what, entries, spec) => {
    expect(await unpack(makeZip(entries, spec))).toMatchObject({ files: { a: 'x' }, error: null, left: [] });
  });

  test('when it is empty', async () => {
    expect(await unpack(makeZip([]))).toEqual({ files: {}, modes: {}, error: null, left: [] });
  });

  test('to the same bytes, whatever names and contents it has', async () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 });
    const path = fc
      .array(part, { minLength: 1, maxLength: 3 })
      .map((parts) => parts.join('/'))
      .filter((name) => problemOfName(name) === null);
    const files = fc.dictionary(path, fc.uint8Array({ maxLength: 300 }), {
      maxKeys: 5,
      noNullPrototype: false,
    });
    await fc.assert(
      fc.asyncProperty(files, async (contents) => {
        const entries = Object.entries(contents);
        const zip = makeZip(entries.map(([name, content]) => ({ name, content: Buffer.from(content) })));
        const unpacked = await unpack(zip);
        if (unpacked.error) expect(unpacked.error.rule).toMatch(/^(twin|file-as-folder)$/);
        else
          expect(unpacked.files).toEqual(
            Object.fromEntries(entries.map(([name, bytes]) => [name, Buffer.from(bytes).toString('latin1')])),
          );
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

describe('unpacking ends with nothing left', () => {
  test('when the disk has no room for it', async () => {
    const lie = { bytes: 2 ** 50 };
    const { error, left } = await unpack(makeZip([{ name: 'a', content: 'x', central: lie, local: lie }]), {
      limits: { maxFileBytes: 2 ** 51, maxTotalBytes: 2 ** 51, maxRatio: 2 ** 51 },
    });
    expect({ code: error?.code, message: error?.message, left }).toEqual({
      code: 'HOST_DISK',
      message: 'The disk has no room for 1073741824 MB to be unpacked.',
      left: [],
    });
  });

  test('when it is ended', async () => {
    const zip = makeZip([{ name: 'a', content: 'x' }]);
    expect(await refusalOf(zip, { signal: AbortSignal.abort() })).toMatchObject({ code: 'INTERRUPTED' });
  });

  test('whatever byte of an archive is another one', async () => {
    const zip = makeZip([
      { name: 'kubot.yaml', content: 'operations: []\n', mode: FILE_MODE },
      { name: 'lib/', mode: FOLDER_MODE },
      { name: 'lib/a.txt', content: 'a'.repeat(100), mode: FILE_MODE },
    ]);
    const change = fc.tuple(fc.nat(zip.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(change, async ([at, bits]) => {
        const changed = Buffer.from(zip);
        changed.writeUInt8((zip[at] ?? 0) ^ bits, at);
        const { error, files, left } = await unpack(changed);
        expect(left).toEqual([]);
        if (error)
          expect([error.code, files]).toEqual([expect.stringMatching(/^PACKAGE_(REFUSED|TRUNCATED)$/), {}]);
        else
          expect(Object.values(files)).toEqual(expect.arrayContaining(['operations: []\n', 'a'.repeat(100)]));
      }),
      { numRuns: 200 },
    );
  }, 60_000);
});

describe('an archive that may hold links', () => {
  const link = (name: string, target: string): ZipEntrySpec => ({ name, content: target, mode: 0o120777 });

  test('keeps those that stay inside', async () => {
    const zip = makeZip([
      { name: 'bin/python3', content: 'elf', mode: 0o100755 },
      link('bin/python', 'python3'),
      link('python', 'bin/python'),
    ]);
    const { error, modes } = await unpack(zip, { symlinks: 'inside' });
    expect({ error, modes }).toEqual({
      error: null,
      modes: { bin: '755', 'bin/python3': '755', 'bin/python': '755', python: '755' },
    });
  });

  test.each([
    ['an absolute one', [link('evil', '/etc')]],
    ['one that climbs out', [link('a/evil', '../../etc')]],
    ['one that climbs out by another', [link('a/up', '..'), link('evil', 'a/up/..')]],
  ])('is refused for %s', async (_what, entries) => {
    expect(await refusalOf(makeZip(entries), { symlinks: 'inside' })).toMatchObject({ rule: 'symlink' });
  });

  test('is refused for a file that would be written through one', async () => {
    const zip = makeZip([link('evil', '..'), { name: 'evil/x', content: 'x' }]);
    expect(await refusalOf(zip, { symlinks: 'inside' })).toMatchObject({ rule: 'file-as-folder' });
  });
});
