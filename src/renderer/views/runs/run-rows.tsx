import './runs.css';
import type { Run } from '../../../shared/run.ts';
import { RunState } from '../../parts/run-state.tsx';
import { hrefOf } from '../../route.ts';
import { useFormat, useNow, useWords } from '../../words/words-context.tsx';

export function RunRows({ runs }: { runs: readonly Run[] }) {
  const { sources } = useWords();
  const format = useFormat();
  const now = useNow(10_000);
  return (
    <ul className="list">
      {runs.map((run) => (
        <li key={run.id} data-row>
          <a className="run-row" href={hrefOf({ view: 'run', id: run.id })} data-row-main>
            <span>
              <RunState run={run} />
            </span>
            <span className="run-name cut">
              <strong>{run.robot.code}</strong>{' '}
              <span className="soft">{[run.operation, sources[run.source]].filter(Boolean).join(' · ')}</span>
            </span>
            <time className="soft" dateTime={run.requestedAt} title={format.exact(run.requestedAt)}>
              {format.ago(run.requestedAt, now)}
            </time>
            <span className="run-took">{run.durationMs === null ? '' : format.duration(run.durationMs)}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
