/** A robot names a secret that it got to know at run time by a line `::add-mask::VALUE`. */
const MARK = Buffer.from('::add-mask::');
/** What is longer is hidden like the rest of its line, and looked for by its beginning. */
const MAX_VALUE_BYTES = 64 * 1024;

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Takes the lines that announce a secret out of a stream of bytes in any portions, and passes on the rest. A line
 * announces when it begins with `::add-mask::`, blanks before it aside. Waits for the rest of a line only while it
 * may be such a one.
 */
export class MaskAnnouncements {
  readonly #pass: (bytes: Buffer) => void;
  readonly #announce: (value: string) => void;
  /** What may become the mark; or, behind the mark, the value as far as it is known. */
  #held: Buffer = NOTHING;
  #inValue = false;
  /** Nothing but blanks was passed on of the line under way. */
  #atStart = true;

  /** @param announce called between what came before the line and what comes behind it */
  constructor(pass: (bytes: Buffer) => void, announce: (value: string) => void) {
    this.#pass = pass;
    this.#announce = announce;
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    if (!this.#inValue && this.#held.length > 0) {
      rest = Buffer.concat([this.#held, chunk]);
      this.#held = NOTHING;
    }
    while (rest.length > 0) rest = this.#inValue ? this.#takeValue(rest) : this.#takeText(rest);
  }

  /** Nothing follows. */
  end(): void {
    if (this.#inValue) this.#endValue();
    else if (this.#held.length > 0) this.#give(this.#held);
    this.#held = NOTHING;
  }

  /** @returns what is left behind a mark */
  #takeText(data: Buffer): Buffer {
    for (let at = data.indexOf(MARK); at !== -1; at = data.indexOf(MARK, at + 1)) {
      if (!this.#isStart(data, at)) continue;
      this.#give(data.subarray(0, at));
      this.#inValue = true;
      return data.subarray(at + MARK.length);
    }
    const heldFrom = this.#unfinishedMark(data);
    this.#give(heldFrom === data.length ? data : data.subarray(0, heldFrom));
    // Copied: the data may be a reused buffer of the caller's.
    if (heldFrom < data.length) this.#held = Buffer.from(data.subarray(heldFrom));
    return NOTHING;
  }

  #takeValue(data: Buffer): Buffer {
    const end = data.indexOf(LF);
    const part = end === -1 ? data : data.subarray(0, end);
    const room = MAX_VALUE_BYTES - this.#held.length;
    this.#held = Buffer.concat([this.#held, part.subarray(0, room)]);
    if (end === -1) return NOTHING;
    this.#endValue();
    return data.subarray(end + 1);
  }

  #endValue(): void {
    const value = this.#held.toString('utf8').trim();
    this.#held = NOTHING;
    this.#inValue = false;
    this.#atStart = true;
    this.#announce(value);
  }

  #give(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#atStart = this.#isStart(bytes, bytes.length);
    this.#pass(bytes);
  }

  /** Whether at `at` nothing but blanks came since the line, or what a CR starts anew, began. */
  #isStart(data: Buffer, at: number): boolean {
    for (let index = at - 1; index >= 0; index--) {
      const byte = data[index];
      if (byte === LF || byte === CR) return true;
      if (byte !== SPACE && byte !== TAB) return false;
    }
    return this.#atStart;
  }

  /** Where the data ends in a part of the mark that begins a line. */
  #unfinishedMark(data: Buffer): number {
    for (let length = Math.min(MARK.length - 1, data.length); length > 0; length--) {
      const from = data.length - length;
      if (data.compare(MARK, 0, length, from) === 0 && this.#isStart(data, from)) return from;
    }
    return data.length;
  }
}
