import type { LogLevel } from '../../shared/run.ts';
import { type BlockScan, FIRST_ERRORS, LAST_ERRORS, type LogBlock, linesOf } from './log-block.ts';

export interface KeptLine {
  seq: number;
  level: LogLevel;
  text: string;
}

export interface FoldLimits {
  /** Kept of the first lines that wait, in bytes of text. */
  headBytes: number;
  /** Kept of the last ones. */
  tailBytes: number;
}

/** Lines that waited to be sent: those kept in order; what is missing between their numbers is left out. */
export interface FoldedLines {
  firstSeq: number;
  lastSeq: number;
  kept: KeptLine[];
  /** ERROR lines from before `firstSeq` that nobody has seen and that belong to the run's last ones. */
  earlierErrors: KeptLine[];
}

/** Holds lines until they are sent, in bounded memory: the first, the last and the ERROR lines that count. */
export class LineFolder {
  readonly #limits: FoldLimits;
  #firstErrorsLeft = FIRST_ERRORS;
  #lastErrors: KeptLine[] = [];
  #firstSeq = 0;
  #lastSeq = 0;
  #head: KeptLine[] = [];
  #headBytes = 0;
  #errors: KeptLine[] = [];
  #tail: LogBlock[] = [];
  #tailBytes = 0;

  constructor(limits: FoldLimits) {
    this.#limits = limits;
  }

  /** How many lines wait. */
  get lines(): number {
    return this.#firstSeq === 0 ? 0 : this.#lastSeq - this.#firstSeq + 1;
  }

  add(block: LogBlock, scan: BlockScan): void {
    if (block.lines === 0) return;
    if (this.#firstSeq === 0) this.#firstSeq = block.seq;
    this.#lastSeq = block.seq + block.lines - 1;
    if (this.#headBytes < this.#limits.headBytes) this.#addToHead(block);
    this.#addErrors(block, scan);
    this.#tail.push(block);
    this.#tailBytes += block.bytes.length;
    while (this.#tailBytes - (this.#tail[0]?.bytes.length ?? 0) >= this.#limits.tailBytes) {
      this.#tailBytes -= this.#tail.shift()?.bytes.length ?? 0;
    }
  }

  /** What waits; none waits after it. With `last` also the ERROR lines that the end of a run shows. */
  take({ last }: { last: boolean }): FoldedLines {
    const kept = new Map<number, KeptLine>();
    for (const line of [...this.#head, ...this.#errors, ...this.#tailLines()]) kept.set(line.seq, line);
    const firstSeq = this.#firstSeq === 0 ? this.#lastSeq + 1 : this.#firstSeq;
    const lastErrors = last ? this.#lastErrors : [];
    for (const line of lastErrors) if (line.seq >= firstSeq) kept.set(line.seq, line);
    const folded: FoldedLines = {
      firstSeq,
      lastSeq: this.#lastSeq,
      kept: [...kept.values()].sort((a, b) => a.seq - b.seq),
      earlierErrors: lastErrors.filter((line) => line.seq < firstSeq),
    };
    this.#firstSeq = 0;
    this.#head = [];
    this.#headBytes = 0;
    this.#errors = [];
    this.#tail = [];
    this.#tailBytes = 0;
    return folded;
  }

  /** These ERROR lines were shown: the end of the run need not. */
  noteShown(errors: readonly number[]): void {
    this.#lastErrors = this.#lastErrors.filter((line) => !errors.includes(line.seq));
  }

  #addToHead(block: LogBlock): void {
    for (const line of linesOf(block)) {
      if (this.#headBytes >= this.#limits.headBytes) return;
      this.#head.push({ seq: line.seq, level: line.level, text: line.text });
      this.#headBytes += Buffer.byteLength(line.text) + 1;
    }
  }

  #addErrors(block: LogBlock, scan: BlockScan): void {
    const first = scan.errors.slice(0, this.#firstErrorsLeft);
    this.#firstErrorsLeft -= first.length;
    const last = scan.errors.slice(first.length).slice(-LAST_ERRORS);
    const keptOf = (place: BlockScan['errors'][number]): KeptLine => ({
      seq: block.seq + place.line,
      level: 'ERROR',
      text: block.bytes.toString('utf8', place.start, place.end),
    });
    this.#errors.push(...first.map(keptOf));
    if (last.length > 0) this.#lastErrors = [...this.#lastErrors, ...last.map(keptOf)].slice(-LAST_ERRORS);
  }

  #tailLines(): KeptLine[] {
    const lines: KeptLine[] = [];
    let bytes = 0;
    for (const block of this.#tail.toReversed()) {
      for (const { seq, level, text } of linesOf(block).reverse()) {
        bytes += Buffer.byteLength(text) + 1;
        if (bytes > this.#limits.tailBytes) return lines;
        lines.push({ seq, level, text });
      }
    }
    return lines;
  }
}
