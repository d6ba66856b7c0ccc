/** What the entries of one run, as its task got them, tell of its lines. */
export interface ToldLog {
  /** Numbers of its marks, in the order in which the entries came. */
  marks: number[];
  /** Numbers of the robot's rows that are shown, in that order; `late` are ERROR rows that the end of a log repeats. */
  rows: { number: number; late: boolean }[];
  /** Lines shown, the agent's own too. */
  shown: number;
  /** What the gaps between them count. */
  leftOut: number;
  /** What each last entry says: outcome, all lines, and how many of them are left out. */
  ends: { outcome: string; lines: number; leftOut: number }[];
  /** Entries that came behind the last one. */
  afterEnd: number;
}

const MARK = / ·([0-9a-f]{8})\/(\d+)$/;
const GAP = /^… ([\d,]+) lines? left out$/;
const LATE = '… of the ERROR lines left out so far, the last:';
const ROW = /\brow (\d+) of [0-9a-f]{8}\b/;
const END = /\[end ([a-z-]+)\]$/;
const COUNTS = /^([\d,]+) lines?(?:, ([\d,]+) of them left out here)?\./m;

/** The mark that an entry ends with; undefined: it is nobody's of ours. */
export function markOfEntry(message: string): { run: string; number: number } | undefined {
  const [, run, number] = MARK.exec(message) ?? [];
  return run === undefined ? undefined : { run, number: Number(number) };
}

/** @param messages the entries that carry the run's mark, oldest first; twins count once where `twins` allows them */
export function readToldLog(messages: readonly string[], twins = false): ToldLog {
  const told: ToldLog = { marks: [], rows: [], shown: 0, leftOut: 0, ends: [], afterEnd: 0 };
  let late = false;
  for (const message of messages) {
    const number = markOfEntry(message)?.number ?? 0;
    if (twins && told.marks.includes(number)) continue;
    told.marks.push(number);
    const text = message.replace(MARK, '');
    const outcome = END.exec(text)?.[1];
    if (outcome !== undefined) {
      const [, lines = '0', leftOut = '0'] = COUNTS.exec(text) ?? [];
      told.ends.push({ outcome, lines: toNumber(lines), leftOut: toNumber(leftOut) });
    } else {
      if (told.ends.length > 0) told.afterEnd++;
      late = readLines(text, told, late);
    }
  }
  return told;
}

/** Returns whether repeated ERROR rows go on into the next entry. */
function readLines(text: string, told: ToldLog, lateBefore: boolean): boolean {
  const lines = text.split('\n');
  if (lines[0]?.startsWith('still running, ')) lines.shift();
  let late = lateBefore;
  for (const line of lines) {
    const gap = GAP.exec(line)?.[1];
    if (line === LATE) {
      late = true;
      continue;
    }
    if (!line.startsWith('ERROR ')) late = false;
    if (gap === undefined) told.shown++;
    else told.leftOut += toNumber(gap);
    const row = ROW.exec(line)?.[1];
    if (row !== undefined) told.rows.push({ number: Number(row), late });
  }
  return late;
}

function toNumber(text: string): number {
  return Number(text.replaceAll(',', ''));
}
