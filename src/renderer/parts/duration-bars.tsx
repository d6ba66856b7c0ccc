import type { Run } from '../../shared/run.ts';
import { useFormat, useWords } from '../words/words-context.tsx';

const GAP = 2;
const BAR = 6;
const HEIGHT = 40;
const MOST = 60;
/** Fewer say nothing that the rows do not. */
const LEAST = 3;

/** How long runs took, oldest left, and what is usual: of the newest that came so far as to have a duration. */
export function DurationBars({ runs }: { runs: readonly Run[] }) {
  const { runs: words } = useWords();
  const format = useFormat();
  const measured = runs
    .flatMap(({ id, robot, durationMs, outcome }) =>
      durationMs === null ? [] : [{ id, code: robot.code, durationMs, isWell: outcome === 'succeeded' }],
    )
    .slice(0, MOST)
    .reverse();
  if (measured.length < LEAST) return null;
  const longest = Math.max(1, ...measured.map(({ durationMs }) => durationMs));
  const summary = words.durations(
    format.duration(medianOf(measured.map(({ durationMs }) => durationMs))),
    format.duration(longest),
  );
  return (
    <figure className="durations">
      <svg
        className="duration-bars"
        viewBox={`0 0 ${measured.length * (BAR + GAP) - GAP} ${HEIGHT}`}
        width={measured.length * (BAR + GAP) - GAP}
        role="img"
        aria-label={summary}
      >
        {measured.map(({ id, code, durationMs, isWell }, index) => {
          const height = Math.max(2, (durationMs / longest) * HEIGHT);
          return (
            <rect
              key={id}
              className={isWell ? 'bar-ok' : 'bar-failed'}
              x={index * (BAR + GAP)}
              y={HEIGHT - height}
              width={BAR}
              height={height}
              rx={1}
            >
              <title>{`${code} ${format.duration(durationMs)}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption className="soft small">{summary}</figcaption>
    </figure>
  );
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
