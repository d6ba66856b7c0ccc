import { LOG_LEVELS, type LogLevel, type LogLine } from '../../../shared/run.ts';

export interface LogFilter {
  readonly levels: ReadonlySet<LogLevel>;
  /** Empty: all lines. */
  readonly search: string;
}

export const EVERYTHING: LogFilter = { levels: new Set(LOG_LEVELS), search: '' };

/** The lines of a run, and which of them are shown. What is added is filtered once; only another filter goes through all. */
export class LogBook {
  readonly #lines: LogLine[] = [];
  readonly #counts = { INFO: 0, WARN: 0, ERROR: 0 };
  /** Places of the shown lines; null: all are shown. */
  #shown: number[] | null = null;
  #filter = EVERYTHING;
  #firstError: number | null = null;

  get length(): number {
    return this.#lines.length;
  }

  get shownLength(): number {
    return this.#shown?.length ?? this.#lines.length;
  }

  /** How many lines each level has. */
  get counts(): Readonly<Record<LogLevel, number>> {
    return this.#counts;
  }

  add(lines: readonly LogLine[]): void {
    for (const line of lines) {
      const place = this.#lines.push(line) - 1;
      this.#counts[line.level]++;
      if (line.level === 'ERROR') this.#firstError ??= place;
      if (this.#shown !== null && isShown(line, this.#filter)) this.#shown.push(place);
    }
  }

  filter(filter: LogFilter): void {
    this.#filter = { ...filter, search: filter.search.toLowerCase() };
    if (filter.search === '' && LOG_LEVELS.every((level) => filter.levels.has(level))) {
      this.#shown = null;
      return;
    }
    this.#shown = [];
    for (const [place, line] of this.#lines.entries()) {
      if (isShown(line, this.#filter)) this.#shown.push(place);
    }
  }

  /** The shown line of this number, from 0. */
  shownAt(index: number): LogLine | undefined {
    return this.#lines[this.#shown === null ? index : (this.#shown[index] ?? -1)];
  }

  /** Where among the shown lines the first error stands; null: none is shown. */
  firstErrorIndex(): number | null {
    if (this.#firstError === null) return null;
    if (this.#shown === null) return this.#firstError;
    const index = this.#shown.findIndex((place) => this.#lines[place]?.level === 'ERROR');
    return index === -1 ? null : index;
  }

  /** The shown lines as text. */
  text(): string {
    let text = '';
    for (let index = 0; index < this.shownLength; index++) text += `${this.shownAt(index)?.text}\n`;
    return text;
  }
}

/** `search` in lower case. */
function isShown(line: LogLine, { levels, search }: LogFilter): boolean {
  return levels.has(line.level) && (search === '' || line.text.toLowerCase().includes(search));
}
