import { isUtf8 } from 'node:buffer';

/** Longer lines are continued as further lines. */
export const MAX_LINE_BYTES = 16 * 1024;
/** What a continuing line begins with: U+2026. */
export const CONTINUED = '…';

const LF = 10;
const CR = 13;
const MARK = Buffer.from(CONTINUED);
const NEWLINE = Buffer.from('\n');
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Bytes in any portions → whole lines, each ended by `\n`, as valid UTF-8. What it gives in all does not depend on
 * the portions.
 * - A line over 16 KB is continued as further lines that begin with `…`; no character is split, nothing dropped.
 * - `\r` starts its line anew, as a progress bar does: the last state that is not empty stays. `\r\n` ends a line.
 * - Invalid UTF-8 becomes U+FFFD. Other control characters stay: showing them safely is for whoever shows them.
 */
export class LineSplitter {
  /** The line under way: its present state, at most 16 KB, with a CR behind it if one was last. */
  #carry: Buffer = NOTHING;
  #continued = false;

  /** The lines that `chunk` completed, one after the other in one buffer; empty if it completed none. */
  push(chunk: Buffer): Buffer {
    const end = chunk.lastIndexOf(LF) + 1;
    if (!this.#continued && chunk.indexOf(CR) === -1 && this.#carry.indexOf(CR) === -1) {
      const lines = joined(this.#carry, chunk.subarray(0, end));
      const rest = chunk.subarray(end);
      if (end > 0 && rest.length <= MAX_LINE_BYTES && isUtf8(lines) && hasShortLines(lines)) {
        this.#carry = Buffer.from(rest);
        return lines;
      }
    }
    return this.#pushSlowly(chunk);
  }

  /** The last line, if it was not ended by `\n`. */
  end(): Buffer {
    if (this.#carry.length === 0 && !this.#continued) return NOTHING;
    return this.#pushSlowly(NEWLINE);
  }

  #pushSlowly(chunk: Buffer): Buffer {
    const data = joined(this.#carry, chunk);
    const parts: Buffer[] = [];
    let start = 0;
    for (let end = data.indexOf(LF); end !== -1; end = data.indexOf(LF, start)) {
      this.#finish(this.#fold(data.subarray(start, end), parts).state, parts);
      start = end + 1;
    }
    const { state, returned } = this.#fold(data.subarray(start), parts);
    this.#carry = Buffer.from(returned ? joined(state, Buffer.of(CR)) : state);
    return Buffer.concat(parts);
  }

  /** Goes through what the CRs part; gives away whole pieces of what is too long. */
  #fold(line: Buffer, parts: Buffer[]): { state: Buffer; returned: boolean } {
    let state: Buffer = NOTHING;
    let returned = false;
    for (let start = 0; start < line.length; ) {
      const found = line.indexOf(CR, start);
      const end = found === -1 ? line.length : found;
      if (end > start) state = this.#cut(line.subarray(start, end), parts);
      returned = found !== -1;
      start = end + 1;
    }
    return { state, returned };
  }

  #cut(text: Buffer, parts: Buffer[]): Buffer {
    let rest = text;
    while (rest.length > MAX_LINE_BYTES) {
      const length = wholeCharacters(rest, MAX_LINE_BYTES);
      this.#give(rest.subarray(0, length), parts);
      this.#continued = true;
      rest = rest.subarray(length);
    }
    return rest;
  }

  #finish(line: Buffer, parts: Buffer[]): void {
    this.#give(line, parts);
    this.#continued = false;
  }

  #give(line: Buffer, parts: Buffer[]): void {
    // A replacement character is longer than the byte it stands for, so the line may be too long again.
    let rest = isUtf8(line) ? line : Buffer.from(line.toString('utf8'));
    while (rest.length > MAX_LINE_BYTES) {
      const length = wholeCharacters(rest, MAX_LINE_BYTES);
      this.#add(rest.subarray(0, length), parts);
      this.#continued = true;
      rest = rest.subarray(length);
    }
    this.#add(rest, parts);
  }

  #add(line: Buffer, parts: Buffer[]): void {
    if (this.#continued) parts.push(MARK);
    parts.push(line, NEWLINE);
  }
}

function joined(first: Buffer, second: Buffer): Buffer {
  if (first.length === 0) return second;
  return second.length === 0 ? first : Buffer.concat([first, second]);
}

/** Jumps from line end to line end, 16 KB at a time. */
function hasShortLines(lines: Buffer): boolean {
  for (let start = 0; start < lines.length; ) {
    const end = lines.lastIndexOf(LF, start + MAX_LINE_BYTES);
    if (end < start) return false;
    start = end + 1;
  }
  return true;
}

/** The most bytes up to `limit` that end before the first byte of a character. */
function wholeCharacters(text: Buffer, limit: number): number {
  for (let length = limit; length > limit - 4; length--) {
    if (((text[length] ?? 0) & 0xc0) !== 0x80) return length;
  }
  return limit;
}
