import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type HashAlgorithm, parseContentHash } from '../../../../src/agent/packages/content-hash.ts';

const ALGORITHMS = ['sha256', 'sha512', 'sha1', 'md5'] as const;
const digest = (algorithm: HashAlgorithm) => createHash(algorithm).update('package').digest();

describe.each(ALGORITHMS)('a content hash by %s is recognised', (algorithm) => {
  const bytes = digest(algorithm);
  const dashed = algorithm.replace('sha', 'SHA-');

  test.each([
    ['hex', bytes.toString('hex')],
    ['hex in capitals', bytes.toString('hex').toUpperCase()],
    ['base64', bytes.toString('base64')],
    ['base64 without padding', bytes.toString('base64').replace(/=+$/, '')],
    ['base64url', bytes.toString('base64url')],
    ['hex with a prefix', `${algorithm}:${bytes.toString('hex')}`],
    ['hex with another prefix', `${dashed}=${bytes.toString('hex')}`],
    ['base64 with a prefix', `${algorithm}:${bytes.toString('base64')}`],
    ['the form of web pages', `${algorithm}-${bytes.toString('base64')}`],
    ['hex between spaces', ` ${bytes.toString('hex')}\n`],
  ])('as %s', (_form, text) => {
    expect(parseContentHash(text)).toEqual({ algorithm, digest: bytes });
  });
});

describe('a content hash is not recognised', () => {
  test.each([
    ['nothing', ''],
    ['a word', 'unknown'],
    ['a short hex', 'deadbeef'],
    ['CRC-32 with a prefix', 'crc32:cbf43926'],
    ['SHA-384', createHash('sha384').update('package').digest('hex')],
    ['an ETag', '"33a64df551425fcc55e4d42a148795d9f25f89d4"'],
    ['a hash with the prefix of another', `md5:${digest('sha256').toString('hex')}`],
    ['hex of an odd length', digest('sha256').toString('hex').slice(1)],
    ['words', 'not a hash, but as long as one would be in hex of SHA-256, it is'],
  ])('from %s', (_what, text) => {
    expect(parseContentHash(text)).toBeNull();
  });
});
