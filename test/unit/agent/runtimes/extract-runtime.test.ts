import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  extractRuntime,
  readArchiveFormat,
  runtimeRoot,
} from '../../../../src/agent/runtimes/extract-runtime.ts';
import { script, type TarEntry, tarOf } from '../../../helpers/tar-of.ts';
import { zipOf } from '../../../helpers/zip-of.ts';
import { makeTree, run } from './make-tree.ts';

const MB = 1024 ** 2;
const NODE: TarEntry[] = [
  { path: 'node-v20.11.1-linux-x64/', type: '5', mode: 0o755 },
  script('node-v20.11.1-linux-x64/bin/node', 'echo v20.11.1'),
  { path: 'node-v20.11.1-linux-x64/lib/node_modules/npm/bin/npm-cli.js', content: 'npm' },
  { path: 'node-v20.11.1-linux-x64/bin/npm', type: '2', linkTo: '../lib/node_modules/npm/bin/npm-cli.js' },
];

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let dir: string;
let targetDir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-extract-'));
  mkdirSync(join(dir, 'runtimes'));
  targetDir = join(dir, 'runtimes', 'é it');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function extract(archive: Buffer, limits = { maxEntries: 40_000, maxTotalBytes: 1.5 * 1024 ** 3 }) {
  const archivePath = join(dir, 'archive');
  writeFileSync(archivePath, archive);
  const { signal } = new AbortController();
  await extractRuntime({ archivePath, targetDir, what: 'Node.js 20.11.1', limits, signal });
}

/** What unpacking ends with, once it is sure that it left nothing. */
async function refusal(archive: Buffer, limits?: { maxEntries: number; maxTotalBytes: number }) {
  const error = await extract(archive, limits).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(readdirSync(join(dir, 'runtimes'))).toEqual([]);
  return error;
}

describe('unpacking a runtime', () => {
  test.each([
    ['tar', (tar: Buffer) => tar],
    ['tar.gz', gzipSync],
    ['tar.zst', zstdCompressSync],
  ])('makes files, folders and links out of a %s', async (_format, pack) => {
    await extract(pack(tarOf(NODE)));
    expect(readdirSync(join(dir, 'runtimes'))).toEqual(['é it']);
    const root = await runtimeRoot(targetDir);
    expect(root).toBe(join(targetDir, 'node-v20.11.1-linux-x64'));
    expect(readlinkSync(join(root, 'bin', 'npm'))).toBe('../lib/node_modules/npm/bin/npm-cli.js');
    expect(readFileSync(join(root, 'bin', 'npm'), 'utf8')).toBe('npm');
    expect(lstatSync(join(root, 'bin', 'node')).mode & 0o7777).toBe(0o755);
  });

  test.each(['ustar', 'gnu', 'pax', 'v7'])(
    'reads what the system’s tar writes in the format %s',
    async (format) => {
      const long = 'sub/'.repeat(format === 'v7' ? 5 : 28);
      makeTree(join(dir, 'src'), {
        'python/bin/python3': '#!/bin/sh\n',
        [`python/${long}module with a spáce.py`]: 'x',
      });
      symlinkSync('python3', join(dir, 'src', 'python', 'bin', 'python'));
      linkSync(join(dir, 'src', 'python', 'bin', 'python3'), join(dir, 'src', 'python', 'bin', 'python3.11'));
      const archivePath = join(dir, 'made.tar.gz');
      const args = ['-czf', archivePath, `--format=${format}`, '-C', join(dir, 'src'), 'python'];
      expect(await run('tar', args)).toMatchObject({ exitCode: 0, stderr: '' });
      await extract(readFileSync(archivePath));
      const bin = join(targetDir, 'python', 'bin');
      expect(readdirSync(bin).sort()).toEqual(['python', 'python3', 'python3.11']);
      expect(readlinkSync(join(bin, 'python'))).toBe('python3');
      expect(readFileSync(join(bin, 'python3.11'), 'utf8')).toBe('#!/bin/sh\n');
      expect(readFileSync(join(targetDir, 'python', long, 'module with a spáce.py'), 'utf8')).toBe('x');
    },
  );

  test('makes them out of a ZIP without a root folder', async () => {
    await extract(await zipOf({ 'python.exe': 'MZ', 'python311._pth': '.' }));
    expect(readdirSync(await runtimeRoot(targetDir)).sort()).toEqual(['python.exe', 'python311._pth']);
  });

  test('takes nothing over of setuid, setgid and sticky bits', async () => {
    await extract(tarOf([{ path: 'bin/su', content: 'x', mode: 0o7777 }]));
    expect(lstatSync(join(targetDir, 'bin', 'su')).mode & 0o7777).toBe(0o755);
  });

  test('makes a copy of what is linked hard', async () => {
    await extract(
      tarOf([
        { path: 'bin/python3.11', content: 'x', mode: 0o755 },
        { path: 'bin/python3', type: '1', linkTo: 'bin/python3.11' },
      ]),
    );
    const [file, copy] = ['python3.11', 'python3'].map((name) => lstatSync(join(targetDir, 'bin', name)));
    expect(copy).toMatchObject({ mode: file?.mode, nlink: 1, size: 1 });
  });

  test('never writes through a link, wherever it stands', async () => {
    const through: TarEntry[] = [
      { path: 'a/b/file', content: 'x' },
      { path: 'link', type: '2', linkTo: 'a/b' },
      { path: 'link/file', content: 'evil' },
    ];
    expect(await refusal(tarOf(through))).toMatchObject({ details: { entry: 'link', rule: 'twin' } });
  });

  test('ends when it is told to', async () => {
    const archivePath = join(dir, 'archive');
    writeFileSync(archivePath, gzipSync(tarOf(NODE)));
    const limits = { maxEntries: 10, maxTotalBytes: MB };
    const options = { archivePath, targetDir, what: 'Node.js 20.11.1', limits, signal: AbortSignal.abort() };
    await expect(extractRuntime(options)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(readdirSync(join(dir, 'runtimes'))).toEqual([]);
  });
});

describe('an archive of a runtime is refused and leaves nothing', () => {
  test.each([
    ['a path that leads out', { path: '../evil', content: 'x' }, 'path-escape'],
    ['an absolute path', { path: '/evil', content: 'x' }, 'path-absolute'],
    ['a link that leads out', { path: 'a/link', type: '2', linkTo: '../../etc' }, 'symlink'],
    ['a hard link that leads out', { path: 'a/link', type: '1', linkTo: '../../etc/passwd' }, 'path-escape'],
    ['a hard link to what is not there', { path: 'a/link', type: '1', linkTo: 'later' }, 'hardlink'],
    ['a character device', { path: 'a/null', type: '3' }, 'type'],
    ['a block device', { path: 'a/sda', type: '4' }, 'type'],
    ['a FIFO', { path: 'a/fifo', type: '6' }, 'type'],
    ['a sparse file, which would be left out', { path: 'a/sparse', type: 'S', content: 'x' }, 'type'],
    ['a twin', { path: 'first', content: 'y' }, 'twin'],
    ['a file that is a folder too', { path: 'first/file', content: 'y' }, 'file-as-folder', 'first'],
    ['a file over a folder', { path: 'folder', content: 'y' }, 'twin'],
  ] as [string, TarEntry, string, string?][])('for %s', async (_what, entry, rule, named = entry.path) => {
    const good: TarEntry[] = [
      { path: 'first', content: 'x' },
      { path: 'folder/file', content: 'x' },
    ];
    expect(await refusal(gzipSync(tarOf([...good, entry])))).toMatchObject({
      code: 'HOST_ARCHIVE_FORMAT',
      retryable: false,
      details: { entry: named, rule },
      message: expect.stringContaining(
        `The archive of Node.js 20.11.1 was refused: the entry ${JSON.stringify(named)} `,
      ),
    });
  });

  test('for one entry more than allowed', async () => {
    const entries = [1, 2, 3].map((n) => ({ path: `file${n}` }));
    expect(await refusal(tarOf(entries), { maxEntries: 2, maxTotalBytes: MB })).toMatchObject({
      details: { entry: 'file3', rule: 'entry-count' },
      message: expect.stringContaining('is one more than the 2 that are allowed'),
    });
  });

  test('for more folders than allowed, though it has few entries', async () => {
    const entries = [1, 2, 3].map((n) => ({ path: `${`${n}/`.repeat(4)}f` }));
    expect(await refusal(tarOf(entries), { maxEntries: 11, maxTotalBytes: MB })).toMatchObject({
      details: { entry: '3/3/3/3', rule: 'entry-count' },
    });
  });

  test('for more bytes than allowed, before they are written, and copies count', async () => {
    const limits = { maxEntries: 10, maxTotalBytes: 1000 };
    expect(await refusal(tarOf([{ path: 'big', bytes: 2 ** 40 }]), limits)).toMatchObject({
      details: { entry: 'big', rule: 'total-size' },
    });
    const twice: TarEntry[] = [
      { path: 'half', content: 'x'.repeat(600) },
      { path: 'copy', type: '1', linkTo: 'half' },
    ];
    expect(await refusal(tarOf(twice), limits)).toMatchObject({
      details: { entry: 'copy', rule: 'total-size' },
    });
  });

  test('for zeros without end behind its end', async () => {
    const bomb = gzipSync(Buffer.concat([tarOf(NODE), Buffer.alloc(64 * MB)]));
    expect(await refusal(bomb, { maxEntries: 10, maxTotalBytes: MB })).toMatchObject({
      code: 'HOST_ARCHIVE_FORMAT',
      details: { entry: null, rule: 'total-size' },
      message: 'The archive of Node.js 20.11.1 was refused: it unpacks to more than its entries may hold.',
    });
  });

  test('for names of many megabytes', async () => {
    const name = { path: '././@LongLink', type: 'L', content: 'a'.repeat(2 * MB) };
    expect(await refusal(tarOf([name, ...NODE]))).toMatchObject({ details: { rule: 'type' } });
  });

  test.each([
    ['tar.xz', 'fd377a585a000004e6d6b446'],
    ['tar.bz2', Buffer.from('BZh91AY&SY').toString('hex')],
    ['an unknown format', Buffer.from('<!doctype html>').toString('hex')],
  ])('naming its format, when that is %s', async (format, hex) => {
    expect(await refusal(Buffer.from(hex, 'hex'))).toMatchObject({
      code: 'HOST_ARCHIVE_FORMAT',
      blame: 'host',
      message: `Node.js 20.11.1 comes as ${format}, which this version cannot unpack.`,
      hint: 'Serve the runtime as zip, tar.gz or tar.zst.',
    });
  });

  test('by the rules of packages, when it is a ZIP', async () => {
    expect(await refusal(await zipOf({ 'con.txt': 'x' }))).toMatchObject({
      code: 'HOST_ARCHIVE_FORMAT',
      details: { entry: 'con.txt', rule: 'name-reserved' },
    });
  });
});

describe('a damaged archive is the platform’s fault, tried again, and leaves nothing:', () => {
  const tar = tarOf([...NODE, { path: 'rest', content: Buffer.alloc(100_000, 'kubot') }]);
  const flipped = gzipSync(tar);
  flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 0xff;
  test.each([
    ['a tar cut in a file', tar.subarray(0, tar.length - 50_000)],
    ['a tar cut between two entries', tarOf(NODE, Buffer.alloc(0))],
    ['a tar cut in a header', tar.subarray(0, 512 + 100)],
    ['a header with a wrong checksum', Buffer.concat([tarOf(NODE, Buffer.alloc(0)), Buffer.alloc(2048, 7)])],
    ['a tar.gz cut short', gzipSync(tar).subarray(0, -5)],
    ['a tar.gz cut in half', gzipSync(tar).subarray(0, 300)],
    ['a tar.gz with a flipped byte', flipped],
    ['a tar.zst cut short', zstdCompressSync(tar).subarray(0, -5)],
    ['a tar.gz in a tar.gz', gzipSync(gzipSync(tar))],
    ['a tar.zst in a tar.gz', gzipSync(zstdCompressSync(tar))],
    ['a tar.gz of anything else', gzipSync(Buffer.from('not a tar'))],
    ['an empty tar.gz', gzipSync(Buffer.alloc(0))],
  ])('%s', async (_what, archive) => {
    expect(await refusal(archive)).toMatchObject({
      code: 'PLATFORM_ERROR',
      retryable: true,
      message: expect.stringMatching(/^The archive of Node\.js 20\.11\.1 is damaged: .+\.$/),
    });
  });
});

describe('the format of a file', () => {
  test('is zip for a zipapp, which begins as a script', async () => {
    const path = join(dir, 'pip.pyz');
    writeFileSync(
      path,
      Buffer.concat([Buffer.from('#!/usr/bin/env python3\n'), await zipOf({ 'pip/__main__.py': '' })]),
    );
    expect(await readArchiveFormat(path)).toBe('zip');
  });

  test('is python-script for get-pip.py', async () => {
    const path = join(dir, 'get-pip.py');
    writeFileSync(path, `#!/usr/bin/env python\n${'# Hi There!\n'.repeat(9000)}`);
    expect(await readArchiveFormat(path)).toBe('python-script');
  });
});
