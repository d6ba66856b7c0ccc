import type { DayTotals } from '../../shared/control-api.ts';
import { useFormat, useWords } from '../words/words-context.tsx';

const GAP = 3;
const BAR = 11;
const HEIGHT = 40;

/** How the last days went: one bar a day, what failed at its foot. */
export function DayBars({
  totals,
  days,
  nowMs,
}: {
  totals: readonly DayTotals[];
  days: number;
  nowMs: number;
}) {
  const { now: words } = useWords();
  const format = useFormat();
  const all = lastDays(days, nowMs).map((day) => {
    const found = totals.find((total) => total.day === day);
    return { day, succeeded: found?.succeeded ?? 0, failed: found?.failed ?? 0 };
  });
  const highest = Math.max(1, ...all.map(({ succeeded, failed }) => succeeded + failed));
  const scale = (count: number) => (count === 0 ? 0 : Math.max(2, (count / highest) * (HEIGHT - 2)));
  return (
    <svg
      className="day-bars"
      viewBox={`0 0 ${days * (BAR + GAP) - GAP} ${HEIGHT}`}
      role="img"
      aria-label={words.chart}
    >
      {all.map(({ day, succeeded, failed }, index) => {
        const x = index * (BAR + GAP);
        const foot = scale(failed);
        const rest = scale(succeeded);
        return (
          <g key={day}>
            <title>{words.dayBar(format.day(day), format.number(succeeded), format.number(failed))}</title>
            <rect className="bar-none" x={x} y={HEIGHT - 2} width={BAR} height={2} rx={1} />
            {rest > 0 && (
              <rect className="bar-ok" x={x} y={HEIGHT - foot - rest} width={BAR} height={rest} rx={2} />
            )}
            {foot > 0 && (
              <rect className="bar-failed" x={x} y={HEIGHT - foot} width={BAR} height={foot} rx={2} />
            )}
          </g>
        );
      })}
    </svg>
  );
}

/** The last days as the calendar here has them, today last. */
export function lastDays(count: number, nowMs: number): string[] {
  const today = new Date(nowMs);
  return Array.from({ length: count }, (_, index) => {
    const day = new Date(today.getFullYear(), today.getMonth(), today.getDate() - (count - 1 - index));
    const two = (value: number) => String(value).padStart(2, '0');
    return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
  });
}
