import type { LogLevel, LogLine, LogStream } from '../../shared/run.ts';
import { LEVELS, type LevelContext, LevelReader } from './level.ts';

const LF = 10;
/** Of a run's ERROR lines so many are shown from the first on, and so many of the last; of a block no more are kept. */
export const FIRST_ERRORS = 100;
export const LAST_ERRORS = 20;

/**
 * Some whole lines of one stream that arrived together: what the run log stores and the shipper reads. Lines are
 * made of it only where somebody looks at them; a million strings a second would cost more than all the rest.
 */
export interface LogBlock {
  /** Number of its first line in the run, from 1. */
  readonly seq: number;
  readonly timeMs: number;
  readonly stream: LogStream;
  /** For the agent's own lines. */
  readonly level: LogLevel | null;
  /** What the lines before mean for the first one here. */
  readonly context: LevelContext;
  /** Masked UTF-8, each line ended by `\n`. Not to be changed. */
  readonly bytes: Buffer;
  readonly lines: number;
}

export interface ErrorPlace {
  /** From the block's first line, from 0. */
  line: number;
  start: number;
  end: number;
}

/** What one pass over a block tells. */
export interface BlockScan {
  lines: number;
  /** How many lines have each of LEVELS. */
  levels: [number, number, number];
  /** The first 100 and the last 20 ERROR lines, in order. */
  errors: ErrorPlace[];
}

/** Counts lines and their levels; `reader` goes on from where it stands. */
export function scanLines(bytes: Buffer, reader: LevelReader): BlockScan {
  const levels: [number, number, number] = [0, 0, 0];
  const errors: ErrorPlace[] = [];
  let lines = 0;
  let start = 0;
  for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
    const level = reader.read(bytes, start, end);
    levels[level as 0 | 1 | 2]++;
    if (level === 2) {
      if (errors.length === FIRST_ERRORS + LAST_ERRORS) errors.splice(FIRST_ERRORS, 1);
      errors.push({ line: lines, start, end });
    }
    lines++;
    start = end + 1;
  }
  return { lines, levels, errors };
}

/** The lines of a block, from the one numbered `fromSeq`. */
export function linesOf(block: LogBlock, fromSeq = block.seq): LogLine[] {
  const { bytes, stream } = block;
  const reader = new LevelReader(stream, block.context);
  const time = new Date(block.timeMs).toISOString();
  const lines: LogLine[] = [];
  let seq = block.seq;
  let start = 0;
  for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
    const level = block.level ?? LEVELS[reader.read(bytes, start, end)] ?? 'INFO';
    if (seq >= fromSeq) lines.push({ seq, time, stream, level, text: bytes.toString('utf8', start, end) });
    seq++;
    start = end + 1;
  }
  return lines;
}
