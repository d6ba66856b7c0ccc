import type { Figure, RowResult } from './measure.ts';

const TITLES = ['what', 'limit', 'plain tool', 'KuBot Runner', 'of limit', 'of plain', 'goal'];
const NOT_MEASURED = 'not measured';

/** The results for a terminal: the figures, and below them what each was compared with. */
export function tableOf(results: readonly RowResult[]): string {
  const lines = [TITLES, ...results.map(cellsOf)];
  const widths = TITLES.map((_, column) => Math.max(...lines.map((cells) => (cells[column] ?? '').length)));
  const figures = lines.map((cells) =>
    cells
      .map((cell, column) =>
        isFigure(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return [...figures, ...results.map(legendOf)].join('\n');
}

/** The same two parts for docs/performance.md. */
export function markdownOf(results: readonly RowResult[]): string {
  const row = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  const rule = TITLES.map((_, column) => (isFigure(column) ? '---:' : '---'));
  const figures = [TITLES, rule, ...results.map(cellsOf)].map(row).join('');
  const legend = results.map((result) => row([result.row, ...othersOf(result).map(withNote)])).join('');
  return `${figures}\n${row(['what', 'limit', 'plain tool', 'KuBot Runner'])}${row(['---', '---', '---', '---'])}${legend}`;
}

function cellsOf(result: RowResult): string[] {
  const met = result.goalMet === null ? '' : result.goalMet ? ': met' : ': missed';
  return [
    result.row,
    ...othersOf(result).map((figure) => value(figure, result.unit)),
    ratioText(result.ratioToLimit),
    ratioText(result.ratioToPlain),
    `${result.goal}${met}`,
  ];
}

function othersOf({ limit, plain, ours }: RowResult): Figure[] {
  return [limit, plain, ours];
}

/** Figures stand at the right, words at the left. */
function isFigure(column: number): boolean {
  return column > 0 && column < TITLES.length - 1;
}

function legendOf(result: RowResult): string {
  const [limit, plain, ours] = othersOf(result).map(withNote);
  return `\n${result.row}\n  limit         ${limit}\n  plain tool    ${plain}\n  KuBot Runner  ${ours}`;
}

function withNote({ name, note }: Figure): string {
  return note === null ? name : `${name} (${note})`;
}

function value({ median, spread }: Figure, unit: string): string {
  if (median === null) return NOT_MEASURED;
  const amount = Number.isInteger(median) && unit === '' ? median : digits(median);
  return `${`${amount} ${unit}`.trimEnd()} ±${Math.round((spread ?? 0) * 100)} %`;
}

function ratioText(ratio: number | null): string {
  return ratio === null ? '–' : `${digits(ratio)}×`;
}

/** Two or three digits that say something. */
function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value >= 0.1 || value === 0 ? value.toFixed(2) : value.toPrecision(2);
}
