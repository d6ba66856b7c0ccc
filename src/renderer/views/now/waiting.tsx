import type { Run } from '../../../shared/run.ts';
import { useAgentView, useAnswer } from '../../agent/agent-context.tsx';
import { RunState } from '../../parts/run-state.tsx';
import { hrefOf } from '../../route.ts';
import { useFormat, useNow, useWords } from '../../words/words-context.tsx';
import { StopButton } from '../run/stop-button.tsx';

/** What waits, and for what. */
export function Waiting({ runs }: { runs: readonly Run[] }) {
  const { now: words } = useWords();
  if (runs.length === 0) return null;
  return (
    <section className="section">
      <div className="section-head">
        <h2>
          {words.waiting} <span className="soft">{runs.length}</span>
        </h2>
      </div>
      <ul className="list">
        {runs.map((run) => (
          <WaitingRun key={run.id} run={run} />
        ))}
      </ul>
    </section>
  );
}

function WaitingRun({ run }: { run: Run }) {
  const { now: words } = useWords();
  const format = useFormat();
  const now = useNow(10_000);
  const { progress } = useAgentView();
  const why = useAnswer('why', { id: run.taskId ?? run.id }, run.state);
  const preparing = progress.get(run.robot.code);
  const isMeasured = preparing?.bytes != null && preparing.totalBytes !== null && preparing.totalBytes > 0;
  const share = isMeasured ? (preparing.bytes ?? 0) / (preparing.totalBytes ?? 1) : null;
  return (
    <li className="waiting">
      <a href={hrefOf({ view: 'run', id: run.id })}>{run.robot.code}</a>
      <RunState run={run} />
      <span className="waiting-why soft cut">
        {run.state === 'preparing' && preparing
          ? preparing.step
          : (why.data?.decisions.findLast(({ decision }) => decision === 'postponed')?.message ??
            words.waitingUnknown)}
      </span>
      {run.state === 'preparing' && share !== null && (
        <span
          className="progress"
          role="progressbar"
          aria-label={preparing?.step}
          aria-valuenow={Math.floor(share * 100)}
        >
          <span style={{ width: `${share * 100}%` }} />
        </span>
      )}
      <time className="soft small" dateTime={run.requestedAt} title={format.exact(run.requestedAt)}>
        {format.ago(run.requestedAt, now)}
      </time>
      <StopButton run={run} />
    </li>
  );
}
