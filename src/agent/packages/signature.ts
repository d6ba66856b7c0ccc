import { createHash, createPublicKey, verify } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** At the root of a package: who signed it, and the signature. */
export const SIGNATURE_FILE = 'kubot.sig';

/** What a package says of its publisher. */
export type PackageSignature =
  | { state: 'unsigned' }
  /** `key` made the signature, over just these files. Whether it is to be trusted is another question. */
  | { state: 'signed'; key: string }
  /** Whoever made it did not make it for these files, or it is none. */
  | { state: 'broken'; problem: string };

/** An Ed25519 key as `openssl pkey -pubout -outform DER | base64` writes it. */
const PUBLIC_KEY = /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/;
const SIGNATURE = /^[A-Za-z0-9+/]{86}==$/;
/** Two lines of this form, in any order; a text that somebody can write with openssl and echo. */
const LINE = /^(key|signature): *(\S+)$/;
const MAX_BYTES = 4096;

/** Reads and checks `kubot.sig` of an unpacked package. */
export async function readSignature(packageDir: string): Promise<PackageSignature> {
  const text = await readStart(join(packageDir, SIGNATURE_FILE));
  if (text === null) return { state: 'unsigned' };
  const fields = parseSignature(text);
  if (fields === null) {
    return { state: 'broken', problem: 'does not hold one line "key: …" and one line "signature: …"' };
  }
  const message = messageOf(await digestOfContent(packageDir));
  const publicKey = createPublicKey({
    key: Buffer.from(fields.key, 'base64'),
    format: 'der',
    type: 'spki',
  });
  return verify(null, Buffer.from(message), publicKey, Buffer.from(fields.signature, 'base64'))
    ? { state: 'signed', key: fields.key }
    : {
        state: 'broken',
        problem: 'does not fit: the package was changed after it was signed, or is not what was signed',
      };
}

/** Null: not a signature file. */
function parseSignature(text: string): { key: string; signature: string } | null {
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  const found = lines.map((line) => LINE.exec(line));
  const fieldOf = (name: string) => found.find((match) => match?.[1] === name)?.[2] ?? '';
  const fields = { key: fieldOf('key'), signature: fieldOf('signature') };
  const isWhole = lines.length === 2 && PUBLIC_KEY.test(fields.key) && SIGNATURE.test(fields.signature);
  return isWhole ? fields : null;
}

/** What is signed. It begins with what it is for, so that no signature made for something else fits. */
function messageOf(digest: string): string {
  return `kubot-package-v1 ${digest}\n`;
}

/**
 * SHA-256, hex, of a package's files but its signature: of the lines that `sha256sum` prints for them, in the order of
 * their paths' bytes. What else a ZIP says (times, modes, empty folders) is not signed.
 */
async function digestOfContent(packageDir: string): Promise<string> {
  const entries = await readdir(packageDir, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(packageDir.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((path) => path !== SIGNATURE_FILE)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const list = createHash('sha256');
  for (const path of paths) list.update(`${await hashOfFile(join(packageDir, path))}  ${path}\n`);
  return list.digest('hex');
}

async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** Null: there is no such file. */
async function readStart(path: string): Promise<string | null> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
