import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writevSync } from 'node:fs';
import type { LogBlock } from './log-block.ts';
import { type BlockHeader, formatHeader, MAX_HEADER_BYTES, parseHeader } from './run-log-format.ts';

/**
 * Writes a run log (run-log-format.ts). Each block is in the system's hands when `append` returns, so what is told
 * to the platform is never lost with the agent. Writing is synchronous: the robot's pipe is its back pressure.
 */
export class RunLogWriter {
  readonly #descriptor: number;
  /** End of the last whole block. */
  #size: number;
  #nextSeq: number;
  #closed = false;

  /** Opens the log at `path`, new or as a crash left it: what was cut off is removed, the rest goes on. */
  constructor(path: string) {
    this.#descriptor = openSync(path, 'a+', 0o600);
    const found = findEnd(this.#descriptor);
    this.#size = found.size;
    this.#nextSeq = found.nextSeq;
    if (found.size < fstatSync(this.#descriptor).size) ftruncateSync(this.#descriptor, found.size);
  }

  /** Number that the next line gets. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** Of the file, in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Counts a block's lines as used without writing it. @returns how many */
  skip(block: LogBlock): number {
    this.#nextSeq = block.seq + block.lines;
    return block.lines;
  }

  /**
   * Writes a block; its lines count as used even when that fails, so that numbers never repeat.
   * @throws the system's error (ENOSPC, EIO, …); nothing of the block stays in the file then
   */
  append(block: LogBlock): void {
    this.#nextSeq = block.seq + block.lines;
    this.#write({ ...block, bytes: block.bytes.length }, block.bytes);
  }

  /** Says that nothing follows, and closes the file. */
  end(timeMs: number): void {
    if (this.#closed) return;
    try {
      const header = {
        seq: this.#nextSeq,
        timeMs,
        level: null,
        context: 'none',
        lines: 0,
        bytes: 0,
      } as const;
      this.#write({ ...header, stream: 'end' }, Buffer.alloc(0));
    } finally {
      this.close();
    }
  }

  /** Closes the file without an end: another writer will go on. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#descriptor);
  }

  #write(header: BlockHeader, bytes: Buffer): void {
    // The descriptor's number may be another file's by now.
    if (this.#closed) throw new Error('The run log was ended before this was written');
    let rest = [Buffer.from(formatHeader(header)), bytes].filter((part) => part.length > 0);
    const length = rest.reduce((sum, part) => sum + part.length, 0);
    try {
      while (rest.length > 0) rest = without(rest, writevSync(this.#descriptor, rest));
      this.#size += length;
    } catch (error) {
      this.#takeBack();
      throw error;
    }
  }

  #takeBack(): void {
    try {
      ftruncateSync(this.#descriptor, this.#size);
    } catch {
      // What made the writing fail is what is told.
    }
  }
}

/** What is left to write after `count` bytes of `parts`. */
function without(parts: Buffer[], count: number): Buffer[] {
  let written = count;
  return parts.flatMap((part) => {
    const taken = Math.min(written, part.length);
    written -= taken;
    return taken === part.length ? [] : [part.subarray(taken)];
  });
}

/** Goes from header to header without reading what is between. */
function findEnd(descriptor: number): { size: number; nextSeq: number } {
  const fileSize = fstatSync(descriptor).size;
  const window = Buffer.alloc(MAX_HEADER_BYTES);
  let size = 0;
  let nextSeq = 1;
  while (size < fileSize) {
    const read = readSync(descriptor, window, 0, MAX_HEADER_BYTES, size);
    const headerEnd = window.subarray(0, read).indexOf(10);
    const header = headerEnd === -1 ? undefined : parseHeader(window.toString('latin1', 0, headerEnd));
    const end = size + headerEnd + 1 + (header?.bytes ?? 0);
    if (header === undefined || end > fileSize) break;
    size = end;
    nextSeq = header.seq + header.lines;
  }
  return { size, nextSeq };
}
