import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { AgentError } from '../../shared/errors.ts';
import { parseContentHash } from './content-hash.ts';

/** What the API stated of a file; a hash that `parseContentHash` does not recognise is not looked at. */
export interface ExpectedFile {
  lengthBytes?: number | undefined;
  hash?: string | undefined;
}

/**
 * Holds the length and hash of a whole file against what was stated.
 * @param what in messages: "the package of INVOICES"
 * @returns its SHA-256, hex
 * @throws AgentError PACKAGE_HASH_MISMATCH, or what the file system throws
 */
export async function verifyFile(path: string, what: string, expected: ExpectedFile): Promise<string> {
  const subject = what.charAt(0).toUpperCase() + what.slice(1);
  const { lengthBytes } = expected;
  const { size } = await stat(path);
  if (lengthBytes !== undefined && size !== lengthBytes) {
    throw new AgentError(
      'PACKAGE_HASH_MISMATCH',
      `${subject} has ${size} bytes; the platform states ${lengthBytes}.`,
      { details: { expectedBytes: lengthBytes, actualBytes: size } },
    );
  }
  const stated = expected.hash === undefined ? null : parseContentHash(expected.hash);
  const ours = createHash('sha256');
  const theirs = stated && stated.algorithm !== 'sha256' ? createHash(stated.algorithm) : null;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    ours.update(chunk as Buffer);
    theirs?.update(chunk as Buffer);
  }
  const sha256 = ours.digest();
  const actual = theirs?.digest() ?? sha256;
  if (stated && !actual.equals(stated.digest)) {
    throw new AgentError(
      'PACKAGE_HASH_MISMATCH',
      `${subject} is not what the platform states: its ${stated.algorithm} is ${actual.toString('hex')}, not ${stated.digest.toString('hex')}.`,
      { details: { algorithm: stated.algorithm } },
    );
  }
  return sha256.toString('hex');
}
