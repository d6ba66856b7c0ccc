import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import yauzl from 'yauzl';
import { zipFolder } from '../../../src/platform/zip-folder.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-zip-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const zip = async (folder = dir) => buffer(zipFolder(folder));

async function entriesOf(bytes: Buffer): Promise<yauzl.Entry[]> {
  const file = await promisify<Buffer, yauzl.Options, yauzl.ZipFile>(yauzl.fromBuffer)(bytes, {
    lazyEntries: false,
  });
  const entries: yauzl.Entry[] = [];
  await new Promise((resolve, reject) => {
    file.on('entry', (entry) => entries.push(entry));
    file.on('end', resolve);
    file.on('error', reject);
  });
  return entries;
}

describe('zipFolder', () => {
  it('sorts names, uses slashes and leaves out what Python made on the way', async () => {
    await mkdir(join(dir, 'lib', '__pycache__'), { recursive: true });
    for (const name of ['z.py', 'kubot.yaml', 'lib/b.py', 'lib/__pycache__/b.pyc', 'a é.txt']) {
      await writeFile(join(dir, name), name);
    }
    const names = (await entriesOf(await zip())).map((entry) => entry.fileName);
    expect(names).toEqual(['a é.txt', 'kubot.yaml', 'lib/b.py', 'z.py']);
    expect((await zip(`${dir}/`)).equals(await zip())).toBe(true);
  });

  it('gives the same bytes for the same files, whenever and wherever they were written', async () => {
    await writeFile(join(dir, 'a.txt'), 'a'.repeat(100_000));
    const first = await zip();
    await utimes(join(dir, 'a.txt'), 1, 1);
    expect((await zip()).equals(first)).toBe(true);
    const script = `
      const { zipFolder } = await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../../src/platform/zip-folder.ts')).href)});
      const { buffer } = await import('node:stream/consumers');
      console.log((await import('node:crypto')).createHash('sha1').update(await buffer(zipFolder(process.argv[1]))).digest('hex'));`;
    const hash = createHash('sha1').update(first).digest('hex');
    for (const TZ of ['America/Los_Angeles', 'Asia/Tokyo']) {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--input-type=module', '-e', script, dir],
        {
          env: { ...process.env, TZ },
        },
      );
      expect([TZ, stdout.trim()]).toEqual([TZ, hash]);
    }
  });

  it.skipIf(process.platform === 'win32')('keeps who may execute a file', async () => {
    await writeFile(join(dir, 'run.sh'), '#!/bin/sh\n');
    await writeFile(join(dir, 'text.txt'), 'text');
    await chmod(join(dir, 'run.sh'), 0o700);
    const modes = (await entriesOf(await zip())).map((entry) => [
      entry.fileName,
      (entry.externalFileAttributes >>> 16).toString(8),
    ]);
    expect(modes).toEqual([
      ['run.sh', '100755'],
      ['text.txt', '100644'],
    ]);
  });
});
