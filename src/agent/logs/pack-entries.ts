import type { LogLevel } from '../../shared/run.ts';
import type { FoldedLines, KeptLine } from './fold-lines.ts';

export interface PackedEntry {
  level: LogLevel;
  text: string;
  /** All lines up to this one are told with it, if only by their number. */
  lastSeq: number;
  /** Lines that it does not show, or not whole. */
  leftOut: number;
  /** Numbers of the ERROR lines that it shows, whole or not. */
  errors: number[];
}

export interface PackLimits {
  /** Bytes of an entry's text, its mark not counted. */
  entryBytes: number;
  maxEntries: number;
}

/** Part of the room that stays free for the sentences about what is left out. */
const LEFT_OUT_BYTES = 64;

/**
 * The entries that tell these lines, at most `maxEntries` (at least one). Levels are kept apart as far as the number
 * allows: each its own entry, else ERROR apart, else the gravest counts. What still does not fit is left out from the
 * middle, and said by its number: ERROR lines and the last lines stay longest.
 */
export function packEntries(lines: FoldedLines, limits: PackLimits): PackedEntry[] {
  if (lines.kept.length === 0 && lines.lastSeq < lines.firstSeq && lines.earlierErrors.length === 0)
    return [];
  const maxEntries = Math.max(1, limits.maxEntries);
  for (const keepApart of [sameLevel, bothErrorOrNot]) {
    const entries = group(itemsOf(lines, lines.kept, limits), limits, keepApart);
    if (entries.length <= Math.max(Math.min(4, maxEntries), maxEntries / 2)) return entries;
  }
  let shown = lines;
  let { kept } = lines;
  for (let share = 0.9; ; share *= 0.7) {
    const entries = group(itemsOf(shown, kept, limits), limits, () => true);
    if (entries.length <= maxEntries) return entries;
    kept = choose(lines.kept, share * maxEntries * limits.entryBytes);
    if (share < 0.5) shown = { ...shown, earlierErrors: shown.earlierErrors.slice(1) };
  }
}

interface Item extends PackedEntry {
  /** A sentence about what is left out belongs to what is around it, whatever the level. */
  isGap: boolean;
}

/** The lines kept, and between them a sentence for each gap. */
function itemsOf(lines: FoldedLines, kept: readonly KeptLine[], limits: PackLimits): Item[] {
  const items: Item[] = [];
  const before = lines.firstSeq - 1;
  if (lines.earlierErrors.length > 0) {
    items.push({
      level: 'ERROR',
      text: '… of the ERROR lines left out so far, the last:',
      lastSeq: before,
      leftOut: 0,
      errors: [],
      isGap: false,
    });
    for (const line of lines.earlierErrors) {
      // It was counted as left out before.
      const item = itemOf(line, limits);
      items.push({ ...item, lastSeq: before, leftOut: item.leftOut - 1 });
    }
  }
  let seq = lines.firstSeq;
  for (const line of kept) {
    if (line.seq > seq) items.push(gap(seq, line.seq - 1));
    items.push(itemOf(line, limits));
    seq = line.seq + 1;
  }
  if (seq <= lines.lastSeq) items.push(gap(seq, lines.lastSeq));
  return items;
}

function gap(from: number, to: number): Item {
  const count = to - from + 1;
  const text = `… ${count.toLocaleString('en')} ${count === 1 ? 'line' : 'lines'} left out`;
  return { level: 'INFO', text, lastSeq: to, leftOut: count, errors: [], isGap: true };
}

function itemOf(line: KeptLine, limits: PackLimits): Item {
  const text = showSafely(line.text);
  const length = Buffer.byteLength(text);
  const item = {
    level: line.level,
    lastSeq: line.seq,
    errors: line.level === 'ERROR' ? [line.seq] : [],
    isGap: false,
  };
  if (length <= limits.entryBytes) return { ...item, text, leftOut: 0 };
  const shown = cutText(text, limits.entryBytes - LEFT_OUT_BYTES);
  const more = length - Buffer.byteLength(shown);
  return { ...item, text: `${shown} … ${more.toLocaleString('en')} bytes more`, leftOut: 1 };
}

function group(
  items: readonly Item[],
  limits: PackLimits,
  fits: (a: LogLevel, b: LogLevel) => boolean,
): PackedEntry[] {
  const entries: PackedEntry[] = [];
  let bytes = 0;
  for (const item of items) {
    const last = entries.at(-1);
    const length = Buffer.byteLength(item.text) + 1;
    const joins = last !== undefined && (item.isGap || fits(last.level, item.level));
    if (last !== undefined && joins && bytes + length <= limits.entryBytes + 1) {
      last.text += `\n${item.text}`;
      last.level = graver(last.level, item.level);
      last.lastSeq = item.lastSeq;
      last.leftOut += item.leftOut;
      last.errors.push(...item.errors);
      bytes += length;
    } else {
      const { isGap: _, ...entry } = item;
      entries.push({ ...entry, errors: [...entry.errors] });
      bytes = length;
    }
  }
  return entries;
}

/** Lines for so many bytes: first ERROR lines to the half, last lines to four fifths, first lines with the rest. */
function choose(kept: readonly KeptLine[], budgetBytes: number): KeptLine[] {
  const chosen = new Map<number, KeptLine>();
  let bytes = 0;
  const addWhile = (lines: Iterable<KeptLine>, limit: number) => {
    for (const line of lines) {
      if (chosen.has(line.seq)) continue;
      // Each line chosen alone costs the sentence about the gap before it too.
      bytes += Math.min(Buffer.byteLength(line.text), budgetBytes) + LEFT_OUT_BYTES / 2;
      if (bytes > limit) return;
      chosen.set(line.seq, line);
    }
  };
  addWhile(
    kept.filter((line) => line.level === 'ERROR'),
    budgetBytes * 0.5,
  );
  bytes = Math.min(bytes, budgetBytes * 0.5);
  addWhile(kept.toReversed(), budgetBytes * 0.8);
  bytes = Math.min(bytes, budgetBytes * 0.8);
  addWhile(kept, budgetBytes);
  return [...chosen.values()].sort((a, b) => a.seq - b.seq);
}

function sameLevel(a: LogLevel, b: LogLevel): boolean {
  return a === b;
}

function bothErrorOrNot(a: LogLevel, b: LogLevel): boolean {
  return (a === 'ERROR') === (b === 'ERROR');
}

function graver(a: LogLevel, b: LogLevel): LogLevel {
  if (a === 'ERROR' || b === 'ERROR') return 'ERROR';
  return a === 'WARN' || b === 'WARN' ? 'WARN' : 'INFO';
}

/** The first characters of `text`, at most `bytes` bytes of UTF-8, none cut. */
export function cutText(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return text;
  let end = Math.max(0, bytes);
  while (end > 0 && ((encoded[end] ?? 0) & 0xc0) === 0x80) end--;
  return encoded.toString('utf8', 0, end);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const COLOURS = /\u001b\[[0-9;]*m/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f\u0080-\u009f]/g;

/** Without colours; other control characters as their pictures: a log is read in terminals too. */
function showSafely(text: string): string {
  return text.replace(COLOURS, '').replace(CONTROLS, (control) => {
    const code = control.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
  });
}
