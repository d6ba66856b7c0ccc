import type { LogLevel, LogStream } from '../../shared/run.ts';

/** Levels in order of weight; numbers, because a million lines are counted by them. */
export const LEVELS: readonly LogLevel[] = ['INFO', 'WARN', 'ERROR'];
const INFO = 0;
const WARN = 1;
const ERROR = 2;

/** So much of a line is searched for its level: time stamp, thread and logger come before it. */
const HEAD_BYTES = 80;
/** A word that begins there may end behind it. */
const DECODED_BYTES = HEAD_BYTES + 20;
/** JSON puts its keys in any order. */
const JSON_HEAD_BYTES = 400;

/** What the lines before mean for the next one; kept with each block of a run log, so one can be read alone. */
export type LevelContext = 'none' | 'traceback' | 'after-warning' | 'after-error';

/**
 * Tells the level of one line after the other of one stream: from its text first (`INFO:root:…`,
 * `2026-01-01 12:00:00,000 - name - ERROR - …`, `[WARN] …`, `error: …`, `level=warn`, JSON), else from what it goes on
 * with (tracebacks, stacks and continued lines), else from the stream. DEBUG is INFO.
 */
export class LevelReader {
  readonly #default: number;
  context: LevelContext;

  constructor(stream: LogStream, context: LevelContext = 'none') {
    this.#default = stream === 'stderr' ? WARN : INFO;
    this.context = context;
  }

  /** Index into LEVELS for the line [start, end) of `bytes`, without its `\n`. */
  read(bytes: Buffer, start: number, end: number): number {
    if (this.context !== 'none') return this.#readInContext(bytes, start, end);
    const level = levelAtSight(bytes, start, end);
    if (level === UNNAMED) return this.#default;
    if (level === UNCLEAR) return this.#note(decodeHead(bytes, start, end));
    this.#enter(level);
    return level;
  }

  #readInContext(bytes: Buffer, start: number, end: number): number {
    const head = decodeHead(bytes, start, end);
    if (head.startsWith('\u00e2\u0080\u00a6')) return this.#levelOfContext();
    if (this.context === 'traceback') {
      if (/^(\s|$)/.test(head)) return ERROR;
      // The line that names the exception ends the traceback; chained ones begin anew after such a sentence.
      if (/^[A-Za-z_][\w.]*(:|$)/.test(head)) {
        this.context = 'after-error';
        return ERROR;
      }
    }
    if (this.context === 'after-error' && /^\s+at |^Caused by: |^\s+\.\.\. \d+ more/.test(head)) return ERROR;
    this.context = 'none';
    return this.#note(head);
  }

  #levelOfContext(): number {
    if (this.context === 'after-warning') return WARN;
    return this.context === 'none' ? this.#default : ERROR;
  }

  #note(head: string): number {
    const level = levelOfText(head) ?? this.#default;
    if (head.includes('Traceback (most recent call last)')) {
      this.context = 'traceback';
      return ERROR;
    }
    if (/^(During handling of|The above exception was)/.test(head)) return ERROR;
    this.#enter(level);
    return level;
  }

  /** What a line of this level means for the next one. */
  #enter(level: number): void {
    this.context =
      level === ERROR ? 'after-error' : level === WARN && this.#default !== WARN ? 'after-warning' : 'none';
  }
}

const UPPER_CASE = 1;
const OTHER_SIGN = 2;
const ESC = 0x1b;
/** By byte: what may belong to the naming of a level. */
const SIGNS = new Uint8Array(256);
for (let upper = 65; upper <= 90; upper++) SIGNS[upper] = UPPER_CASE;
for (const sign of [ESC, 58 /* : */, 61 /* = */]) SIGNS[sign] = OTHER_SIGN;

const LETTER = 1;
const OTHER_WORD_SIGN = 2;
/** By byte: what `\w` stands for. */
const WORD_SIGNS = new Uint8Array(256);
for (const sign of '0123456789_') WORD_SIGNS[sign.charCodeAt(0)] = OTHER_WORD_SIGN;
for (let letter = 0; letter < 26; letter++) WORD_SIGNS[65 + letter] = WORD_SIGNS[97 + letter] = LETTER;

/** First two letters of the words of WORD, and of Traceback, During and The above. */
const BEGINNINGS = new Uint8Array(65_536);
for (const pair of 'ER FA CR SE WA IN NO DE TR VE Tr Du Th'.split(' ')) {
  BEGINNINGS[(pair.charCodeAt(0) << 8) | pair.charCodeAt(1)] = 1;
}

/** No level can be in the line. */
const UNNAMED = -1;
/** Its text must be looked at. */
const UNCLEAR = -2;

/**
 * The level of a line, as far as its bytes tell without a string made of them: a string and a dozen patterns a line
 * cost as much as all the rest of the log's way.
 */
function levelAtSight(bytes: Buffer, start: number, end: number): number {
  const first = bytes[start];
  if (first === 123 /* { */) return UNCLEAR;
  if (first === 110 && bytes[start + 1] === 112 /* npm */) return UNCLEAR;
  const stop = Math.min(end, start + HEAD_BYTES);
  for (let at = start; at < stop; at++) {
    const byte = bytes[at] as number;
    const sign = SIGNS[byte] as number;
    if (sign === 0) continue;
    if (sign === UPPER_CASE) {
      if (BEGINNINGS[(byte << 8) | (bytes[at + 1] as number)] === 1)
        return levelOfWordAt(bytes, { start, at, end });
    } else if (byte === ESC || (at > start && (bytes[at - 1] as number) > 57)) {
      // After a digit a colon is a time's; after a letter it may end `error:`, and a `=` may follow `level`.
      return UNCLEAR;
    }
  }
  return UNNAMED;
}

/** The words of WORD but `ERR!`. */
const WORDS = 'ERROR FATAL CRITICAL SEVERE WARN WARNING INFO NOTICE DEBUG TRACE VERBOSE'
  .split(' ')
  .map((word) => ({ bytes: Buffer.from(word), level: levelOfName(word) ?? INFO }));

/** Of the word at `at`, the first in the line that may be a level's. */
function levelOfWordAt(
  bytes: Buffer,
  { start, at, end }: { start: number; at: number; end: number },
): number {
  let after = at;
  while (after < end && SIGNS[bytes[after] as number] === UPPER_CASE) after++;
  const level = levelOfWord(bytes, at, after);
  if (level === UNCLEAR) return UNCLEAR;
  if (at > start && WORD_SIGNS[bytes[at - 1] as number] !== 0) return UNCLEAR;
  if (after < end && WORD_SIGNS[bytes[after] as number] !== 0) return UNCLEAR;
  if (bytes[after] === ESC || mayHoldTraceback(bytes, after, Math.min(end, start + DECODED_BYTES)))
    return UNCLEAR;
  if (hasLetters(bytes, start, at) && !mayPrecede(bytes.toString('latin1', start, at))) return UNCLEAR;
  return level;
}

function levelOfWord(bytes: Buffer, from: number, to: number): number {
  for (const word of WORDS) {
    if (word.bytes.length === to - from && liesAt(word.bytes, bytes, from)) return word.level;
  }
  return UNCLEAR;
}

function hasLetters(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (WORD_SIGNS[bytes[at] as number] === LETTER) return true;
  return false;
}

function mayHoldTraceback(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++)
    if (bytes[at] === 84 /* T */ && bytes[at + 1] === 114 /* r */) return true;
  return false;
}

function liesAt(word: Buffer, bytes: Buffer, at: number): boolean {
  for (let index = 0; index < word.length; index++) if (word[index] !== bytes[at + index]) return false;
  return true;
}

function decodeHead(bytes: Buffer, start: number, end: number): string {
  const limit = bytes[start] === 123 ? JSON_HEAD_BYTES : DECODED_BYTES;
  return bytes.toString('latin1', start, Math.min(end, start + limit));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are written with ESC
const COLOURS = /\u001b\[[0-9;]*m/g;
const WORD =
  /\b(ERROR|ERR!|FATAL|CRITICAL|SEVERE|WARN|WARNING|INFO|NOTICE|DEBUG|TRACE|VERBOSE)(?![A-Za-z0-9_])/g;
/** What may stand before the word: signs and digits; or a time, with names of loggers, hosts and threads after it. */
const BARE_PREFIX = /^(?:npm )?[^A-Za-z]*$|^\W*\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?\W*$/;
const TIMED_PREFIX =
  /^\W*(?:\d[\d\-/:.,TZ+ ]{5,}|[A-Z][a-z]{2} [ \d]\d [\d:]{8} )(?:[^A-Za-z]*[\w.$@/#-]+){0,3}[^A-Za-z]*$/;
const BRACKETED_PREFIX = /^\s*(?:\[[^\]]*\]\s*)*\[?$/;
const NAMED_START = /^\s*(?:\S+:\s+)?(?:npm )?(fatal|critical|error|warning|warn)\b(?: \[?[\w-]+\]?)?\s*:/i;
const EXCEPTION = /^(?:Uncaught |Unhandled )?(?:[\w$]+\.)*[\w$]*(?:Error|Exception)(?: \[\w+\])?:/;
const NPM = /^npm (error|warn)\b/;
const KEYED = /(?:^|[\s{,])"?(?:level|levelname|severity|lvl)"?\s*[:=]\s*"?(\w+)/i;

function mayPrecede(prefix: string): boolean {
  return BARE_PREFIX.test(prefix) || TIMED_PREFIX.test(prefix) || BRACKETED_PREFIX.test(prefix);
}

/** The level that the text itself names, as an index into LEVELS. */
export function levelOfText(line: string): number | undefined {
  const text = line.includes('\u001b') ? line.replace(COLOURS, '') : line;
  if (text.startsWith('{')) return levelOfName(KEYED.exec(text)?.[1]);
  WORD.lastIndex = 0;
  for (let match = WORD.exec(text); match !== null; match = WORD.exec(text)) {
    if (mayPrecede(text.slice(0, match.index))) return levelOfName(match[1]);
  }
  if (EXCEPTION.test(text)) return ERROR;
  return levelOfName(NAMED_START.exec(text)?.[1] ?? NPM.exec(text)?.[1] ?? KEYED.exec(text)?.[1]);
}

function levelOfName(name: string | undefined): number | undefined {
  switch (name?.toUpperCase()) {
    case 'ERROR':
    case 'ERR':
    case 'ERR!':
    case 'FATAL':
    case 'CRITICAL':
    case 'SEVERE':
    case '50': // pino
    case '60':
      return ERROR;
    case 'WARN':
    case 'WARNING':
    case '40':
      return WARN;
    case 'INFO':
    case 'NOTICE':
    case 'DEBUG':
    case 'TRACE':
    case 'VERBOSE':
    case '10':
    case '20':
    case '30':
      return INFO;
    default:
      return undefined;
  }
}
