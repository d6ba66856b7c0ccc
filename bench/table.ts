import type { Figure, RowResult } from './measure.ts';

/** The results as text: a block a row, because absolute figures say little and ratios much. */
export function tableOf(results: readonly RowResult[]): string {
  return results
    .map((result) =>
      [
        result.row,
        ...[
          line('limit', result.limit, result.unit),
          line('plain tool', result.plain, result.unit),
          line('KuBot Runner', result.ours, result.unit),
        ],
        `  ratio         ${ratioText(result.ratioToLimit)} of the limit, ${ratioText(result.ratioToPlain)} of the plain tool`,
        `  goal          ${result.goal}`,
      ].join('\n'),
    )
    .join('\n\n');
}

function line(label: string, figure: Figure, unit: string): string {
  const value =
    figure.median === null
      ? (figure.note ?? 'not measured')
      : `${digits(figure.median)} ${unit}  ±${Math.round((figure.spread ?? 0) * 100)} %`;
  return `  ${label.padEnd(13)} ${value.padEnd(24)} ${figure.name}`;
}

function ratioText(ratio: number | null): string {
  return ratio === null ? 'not measured' : `${ratio.toFixed(2)}×`;
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
