export type HashAlgorithm = 'sha256' | 'sha512' | 'sha1' | 'md5';

export interface ContentHash {
  algorithm: HashAlgorithm;
  digest: Buffer;
}

const ALGORITHM_BY_LENGTH: Record<number, HashAlgorithm> = {
  16: 'md5',
  20: 'sha1',
  32: 'sha256',
  64: 'sha512',
};

/**
 * A content hash as the API sends it. The specification states neither algorithm nor form, so hex and base64 of
 * SHA-256, SHA-512, SHA-1 and MD5 are recognised by their length, with or without a prefix such as `sha256:`.
 * @returns null when it cannot be recognised
 */
export function parseContentHash(text: string): ContentHash | null {
  const [, prefix, value = ''] = /^(?:(sha-?256|sha-?512|sha-?1|md5)[:=-])?(.*)$/is.exec(text.trim()) ?? [];
  const digest =
    /^[0-9a-f]+$/i.test(value) && value.length in HEX_LENGTHS ? fromHex(value) : fromBase64(value);
  const algorithm = digest && ALGORITHM_BY_LENGTH[digest.length];
  if (!digest || !algorithm) return null;
  if (prefix !== undefined && prefix.toLowerCase().replaceAll('-', '') !== algorithm) return null;
  return { algorithm, digest };
}

/** Lengths in hex of the digests; base64 of none of them is as long. */
const HEX_LENGTHS: Record<number, true> = { 32: true, 40: true, 64: true, 128: true };

function fromHex(value: string): Buffer {
  return Buffer.from(value, 'hex');
}

function fromBase64(value: string): Buffer | null {
  return /^[A-Za-z0-9+/_-]{20,}={0,2}$/.test(value) ? Buffer.from(value, 'base64') : null;
}
