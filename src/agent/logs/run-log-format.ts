import { LOG_LEVELS, LOG_STREAMS } from '../../shared/run.ts';
import type { LevelContext } from './level.ts';
import type { LogBlock } from './log-block.ts';

/*
 * A run log is blocks, one after the other: a line of its own, then the masked lines of the robot as they are.
 *
 *   @ <seq> <time, ms> <stream> <level or context> <lines> <bytes>\n
 *   <bytes>
 *
 * Blocks, not a record a line: a million lines are written at the speed of the disk, and a person can read the file.
 * The length says where a block ends, so a robot that prints such a line changes nothing. What a crash cut off is
 * recognised by its length. `end` for the stream closes the log.
 */

export type BlockHeader = Omit<LogBlock, 'bytes' | 'stream'> & {
  stream: LogBlock['stream'] | 'end';
  bytes: number;
};

/** No header is longer; so many bytes are enough to see that there is none. */
export const MAX_HEADER_BYTES = 128;

const CONTEXTS: readonly LevelContext[] = ['none', 'traceback', 'after-warning', 'after-error'];
const HEADER = /^@ (\d{1,15}) (\d{1,15}) ([a-z]{3,6}) ([A-Za-z-]{1,20}) (\d{1,10}) (\d{1,10})$/;

export function formatHeader(header: BlockHeader): string {
  const { seq, timeMs, stream, level, context, lines, bytes } = header;
  return `@ ${seq} ${Math.max(0, Math.trunc(timeMs))} ${stream} ${level ?? context} ${lines} ${bytes}\n`;
}

/** Undefined when `line` (without its `\n`) is no header. */
export function parseHeader(line: string): BlockHeader | undefined {
  const match = HEADER.exec(line);
  if (!match) return undefined;
  const stream = [...LOG_STREAMS, 'end' as const].find((name) => name === match[3]);
  const level = LOG_LEVELS.find((name) => name === match[4]) ?? null;
  const context = CONTEXTS.find((name) => name === match[4]) ?? 'none';
  if (stream === undefined) return undefined;
  return {
    seq: Number(match[1]),
    timeMs: Number(match[2]),
    stream,
    level,
    context,
    lines: Number(match[5]),
    bytes: Number(match[6]),
  };
}
