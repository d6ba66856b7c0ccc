/** What stands in a log for a secret. */
export const MASK = '***';

/** Shorter values would mask half of a log: `admin`, `true`, `8080`. */
const MIN_SECRET_BYTES = 6;

const MASK_BYTES = Buffer.from(MASK);
const NOTHING = Buffer.alloc(0);

/** The byte sequences to be masked for these values: each whole, and each long line of one of several lines. */
export function needlesOf(secrets: Iterable<string>): Buffer[] {
  const texts = new Set<string>();
  for (const secret of secrets) {
    texts.add(secret);
    for (const line of secret.split(/\r?\n/)) texts.add(line);
  }
  return [...texts].map((text) => Buffer.from(text)).filter((needle) => needle.length >= MIN_SECRET_BYTES);
}

/**
 * Replaces every occurrence of every secret by `***`, in a stream of bytes in any portions. Occurrences that
 * overlap become one `***`. What is given away never ends in the middle of a secret: such an end is held back until
 * more is known.
 *
 * Wu and Manber's search for many patterns: a window as long as the shortest needle moves over the bytes by what its
 * last two bytes allow, so most bytes are never looked at.
 */
export class Masker {
  readonly #needles: NeedleSet | null;
  #held: Buffer = NOTHING;

  constructor(secrets: Iterable<string>) {
    const needles = needlesOf(secrets);
    this.#needles = needles.length === 0 ? null : new NeedleSet(needles);
  }

  /** The masked bytes that are certain now. May be `chunk` itself. */
  push(chunk: Buffer): Buffer {
    if (this.#needles === null) return chunk;
    const data = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    return this.#mask(data, this.#needles, false);
  }

  /** What was held back; after this the stream starts anew. */
  end(): Buffer {
    if (this.#needles === null || this.#held.length === 0) return NOTHING;
    return this.#mask(this.#held, this.#needles, true);
  }

  /** A whole text at once. */
  maskText(text: string): string {
    if (this.#needles === null) return text;
    const masker = new Masker([]);
    return masker.#mask(Buffer.from(text), this.#needles, true).toString();
  }

  #mask(data: Buffer, needles: NeedleSet, last: boolean): Buffer {
    const parts: Buffer[] = [];
    let written = 0;
    // The secret under way: [maskFrom, maskTo), grown by occurrences that begin inside it.
    let maskFrom = -1;
    let maskTo = -1;
    let at = 0;
    // From `sure` on a needle might go on beyond the data.
    const sure = last ? data.length : Math.max(0, data.length - needles.longest + 1);
    let heldFrom = data.length;
    while (at < data.length) {
      if (at < sure) {
        at = needles.findCandidate(data, at, sure);
        if (at >= data.length) break;
      }
      if (maskFrom !== -1 && at >= maskTo) {
        parts.push(data.subarray(written, maskFrom), MASK_BYTES);
        written = maskTo;
        maskFrom = -1;
      }
      if (at >= sure && !last && needles.mayBegin(data, at)) {
        heldFrom = maskFrom === -1 ? at : maskFrom;
        break;
      }
      const length = needles.longestAt(data, at);
      if (length > 0) {
        if (maskFrom === -1) maskFrom = at;
        maskTo = Math.max(maskTo, at + length);
      }
      at++;
    }
    if (maskFrom !== -1 && heldFrom === data.length) {
      parts.push(data.subarray(written, maskFrom), MASK_BYTES);
      written = maskTo;
    }
    // Copied: the data may be a reused buffer of the caller's.
    this.#held = heldFrom === data.length ? NOTHING : Buffer.from(data.subarray(heldFrom));
    if (parts.length === 0) return heldFrom === data.length ? data : data.subarray(0, heldFrom);
    parts.push(data.subarray(written, heldFrom));
    return Buffer.concat(parts);
  }
}

class NeedleSet {
  readonly longest: number;
  /** Length of the window: the shortest needle's. */
  readonly #window: number;
  /** By the last two bytes of the window: how far it may move. 0: a needle may begin where the window does. */
  readonly #shift = new Uint8Array(65_536);
  readonly #byFirstByte: (Buffer[] | undefined)[] = [];

  constructor(needles: readonly Buffer[]) {
    const lengths = needles.map((needle) => needle.length);
    this.longest = Math.max(...lengths);
    this.#window = Math.min(...lengths, 255);
    this.#shift.fill(this.#window - 1);
    for (const needle of needles) {
      for (let end = 1; end < this.#window; end++) {
        const pair = ((needle[end - 1] ?? 0) << 8) | (needle[end] ?? 0);
        this.#shift[pair] = Math.min(this.#shift[pair] ?? 0, this.#window - 1 - end);
      }
      const first = needle[0] ?? 0;
      const sameFirst = this.#byFirstByte[first] ?? [];
      sameFirst.push(needle);
      this.#byFirstByte[first] = sameFirst.sort((a, b) => b.length - a.length);
    }
  }

  /** The first place from `from` where a needle may begin, or `limit` if there is none before it. */
  findCandidate(data: Buffer, from: number, limit: number): number {
    const shift = this.#shift;
    const last = this.#window - 1;
    const end = Math.min(limit + last, data.length);
    let at = from + last;
    while (at < end) {
      const move = shift[((data[at - 1] as number) << 8) | (data[at] as number)] as number;
      if (move === 0) return at - last;
      at += move;
    }
    return limit;
  }

  /** Length of the longest needle that lies at `at`; 0 if none does. */
  longestAt(data: Buffer, at: number): number {
    for (const needle of this.#byFirstByte[data[at] ?? 0] ?? []) {
      if (needle.length <= data.length - at && liesAt(needle, data, at, needle.length)) return needle.length;
    }
    return 0;
  }

  /** True when the data ends in the middle of what may be a needle that begins at `at`. */
  mayBegin(data: Buffer, at: number): boolean {
    const length = data.length - at;
    return (this.#byFirstByte[data[at] ?? 0] ?? []).some(
      (needle) => needle.length > length && liesAt(needle, data, at, length),
    );
  }
}

function liesAt(needle: Buffer, data: Buffer, at: number, length: number): boolean {
  for (let index = 1; index < length; index++) {
    if (needle[index] !== data[at + index]) return false;
  }
  return true;
}
