import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A publisher with a key of their own. */
export interface Publisher {
  /** As it stands in `kubot.sig` and in `publisherKeys`. */
  key: string;
  privateKey: KeyObject;
}

export function aPublisher(): Publisher {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { key: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'), privateKey };
}

/** Of a package to be signed: names beyond ASCII, an empty file, and some whose order is not that of folders. */
export const FILES: Readonly<Record<string, string>> = {
  'kubot.yaml': 'operations: [{ name: Run, shell: ./run.sh }]\n',
  'run.sh': 'echo hi\n',
  'lib/Ä.txt': 'umlaut',
  'lib/b.txt': '',
  'lib-a.txt': 'before lib/ in the order of bytes',
};

export async function writeFiles(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), content);
  }
}

/** The text of `kubot.sig` for these files, by the words of docs/write-a-robot.md and none of the product's code. */
export function signatureOf(files: Readonly<Record<string, string>>, { key, privateKey }: Publisher): string {
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const list = Object.entries(files)
    .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([path, content]) => `${hash(content)}  ${path}\n`)
    .join('');
  const signature = sign(null, Buffer.from(`kubot-package-v1 ${hash(list)}\n`), privateKey);
  return `key: ${key}\nsignature: ${signature.toString('base64')}\n`;
}
