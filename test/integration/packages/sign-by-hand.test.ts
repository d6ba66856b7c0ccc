import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSignature } from '../../../src/agent/packages/signature.ts';
import { FILES, writeFiles } from '../../helpers/signed-package.ts';

const PAGE = new URL('../../../docs/write-a-robot.md', import.meta.url);
const MORE_FILES = {
  ...FILES,
  '-dash.txt': 'no option',
  'a b/c  d.txt': 'spaces',
  'año/日本語.txt': 'names',
};
const hasOpenSsl3 = / 3\./.test(String(spawnSync('openssl', ['version']).stdout));

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-sign-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
  if (!hasOpenSsl3) console.warn('skipped: signing by hand, there is no OpenSSL 3 here');
});

describe.runIf(hasOpenSsl3)('the commands of docs/write-a-robot.md', () => {
  test('sign a package whose signature fits', async () => {
    const publisherDir = join(dir, 'publisher');
    const packageDir = join(dir, 'package');
    await mkdir(publisherDir);
    await writeFiles(packageDir, MORE_FILES);
    const [makeKey = '', sign = ''] = [...(await readFile(PAGE, 'utf8')).matchAll(/```sh\n(.*?)```/gs)].map(
      ([, commands]) => commands,
    );
    const shell = (commands: string, cwd: string) =>
      execFileSync('/bin/sh', ['-e', '-c', commands], {
        cwd,
        encoding: 'utf8',
        env: { ...process.env, PUBLISHER: publisherDir },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    const key = shell(makeKey, publisherDir).trim();
    shell(sign, packageDir);
    expect(await readSignature(packageDir)).toEqual({ state: 'signed', key });
    // And again over the signature that is there, as for the next revision.
    await writeFile(join(packageDir, 'run.sh'), 'echo more\n');
    expect(await readSignature(packageDir)).toMatchObject({ state: 'broken' });
    shell(sign, packageDir);
    expect(await readSignature(packageDir)).toEqual({ state: 'signed', key });
  });
});
