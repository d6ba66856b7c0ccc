import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { extractPackage } from '../../../src/agent/packages/extract-package.ts';
import { zipFolder } from '../../../src/platform/zip-folder.ts';
import { PACKAGE_LIMITS } from '../../helpers/make-zip.ts';
import { sha256 } from './shelf.ts';

const FILES: Record<string, Buffer> = {
  'kubot.yaml': Buffer.from('operations: [{ name: Run, shell: ./run.sh }]\n'),
  'run.sh': Buffer.from('#!/bin/sh\necho hi\n'),
  'empty.txt': Buffer.alloc(0),
  'one.txt': Buffer.from('1'),
  'año/日本語 ñ.txt': Buffer.from('names\n'),
  'lib/deep/er/large.csv': Buffer.from('4711;Müller;100,00\n'.repeat(300_000)),
  'lib/__proto__': Buffer.from('a name\n'),
};

/** Of the files, without what lies deeper: some programs are given these. */
const NAMES = [...new Set(Object.keys(FILES).map((path) => path.split('/')[0] ?? ''))];

/** Programs that people pack with, their arguments before the archive's name and after; those not here are left out. */
const PACKERS: [name: string, program: string, before: string[], after: string[]][] = [
  ['zip', 'zip', ['-qr'], ['.']],
  ['zip without compression', 'zip', ['-0qr'], ['.']],
  ['zip with ZIP64', 'zip', ['-qr', '-fz'], ['.']],
  ['zip through a pipe', 'zip', [], []],
  ['bsdtar', 'bsdtar', ['-a', '-cf'], NAMES],
  ['Python', 'python3', ['-m', 'zipfile', '-c'], NAMES],
];
const here = PACKERS.filter(([, program]) => spawnSync(program, ['--version']).status === 0);

let dir: string;
let sourceDir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-tools-'));
  sourceDir = join(dir, 'source');
  for (const [path, content] of Object.entries(FILES)) {
    await mkdir(join(sourceDir, path, '..'), { recursive: true });
    await writeFile(join(sourceDir, path), content);
  }
  await chmod(join(sourceDir, 'run.sh'), 0o755);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('a package is unpacked to the same bytes and modes when it was packed', () => {
  test('by the embedded platform', async () => {
    const zipPath = join(dir, 'platform.zip');
    await writeFile(zipPath, await buffer(zipFolder(sourceDir)));
    await expectSame(zipPath);
  });

  test.each(here)('by %s', async (name, program, before, after) => {
    const zipPath = join(dir, `${name.replaceAll(' ', '-')}.zip`);
    // A pipe cannot be gone back in: sizes follow the data.
    if (before.length === 0)
      execFileSync('/bin/sh', ['-c', `zip -qr - . | cat > '${zipPath}'`], { cwd: sourceDir });
    else execFileSync(program, [...before, zipPath, ...after], { cwd: sourceDir });
    await expectSame(zipPath);
  });
});

async function expectSame(zipPath: string): Promise<void> {
  const targetDir = `${zipPath}.d`;
  await extractPackage({
    archivePath: zipPath,
    targetDir,
    limits: PACKAGE_LIMITS,
    symlinks: 'refuse',
    refusal: { code: 'PACKAGE_REFUSED', what: 'The package of INVOICES' },
    signal: new AbortController().signal,
  });
  expect(await filesOf(targetDir)).toEqual(await filesOf(sourceDir));
}

/** Hash of the content and whether it may be run, by path. */
async function filesOf(root: string): Promise<Record<string, { sha256: string; executable: boolean }>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    await Promise.all(
      files
        .sort()
        .map(async (path) => [
          relative(root, path),
          { sha256: sha256(await readFile(path)), executable: ((await stat(path)).mode & 0o111) !== 0 },
        ]),
    ),
  );
}
