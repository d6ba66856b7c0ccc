import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 bits: nothing to guess, so no limit on tries is needed. */
const TOKEN_BYTES = 32;

/** The tokens of the runs that live, kept as SHA-256 hashes: a memory dump or a log shows none of them. */
export class RunTokens<T> {
  readonly #runs = new Map<T, Buffer>();

  /** Makes a token for a run, base64url. It is not kept: whoever loses it needs another one. */
  issue(run: T): string {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    this.#runs.set(run, hashOf(token));
    return token;
  }

  revoke(run: T): void {
    this.#runs.delete(run);
  }

  /** The run of an Authorization header with the Bearer scheme; undefined for any other and for ended runs. */
  find(authorization: string | undefined): T | undefined {
    const token = /^Bearer +([\w-]{1,128}) *$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    const hash = hashOf(token);
    let found: T | undefined;
    // Every hash is compared, so the time taken tells nothing of where it stands.
    for (const [run, known] of this.#runs) if (timingSafeEqual(known, hash)) found = run;
    return found;
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
