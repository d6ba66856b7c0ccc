import type { Run } from '../../../shared/run.ts';
import { useAgentView } from '../../agent/agent-context.tsx';
import { Icon } from '../../parts/icon.tsx';
import { lookOf, wordOf } from '../../parts/run-state.tsx';
import { hrefOf } from '../../route.ts';
import { useFormat, useNow, useWords } from '../../words/words-context.tsx';
import { SettleButton } from '../run/settle-button.tsx';

/**
 * Runs whose task waits for a person: it was kept, and no later run here has done it.
 * @param runs ended ones, newest first
 */
export function needsSomebody(runs: readonly Run[]): Run[] {
  const seen = new Set<string>();
  return runs.filter((run) => {
    if (run.taskId === null || seen.has(run.taskId)) return false;
    seen.add(run.taskId);
    return run.outcome !== 'succeeded' && run.settled?.action === 'kept';
  });
}

export function NeedsYou({ runs, onSettled }: { runs: readonly Run[]; onSettled: () => void }) {
  const words = useWords();
  const format = useFormat();
  const now = useNow(10_000);
  const { status } = useAgentView();
  const warnings = status?.warnings ?? [];
  const count = runs.length + warnings.length;
  if (count === 0) return null;
  return (
    <section className="section">
      <div className="section-head">
        <h2>
          {words.now.needsYou} <span className="soft">{count}</span>
        </h2>
      </div>
      <ul className="list">
        {warnings.map((warning) => (
          <li key={warning} className="needs tone-warning">
            <Icon name="alert" />
            <span className="needs-text" lang="en">
              {warning}
            </span>
          </li>
        ))}
        {runs.map((run) => (
          <li key={run.id} className="needs tone-danger">
            <Icon name={lookOf(run).icon} />
            <div className="needs-text">
              <strong>{run.robot.code}</strong> <span className="soft">{wordOf(run, words)}</span>{' '}
              <time
                className="soft"
                dateTime={run.endedAt ?? ''}
                title={format.exact(run.endedAt ?? run.requestedAt)}
              >
                {format.ago(run.endedAt ?? run.requestedAt, now)}
              </time>
              <span className="brief soft" lang="en">
                {run.error?.message}
              </span>
            </div>
            <SettleButton run={run} onSettled={onSettled} />
            <a className="button" href={hrefOf({ view: 'run', id: run.id })}>
              {words.now.why}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
