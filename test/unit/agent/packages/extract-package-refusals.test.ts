import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { FILE_MODE, FOLDER_MODE, makeZip, type ZipEntrySpec, zip64Field } from '../../../helpers/make-zip.ts';
import { refusalOf, unpack } from './unpack.ts';

const MB = 1024 ** 2;
const MANIFEST: ZipEntrySpec = { name: 'kubot.yaml', content: 'operations: []\n' };
const refused = (rule: string, entry: string | null = 'evil') => ({ code: 'PACKAGE_REFUSED', entry, rule });
/** Among harmless entries, so that something would be left behind. */
const among = (...entries: ZipEntrySpec[]) =>
  makeZip([MANIFEST, ...entries, { name: 'z.txt', content: 'z' }]);

describe('an archive is refused for the name of an entry', () => {
  test.each<[string, string, string | Buffer]>([
    ['that leads out', 'path-escape', '../evil'],
    ['that leads out deep within', 'path-escape', 'a/b/../../../evil'],
    ['that is absolute', 'path-absolute', '/tmp/evil'],
    ['with backslashes', 'name-backslash', '..\\evil'],
    ['with a drive', 'name-stream', 'C:/evil'],
    ['with a stream', 'name-stream', 'robot.py:evil'],
    ['that Windows reserves', 'name-reserved', 'lib/NUL.py'],
    ['that ends with a dot', 'name-trailing', 'evil.'],
    ['that ends with a space', 'name-trailing', 'evil '],
    ['with a control character', 'name-control', 'evil\u001b[2J'],
    ['with a NUL', 'name-control', 'kubot.yaml\0.png'],
    ['that is empty', 'name-empty', ''],
    ['with an empty part', 'path-segment', 'a//evil'],
    ['with the part "."', 'path-segment', './evil'],
    ['of over 240 bytes', 'path-length', 'é'.repeat(121)],
    ['that lies 33 deep', 'path-depth', `${'d/'.repeat(32)}evil`],
  ])('%s', async (_what, rule, name) => {
    expect(await refusalOf(among({ name, content: 'x' }))).toEqual(refused(rule, String(name)));
  });

  test('that is not UTF-8 although its flag says so', async () => {
    const name = Buffer.from('a\u00f1o.txt', 'latin1');
    expect(await refusalOf(among({ name, content: 'x' }))).toEqual(refused('name-encoding', 'a\u00f1o.txt'));
  });

  test('that leads out once it is read by code page 437', async () => {
    const name = Buffer.concat([Buffer.from([0xa4]), Buffer.from('/../../evil')]);
    expect(await refusalOf(among({ name, content: 'x', flags: 0 }))).toEqual(
      refused('path-escape', 'ñ/../../evil'),
    );
  });

  test('that another entry has in other letters', async () => {
    const zip = among({ name: 'Evil', content: '1' }, { name: 'evil', content: '2' });
    expect(await refusalOf(zip)).toEqual(refused('twin'));
  });

  test('that is a file and a folder', async () => {
    const zip = among({ name: 'evil', content: '1' }, { name: 'evil/x', content: '2' });
    expect(await refusalOf(zip)).toEqual(refused('file-as-folder'));
  });

  test('and shows no more than the beginning of an endless one', async () => {
    const { error } = await unpack(among({ name: 'a'.repeat(60_000), content: 'x' }));
    expect(error).toMatchObject({ rule: 'path-length', entry: `${'a'.repeat(200)}…` });
    expect(error?.message.length).toBeLessThan(400);
  });
});

describe('an archive is refused for what an entry is', () => {
  test.each<[string, string, Partial<ZipEntrySpec>]>([
    ['a symbolic link', 'symlink', { mode: 0o120777, content: '/etc/passwd' }],
    ['a symbolic link that stays inside', 'symlink', { mode: 0o120777, content: 'kubot.yaml' }],
    ['a named pipe', 'type', { mode: 0o010644 }],
    ['a device', 'type', { mode: 0o020644 }],
    ['a socket', 'type', { mode: 0o140644 }],
    ['a folder by its mode only', 'type', { mode: FOLDER_MODE }],
    ['encrypted', 'encrypted', { flags: 0x801, content: 'secret' }],
    ['strongly encrypted', 'encrypted', { flags: 0x841, content: 'secret' }],
    ['packed by bzip2', 'method', { method: 12, content: 'x' }],
    ['packed by zstandard', 'method', { method: 93, content: 'x' }],
    ['stored with two sizes', 'size', { method: 0, content: 'abc', central: { bytes: 4 } }],
    ['made from nothing', 'size', { method: 8, packed: Buffer.alloc(0), content: 'x'.repeat(5 * MB) }],
  ])('%s', async (_what, rule, entry) => {
    const strong = ((entry.flags ?? 0) & 0x40) !== 0;
    expect(await refusalOf(among({ name: 'evil', ...entry }))).toEqual(refused(rule, strong ? null : 'evil'));
  });

  test.each([
    ['a file by its mode only', { name: 'evil/', mode: FILE_MODE }, 'evil/'],
    ['a folder with content', { name: 'evil/', mode: FOLDER_MODE, content: 'x' }, 'evil/'],
  ])('%s', async (_what, entry, name) => {
    expect(await refusalOf(among(entry))).toEqual(refused('type', name));
  });

  test('and says what to do', async () => {
    const { error } = await unpack(among({ name: 'bin\\run.ps1', content: 'x' }));
    expect(error).toMatchObject({
      message: 'The package of INVOICES was refused: the entry "bin\\\\run.ps1" has a backslash in its name.',
      hint: expect.stringContaining('forward slashes'),
    });
  });
});

describe('an archive is refused for its size', () => {
  test('when it has more bytes than are allowed', async () => {
    const zip = among();
    expect(await refusalOf(zip, { limits: { maxArchiveBytes: zip.length - 1 } })).toEqual(
      refused('archive-size', null),
    );
  });

  test('when it has more entries than are allowed', async () => {
    const zip = makeZip(Array.from({ length: 51 }, (_, index) => ({ name: `f${index}` })));
    expect(await refusalOf(zip, { limits: { maxEntries: 50 } })).toEqual(refused('entry-count', null));
    expect(await refusalOf(zip, { limits: { maxEntries: 51 } })).toBeNull();
  });

  test('when its paths name more folders than are allowed, though it has few entries', async () => {
    const zip = makeZip([1, 2, 3].map((index) => ({ name: `${`${index}/`.repeat(20)}f` })));
    expect(await refusalOf(zip, { limits: { maxEntries: 59 } })).toEqual(
      refused('entry-count', `${'3/'.repeat(20)}f`),
    );
    expect(await refusalOf(zip, { limits: { maxEntries: 60 } })).toBeNull();
  });

  test('when one file is larger than is allowed', async () => {
    const zip = among({ name: 'evil', content: 'x'.repeat(1001) });
    expect(await refusalOf(zip, { limits: { maxFileBytes: 1000 } })).toEqual(refused('file-size'));
  });

  test('when all files are larger than is allowed', async () => {
    const zip = among({ name: 'a', content: 'x'.repeat(900) }, { name: 'evil', content: 'x'.repeat(900) });
    expect(await refusalOf(zip, { limits: { maxTotalBytes: 1500 } })).toEqual(refused('total-size'));
  });

  test('when one file is a bomb', async () => {
    const zip = among({ name: 'evil', content: Buffer.alloc(11 * MB) });
    expect(await refusalOf(zip)).toEqual(refused('ratio'));
  });

  test('when many small files are a bomb together', async () => {
    const small = { content: Buffer.alloc(2 * MB) };
    const zip = makeZip(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ name, ...small })));
    expect(await refusalOf(zip)).toEqual(refused('ratio', null));
  });

  test('when an entry states a size that no disk has', async () => {
    const central = { bytes: 2 ** 52 };
    const zip = among({ name: 'evil', content: 'x', central });
    expect(await refusalOf(zip)).toEqual(refused('file-size'));
  });
});

describe('an archive is refused where an entry is not what the directory says', () => {
  const deflated = { name: 'evil', content: 'x'.repeat(1000) };
  const stored = { name: 'evil', content: 'stored', method: 0 };
  const middle = { name: 'evil', content: Buffer.from('middling'.repeat(12_500)) };
  const large = { name: 'evil', content: Buffer.from('large'.repeat(MB)) };

  test.each<[string, string, ZipEntrySpec]>([
    ['more bytes than stated', 'size', { ...deflated, central: { bytes: 999 }, local: { bytes: 999 } }],
    ['fewer bytes than stated', 'size', { ...deflated, central: { bytes: 1001 }, local: { bytes: 1001 } }],
    ['bytes where none are stated', 'size', { ...deflated, central: { bytes: 0 }, local: { bytes: 0 } }],
    ['a wrong checksum', 'checksum', { ...deflated, central: { crc: 1 }, local: { crc: 1 } }],
    ['a wrong checksum, stored', 'checksum', { ...stored, central: { crc: 1 }, local: { crc: 1 } }],
    ['bytes that are not deflated', 'content', { ...deflated, packed: Buffer.from([7, 7, 7, 7, 7]) }],
    [
      'deflated bytes that stop early',
      'content',
      { ...deflated, packed: deflateRawSync('x'.repeat(1000)).subarray(0, 5) },
    ],
    ['of some size: more bytes than stated', 'size', lying(middle, { bytes: 99_999 })],
    ['of some size: fewer bytes than stated', 'size', lying(middle, { bytes: 100_001 })],
    ['of some size: a wrong checksum', 'checksum', lying(middle, { crc: 1 })],
    ['of some size: bytes that are not deflated', 'content', { ...middle, packed: Buffer.alloc(1000, 7) }],
    ['large: more bytes than stated', 'size', lying(large, { bytes: 5 * MB - 1 })],
    ['large: fewer bytes than stated', 'size', lying(large, { bytes: 5 * MB + 1 })],
    ['large: a wrong checksum', 'checksum', lying(large, { crc: 1 })],
    ['large: bytes that are not deflated', 'content', { ...large, packed: Buffer.alloc(1000, 7) }],
    [
      'large: deflated bytes that stop early',
      'content',
      { ...large, packed: deflateRawSync(large.content).subarray(0, 900) },
    ],
    ['a local header with another name', 'local-header', { ...stored, local: { name: 'good' } }],
    ['a local header with a longer name', 'local-header', { ...stored, local: { name: 'evil2' } }],
    ['a local header with another method', 'local-header', { ...stored, local: { method: 8 } }],
    ['a local header with other flags', 'local-header', { ...stored, local: { flags: 0x801 } }],
    ['a local header with another size', 'local-header', { ...stored, local: { bytes: 7 } }],
    ['a local header with another packed size', 'local-header', { ...stored, local: { packedBytes: 7 } }],
    ['a local header with another checksum', 'local-header', { ...stored, local: { crc: 7 } }],
    [
      'a local header with zeros that nothing follows',
      'local-header',
      { ...stored, local: { bytes: 0, packedBytes: 0 } },
    ],
    [
      'a local header without the field of ZIP64 it speaks of',
      'local-header',
      { ...stored, local: { bytes: 0xffffffff } },
    ],
    [
      'a local header with another size in ZIP64',
      'local-header',
      { ...stored, local: { bytes: 0xffffffff, packedBytes: 0xffffffff, extra: zip64Field(6, 7) } },
    ],
  ])('%s', async (_what, rule, entry) => {
    expect(await refusalOf(among(entry))).toEqual(refused(rule));
  });

  test('and a bomb that lies about its size goes no further than it said', async () => {
    const { error } = await unpack(
      among(lying({ name: 'evil', content: Buffer.alloc(20 * MB) }, { bytes: 5 * MB })),
    );
    expect(error?.message).toContain('holds more than the 5242880 bytes that the directory says');
  });

  test('a folder whose local header is that of a file', async () => {
    const zip = among({ name: 'evil/', mode: FOLDER_MODE, local: { name: 'evil.' } });
    expect(await refusalOf(zip)).toEqual(refused('local-header'));
  });
});

describe('an archive is refused where entries overlap', () => {
  const content = Buffer.from('the kernel of a bomb');
  const kernel = { content, method: 0 };

  test('in one and the same bytes', async () => {
    const zip = makeZip([
      { name: 'a', ...kernel },
      { name: 'b', central: { crc: crc32(content), bytes: 20, packedBytes: 20, offset: 0 } },
    ]);
    expect(await refusalOf(zip)).toMatchObject({ rule: 'overlap' });
  });

  test('by a directory that claims more bytes than there are before the next', async () => {
    const zip = makeZip([
      {
        name: 'a',
        ...kernel,
        central: { bytes: 60, packedBytes: 60 },
        local: { bytes: 60, packedBytes: 60 },
      },
      { name: 'b', ...kernel },
    ]);
    expect(await refusalOf(zip)).toEqual(refused('overlap', 'a'));
  });

  test('by a local header whose extra field covers the next entry', async () => {
    // By the directory "a" ends at 51, before "b"; its extra field moves its bytes far beyond.
    const extra = Buffer.alloc(1000);
    extra.writeUInt16LE(0x9999, 0);
    extra.writeUInt16LE(996, 2);
    const zip = makeZip([
      { name: 'a', ...kernel, local: { extra } },
      { name: 'b', ...kernel, central: { offset: 60 } },
    ]);
    expect(await refusalOf(zip)).toEqual(refused('overlap', 'a'));
  });

  test('with the directory', async () => {
    const lie = { bytes: 40, packedBytes: 40 };
    const zip = makeZip([{ name: 'a', ...kernel, central: lie, local: lie }]);
    expect(await refusalOf(zip)).toEqual(refused('overlap', 'a'));
  });
});

describe('what is no whole archive is refused', () => {
  const good = among({ name: 'robot.py', content: 'print(1)\n'.repeat(1000) });

  test.each([
    ['empty', Buffer.alloc(0)],
    ['cut in the middle', good.subarray(0, good.length / 2)],
    ['without its last byte', good.subarray(0, -1)],
    ['without its end record', good.subarray(0, -22)],
    ['with fewer entries than are counted', makeZip([MANIFEST], { end: { count: 2 } })],
    ['with a directory beyond its end', makeZip([MANIFEST], { end: { directoryAt: 0x7fffffff } })],
  ])('as truncated: %s', async (_what, zip) => {
    expect(await refusalOf(zip)).toEqual({ code: 'PACKAGE_TRUNCATED', entry: undefined, rule: undefined });
  });

  test.each([
    ['a web page', 'format', Buffer.from('<!doctype html><title>Sign in</title>'.repeat(100))],
    ['zeros', 'format', Buffer.alloc(10_000)],
    ['bytes after its end', 'format', Buffer.concat([good, Buffer.from('garbage')])],
    ['without its first bytes', 'format', good.subarray(100)],
    ['a piece of several', 'format', makeZip([MANIFEST], { end: { disk: 1 } })],
    ['a directory at a wrong place', 'format', makeZip([MANIFEST], { end: { directoryAt: 3 } })],
    [
      'fewer entries counted than there are',
      'directory',
      makeZip([MANIFEST, { name: 'hidden' }], { end: { count: 1 } }),
    ],
    ['a directory of another length', 'directory', makeZip([MANIFEST], { end: { directoryBytes: 7 } })],
    ['a gap behind the directory', 'directory', makeZip([MANIFEST], { gap: Buffer.alloc(50) })],
    [
      'fewer entries counted in ZIP64',
      'directory',
      makeZip([MANIFEST, { name: 'hidden' }], { zip64: true, end: { count: 1 } }),
    ],
  ])('%s', async (_what, rule, zip) => {
    expect(await refusalOf(zip)).toEqual(refused(rule, null));
  });
});

/** The same lie in both headers. */
function lying(entry: ZipEntrySpec, lie: NonNullable<ZipEntrySpec['local']>): ZipEntrySpec {
  return { ...entry, central: lie, local: lie };
}
