import { printable } from './text.ts';

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => string;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
  /** Longer cells are cut with an ellipsis. */
  readonly maxWidth?: number;
}

/** Rows under their titles, columns as wide as they need to be. The cells are made safe to print. */
export function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string[] {
  const cells = rows.map((row) =>
    columns.map((column) => shorten(printable(column.cell(row)), column.maxWidth)),
  );
  const lines = [columns.map((column) => column.title), ...cells];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => width(line[index] ?? ''))));
  return lines.map((line) =>
    line
      .map((cell, index) => {
        const gap = ' '.repeat((widths[index] ?? 0) - width(cell));
        return columns[index]?.isNumber ? gap + cell : cell + gap;
      })
      .join('  ')
      .trimEnd(),
  );
}

function shorten(text: string, maxWidth = 60): string {
  const characters = [...text];
  return characters.length <= maxWidth ? text : `${characters.slice(0, maxWidth - 1).join('')}…`;
}

function width(text: string): number {
  return [...text].length;
}
