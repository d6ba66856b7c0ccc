/** Chance that a seed repeats: mulberry32. */
export class Random {
  #state: number;

  /** @param seed a whole number, or a text that stands for one */
  constructor(seed: number | string) {
    this.#state = typeof seed === 'number' ? seed >>> 0 : hashOf(seed);
  }

  /** From 0 up to, but not, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `least` to `most`, both possible. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** One of them, each as likely as its weight says. */
  pick<T extends { weight: number }>(choices: readonly T[]): T {
    const total = choices.reduce((sum, { weight }) => sum + weight, 0);
    let left = this.next() * total;
    const picked = choices.find(({ weight }) => {
      left -= weight;
      return left < 0;
    });
    const last = picked ?? choices.at(-1);
    if (last === undefined) throw new Error('There is nothing to pick from');
    return last;
  }

  one<T>(choices: readonly T[]): T {
    return this.pick(choices.map((value) => ({ value, weight: 1 }))).value;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** With the form of a UUID, so that what is made twice is the same thing. */
  uuid(): string {
    const hex = Array.from({ length: 4 }, () =>
      this.integer(0, 2 ** 32 - 1)
        .toString(16)
        .padStart(8, '0'),
    ).join('');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}
