import { NeedleSet } from './needle-set.ts';
import { isMaskable, secretForms } from './secret-forms.ts';

/** What stands in a log for a secret. */
export const MASK = '***';

const MASK_BYTES = Buffer.from(MASK);
const NOTHING: Buffer = Buffer.alloc(0);

/** Secrets that several maskers look for, in every form a program may write them in. May grow. */
export class SecretSet {
  readonly #forms = new Set<string>();
  #passing: readonly string[] = [];
  #needles: NeedleSet | null = null;
  #isStale = false;

  constructor(secrets: Iterable<string> = []) {
    for (const secret of secrets) this.add(secret);
  }

  /** From now on every masker of this set looks for it. False: it is too short to be looked for. */
  add(secret: string): boolean {
    for (const form of secretForms(secret)) this.#forms.add(form);
    this.#isStale = true;
    return isMaskable(secret);
  }

  /** Looks for these from now on in place of those that were given here before: tokens come and go for months. */
  setPassing(secrets: readonly string[]): void {
    this.#passing = secrets.flatMap((secret) => [...secretForms(secret)]);
    this.#isStale = true;
  }

  /** null: there is nothing to look for. */
  get needles(): NeedleSet | null {
    if (this.#isStale) {
      const needles = [...new Set([...this.#forms, ...this.#passing])].map((form) => Buffer.from(form));
      this.#needles = needles.length === 0 ? null : new NeedleSet(needles);
      this.#isStale = false;
    }
    return this.#needles;
  }
}

/**
 * Replaces every occurrence of every secret by `***`, in a stream of bytes in any portions. Occurrences that
 * overlap become one `***`. What is given away never ends in the middle of a secret: such an end is held back until
 * more is known.
 */
export class Masker {
  readonly #secrets: SecretSet;
  #held: Buffer = NOTHING;

  constructor(secrets: SecretSet | Iterable<string>) {
    this.#secrets = secrets instanceof SecretSet ? secrets : new SecretSet(secrets);
  }

  /** The masked bytes that are certain now. May be `chunk` itself. */
  push(chunk: Buffer): Buffer {
    const { needles } = this.#secrets;
    if (needles === null) return chunk;
    const data = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const { masked, heldFrom } = mask(data, needles, false);
    // Copied: the data may be a reused buffer of the caller's.
    this.#held = heldFrom === data.length ? NOTHING : Buffer.from(data.subarray(heldFrom));
    return masked;
  }

  /** What was held back; after this the stream starts anew. */
  end(): Buffer {
    const { needles } = this.#secrets;
    if (needles === null || this.#held.length === 0) return NOTHING;
    const held = this.#held;
    this.#held = NOTHING;
    return mask(held, needles, true).masked;
  }

  /** A whole text at once. */
  maskText(text: string): string {
    const { needles } = this.#secrets;
    return needles === null ? text : mask(Buffer.from(text), needles, true).masked.toString();
  }
}

/** @returns the bytes before `heldFrom`, masked; from there on a secret may have begun, unless this was the `last` */
function mask(data: Buffer, needles: NeedleSet, last: boolean): { masked: Buffer; heldFrom: number } {
  const parts: Buffer[] = [];
  let written = 0;
  // The secret under way: [maskFrom, maskTo), grown by occurrences that begin inside it.
  let maskFrom = -1;
  let maskTo = -1;
  let heldFrom = data.length;
  // From here on no whole needle has room.
  const rest = Math.max(0, data.length - needles.window + 1);
  for (let at = 0; at < data.length; at++) {
    if (at < rest) at = needles.findCandidate(data, at, rest);
    if (at >= rest && last) break;
    if (maskFrom !== -1 && at >= maskTo) {
      parts.push(data.subarray(written, maskFrom), MASK_BYTES);
      written = maskTo;
      maskFrom = -1;
    }
    if (!last && needles.mayBegin(data, at)) {
      heldFrom = maskFrom === -1 ? at : maskFrom;
      break;
    }
    const length = at < rest ? needles.longestAt(data, at) : 0;
    if (length > 0) {
      if (maskFrom === -1) maskFrom = at;
      maskTo = Math.max(maskTo, at + length);
    }
  }
  if (maskFrom !== -1 && heldFrom !== maskFrom) {
    parts.push(data.subarray(written, maskFrom), MASK_BYTES);
    written = maskTo;
  }
  if (parts.length === 0)
    return { masked: heldFrom === data.length ? data : data.subarray(0, heldFrom), heldFrom };
  parts.push(data.subarray(written, heldFrom));
  return { masked: Buffer.concat(parts), heldFrom };
}
