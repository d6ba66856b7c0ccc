import { mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSignature } from '../../../../src/agent/packages/signature.ts';
import { aPublisher, FILES, signatureOf, writeFiles } from '../../../helpers/signed-package.ts';

const publisher = aPublisher();
const signature = signatureOf(FILES, publisher);
const DOES_NOT_FIT = {
  state: 'broken',
  problem: 'does not fit: the package was changed after it was signed, or is not what was signed',
};
const NO_FORM = {
  state: 'broken',
  problem: 'does not hold one line "key: …" and one line "signature: …"',
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-signature-'));
  await writeFiles(dir, FILES);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const sign = (text: string) => writeFile(join(dir, 'kubot.sig'), text);

describe('a package', () => {
  test('without kubot.sig is unsigned', async () => {
    expect(await readSignature(dir)).toEqual({ state: 'unsigned' });
  });

  test('whose files are those that were signed is signed with that key', async () => {
    await sign(signature);
    expect(await readSignature(dir)).toEqual({ state: 'signed', key: publisher.key });
  });

  test('may hold a file of that name deeper down, which is signed like any other', async () => {
    const files = { ...FILES, 'lib/kubot.sig': 'not this one' };
    await writeFiles(dir, files);
    await sign(signatureOf(files, publisher));
    expect(await readSignature(dir)).toEqual({ state: 'signed', key: publisher.key });
  });

  test.each<[string, () => Promise<unknown>]>([
    ['has a file changed', () => writeFile(join(dir, 'run.sh'), 'echo ha\n')],
    ['has a file more', () => writeFile(join(dir, 'lib/sitecustomize.py'), '')],
    ['has a file less', () => unlink(join(dir, 'lib/b.txt'))],
    ['has a file renamed', () => rename(join(dir, 'run.sh'), join(dir, 'run2.sh'))],
    ['has a file moved', () => rename(join(dir, 'lib/b.txt'), join(dir, 'b.txt'))],
    ['has a hidden file more', () => writeFile(join(dir, '.npmrc'), '')],
  ])('that %s after it was signed has a signature that does not fit', async (_what, change) => {
    await sign(signature);
    await change();
    expect(await readSignature(dir)).toEqual(DOES_NOT_FIT);
  });

  test('with the key of somebody else in its signature has one that does not fit', async () => {
    await sign(signature.replace(publisher.key, aPublisher().key));
    expect(await readSignature(dir)).toEqual(DOES_NOT_FIT);
  });

  test('with a signature of other content by the same key has one that does not fit', async () => {
    await sign(signatureOf({ ...FILES, 'run.sh': 'rm -rf /\n' }, publisher));
    expect(await readSignature(dir)).toEqual(DOES_NOT_FIT);
  });
});

const [keyLine = '', signatureLine = ''] = signature.split('\n');

describe('kubot.sig', () => {
  test.each([
    ['with line ends of Windows', `${keyLine}\r\n${signatureLine}\r\n`],
    ['the other way round', `${signatureLine}\n${keyLine}\n`],
    ['without a line end at its end', `${keyLine}\n${signatureLine}`],
  ])('%s is read', async (_what, text) => {
    await sign(text);
    expect(await readSignature(dir)).toEqual({ state: 'signed', key: publisher.key });
  });

  test.each([
    ['that is empty', ''],
    ['with a key alone', `${keyLine}\n`],
    ['with a signature alone', `${signatureLine}\n`],
    ['with two keys', `${keyLine}\n${keyLine}\n${signatureLine}\n`],
    ['with two keys and no signature', `${keyLine}\n${keyLine}\n`],
    ['with a line more', `${keyLine}\n${signatureLine}\nexpires: never\n`],
    ['with a key of another kind', `${keyLine.replace('MCow', 'MFow')}\n${signatureLine}\n`],
    ['with half a signature', `${keyLine}\n${signatureLine.slice(0, -10)}\n`],
    ['with a PEM', '-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n'],
    ['that is not text', '\u0000\u0001\u0002'],
    ['that is too long', `${' '.repeat(5000)}\n${signature}`],
  ])('%s is no signature', async (_what, text) => {
    await sign(text);
    expect(await readSignature(dir)).toEqual(NO_FORM);
  });
});
