/** A longer window skips no faster in text of lines. */
const MAX_WINDOW = 16;

/**
 * Many byte sequences that are looked for at once, by Wu and Manber's search: a window as long as the shortest
 * needle moves over the bytes by what its last two bytes allow, so most bytes are never looked at.
 */
export class NeedleSet {
  readonly longest: number;
  /** Length of the window, at most the shortest needle's. */
  readonly window: number;
  /** By the last two bytes of the window: how far it may move. 0: a needle may begin where the window does. */
  readonly #shift = new Uint8Array(65_536);
  /** By the last two bytes of the window, the longest first. */
  readonly #byPair = new Map<number, Buffer[]>();
  readonly #byFirstByte = new Map<number, Buffer[]>();

  /** @param needles at least one, each of two bytes or more */
  constructor(needles: readonly Buffer[]) {
    const sorted = needles.toSorted((a, b) => b.length - a.length);
    const window = Math.min(sorted.at(-1)?.length ?? 0, MAX_WINDOW);
    this.longest = sorted[0]?.length ?? 0;
    this.window = window;
    this.#shift.fill(window - 1);
    for (const needle of sorted) {
      for (let end = 1; end < window; end++) {
        const pair = pairAt(needle, end);
        this.#shift[pair] = Math.min(this.#shift[pair] ?? 0, window - 1 - end);
      }
      append(this.#byPair, pairAt(needle, window - 1), needle);
      append(this.#byFirstByte, needle[0] ?? 0, needle);
    }
  }

  /** The first place from `from` where a needle may begin, or `limit` if there is none before it. */
  findCandidate(data: Buffer, from: number, limit: number): number {
    const shift = this.#shift;
    const last = this.window - 1;
    const end = Math.min(limit + last, data.length);
    let at = from + last;
    while (at < end) {
      const move = shift[((data[at - 1] as number) << 8) | (data[at] as number)] as number;
      if (move === 0) return at - last;
      at += move;
    }
    return limit;
  }

  /** Length of the longest needle that lies at `at`, with the whole window inside the data; 0 if none does. */
  longestAt(data: Buffer, at: number): number {
    for (const needle of this.#byPair.get(pairAt(data, at + this.window - 1)) ?? []) {
      if (needle.length <= data.length - at && liesAt(needle, data, at, needle.length)) return needle.length;
    }
    return 0;
  }

  /** True when the data ends in the middle of what may be a needle that begins at `at`. */
  mayBegin(data: Buffer, at: number): boolean {
    const length = data.length - at;
    if (length >= this.longest) return false;
    const known =
      length >= this.window
        ? this.#byPair.get(pairAt(data, at + this.window - 1))
        : this.#byFirstByte.get(data[at] ?? 0);
    return known?.some((needle) => needle.length > length && liesAt(needle, data, at, length)) ?? false;
  }
}

function pairAt(bytes: Buffer, end: number): number {
  return ((bytes[end - 1] ?? 0) << 8) | (bytes[end] ?? 0);
}

function append(map: Map<number, Buffer[]>, key: number, needle: Buffer): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [needle]);
  else list.push(needle);
}

function liesAt(needle: Buffer, data: Buffer, at: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (needle[index] !== data[at + index]) return false;
  }
  return true;
}
