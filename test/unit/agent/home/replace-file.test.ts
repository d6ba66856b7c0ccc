import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaceFile } from '../../../../src/agent/home/replace-file.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-replace-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('replaceFile', () => {
  it('puts new content in the place of old', async () => {
    await replaceFile(join(dir, 'file'), 'a long old content', 0o600);
    await replaceFile(join(dir, 'file'), 'new', 0o600);
    expect([await readFile(join(dir, 'file'), 'utf8'), await readdir(dir)]).toEqual(['new', ['file']]);
  });

  it.skipIf(process.platform === 'win32')(
    'gives the mode that is asked for, whatever the umask',
    async () => {
      await replaceFile(join(dir, 'public'), '', 0o644);
      await replaceFile(join(dir, 'private'), '', 0o600);
      const modes = await Promise.all(
        ['public', 'private'].map(async (name) => (await stat(join(dir, name))).mode & 0o777),
      );
      expect(modes).toEqual([0o644, 0o600]);
    },
  );

  it('leaves nothing behind when it fails', async () => {
    await mkdir(join(dir, 'taken', 'inside'), { recursive: true });
    await expect(replaceFile(join(dir, 'taken'), 'new', 0o600)).rejects.toThrow();
    expect(await readdir(dir)).toEqual(['taken']);
  });
});
