import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { LogLine } from '../../shared/run.ts';
import { type LogBlock, linesOf } from './log-block.ts';
import { type BlockHeader, MAX_HEADER_BYTES, parseHeader } from './run-log-format.ts';

/** Read at once: a few blocks, whatever the log's size. */
const WINDOW_BYTES = 256 * 1024;
const FOLLOW_POLL_MS = 100;

export interface ReadRunLogOptions {
  /** The first line wanted; 1 unless told. */
  fromSeq?: number;
  /** Only so many lines at the end. */
  last?: number;
  /** Goes on with what is written later, until the log is ended, `signal` aborts or nobody writes it any more. */
  follow?: { signal: AbortSignal; isLive: () => boolean };
}

/**
 * The lines of a run log, in portions. A log that does not exist yet has none; of one that a crash cut off, the
 * whole blocks count. Memory does not grow with the log.
 */
export async function* readRunLog(path: string, options: ReadRunLogOptions = {}): AsyncGenerator<LogLine[]> {
  for await (const { block, fromSeq } of readBlocksFrom(path, options)) yield linesOf(block, fromSeq);
}

/** As `readRunLog`, by blocks; of the first one the lines before `fromSeq` are cut off. */
export async function* readBlocks(path: string, options: ReadRunLogOptions = {}): AsyncGenerator<LogBlock> {
  for await (const { block, fromSeq } of readBlocksFrom(path, options)) yield trimmed(block, fromSeq);
}

/** Whole blocks: what a line is, tracebacks say, depends on those before it. */
async function* readBlocksFrom(
  path: string,
  options: ReadRunLogOptions,
): AsyncGenerator<{ block: LogBlock; fromSeq: number }> {
  const { follow } = options;
  const handle = await openWhenThere(path, follow);
  if (handle === undefined) return;
  try {
    const fromSeq =
      options.last === undefined ? (options.fromSeq ?? 1) : (await countLines(handle)) - options.last + 1;
    const reader = new BlockReader(handle);
    for (;;) {
      // Looked at before reading: what was written before the end of the writer is read then.
      const live = follow?.isLive() === true && !follow.signal.aborted;
      const header = await reader.next();
      if (header === undefined) {
        if (!live || reader.ended) return;
        await pause(follow.signal);
        continue;
      }
      if (header.stream === 'end' || header.seq + header.lines <= fromSeq) continue;
      const bytes = await reader.body();
      yield { block: { ...header, stream: header.stream, bytes }, fromSeq };
    }
  } finally {
    await handle.close();
  }
}

function trimmed(block: LogBlock, fromSeq: number): LogBlock {
  if (block.seq >= fromSeq) return block;
  let start = 0;
  for (let seq = block.seq; seq < fromSeq; seq++) start = block.bytes.indexOf(10, start) + 1;
  const lines = block.lines - (fromSeq - block.seq);
  return { ...block, seq: fromSeq, lines, bytes: block.bytes.subarray(start) };
}

async function openWhenThere(
  path: string,
  follow: ReadRunLogOptions['follow'],
): Promise<FileHandle | undefined> {
  for (;;) {
    try {
      return await open(path, 'r');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
    if (!follow || follow.signal.aborted || !follow.isLive()) return undefined;
    await pause(follow.signal);
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  await wait(FOLLOW_POLL_MS, undefined, { signal }).catch(() => undefined);
}

async function countLines(handle: FileHandle): Promise<number> {
  const reader = new BlockReader(handle);
  let lines = 0;
  for (let header = await reader.next(); header; header = await reader.next())
    lines = header.seq + header.lines - 1;
  return lines;
}

class BlockReader {
  readonly #handle: FileHandle;
  #window: Buffer = Buffer.alloc(0);
  /** Place of the window in the file. */
  #offset = 0;
  #next = 0;
  /** Of the file, when it was last asked for. */
  #size = 0;
  #body: { start: number; length: number } = { start: 0, length: 0 };
  #ended = false;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** The last block said that nothing follows. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The next whole block's header; undefined at the end, or where a block is not whole (yet). */
  async next(): Promise<BlockHeader | undefined> {
    const start = this.#next;
    const window = await this.#bytesAt(start, MAX_HEADER_BYTES);
    const headerEnd = window.indexOf(10);
    const header = headerEnd === -1 ? undefined : parseHeader(window.toString('latin1', 0, headerEnd));
    if (header === undefined) return undefined;
    const bodyStart = start + headerEnd + 1;
    const end = bodyStart + header.bytes;
    if (end > this.#size) this.#size = (await this.#handle.stat()).size;
    if (end > this.#size) {
      // What is there may be taken back when the disk is full, so it is read anew.
      this.#window = Buffer.alloc(0);
      return undefined;
    }
    this.#body = { start: bodyStart, length: header.bytes };
    this.#next = end;
    this.#ended = header.stream === 'end';
    return header;
  }

  /** The bytes of the block that `next` told. */
  async body(): Promise<Buffer> {
    return Buffer.from(await this.#bytesAt(this.#body.start, this.#body.length));
  }

  /** At most `length` bytes; fewer at the end of the file. */
  async #bytesAt(place: number, length: number): Promise<Buffer> {
    const from = place - this.#offset;
    if (from >= 0 && from + length <= this.#window.length) return this.#window.subarray(from, from + length);
    const wanted = Math.max(length, WINDOW_BYTES);
    const buffer = Buffer.allocUnsafe(wanted);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, wanted - filled, place + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    this.#window = buffer.subarray(0, filled);
    this.#offset = place;
    return this.#window.subarray(0, length);
  }
}
