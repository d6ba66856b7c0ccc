import { chmod, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { list, type ReadEntry } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packArchive } from '../../../../src/platform/assets/pack-archive.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-pack-'));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

describe('packArchive', () => {
  it('gives the same bytes whatever the order, time and permissions of the files', async () => {
    const first = await pack('first', ['b.txt', 'a.txt'], 0o644);
    const second = await pack('second', ['a.txt', 'b.txt'], 0o600);
    expect(first.equals(second)).toBe(true);
  });

  it('holds sorted entries with plain modes, links as links and no owner', async () => {
    await pack('third', ['b.txt', 'a.txt'], 0o600);
    const entries: string[] = [];
    await list({
      file: join(dir, 'third.tar.gz'),
      onReadEntry: (entry: ReadEntry) =>
        entries.push(`${entry.path} ${entry.type} ${entry.mode?.toString(8)} ${entry.uid ?? '-'}`),
    });
    expect(entries).toEqual([
      'root/ Directory 755 -',
      'root/a.txt File 644 -',
      'root/b.txt File 644 -',
      'root/link SymbolicLink 755 -',
      'root/run File 755 -',
    ]);
  });
});

async function pack(name: string, files: string[], mode: number): Promise<Buffer> {
  const root = join(dir, name, 'root');
  await mkdir(root, { recursive: true });
  await chmod(root, mode === 0o600 ? 0o700 : 0o755);
  for (const file of files) {
    await writeFile(join(root, file), file, { mode });
    await utimes(join(root, file), mode, mode);
  }
  await writeFile(join(root, 'run'), '#!/bin/sh\n', { mode: mode === 0o600 ? 0o700 : 0o755 });
  await symlink('run', join(root, 'link'));
  await packArchive(join(dir, name), 'root', join(dir, `${name}.tar.gz`));
  return readFile(join(dir, `${name}.tar.gz`));
}
