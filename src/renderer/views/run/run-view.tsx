import './run.css';
import { useState } from 'react';
import type { RunDetails } from '../../../shared/run.ts';
import { useAgentView, useAnswer } from '../../agent/agent-context.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Hint } from '../../parts/hint.tsx';
import { Icon } from '../../parts/icon.tsx';
import { RunState } from '../../parts/run-state.tsx';
import { hrefOf } from '../../route.ts';
import { useFormat, useNow, useWords } from '../../words/words-context.tsx';
import { StartDialog } from '../robots/start-dialog.tsx';
import { Files } from './files.tsx';
import { LogPanel } from './log-panel.tsx';
import { Facts, Reasons, Steps, Touched } from './run-side.tsx';
import { SettleButton } from './settle-button.tsx';
import { StopButton } from './stop-button.tsx';

/** One run: its steps and reasons on the left, what it says on the right. */
export function RunView({ id }: { id: string }) {
  const words = useWords();
  const { liveRuns, endings } = useAgentView();
  const live = liveRuns.find((run) => run.id === id);
  const { data, error, again } = useAnswer('run', { id }, `${live?.state} ${live?.settled?.at} ${endings}`);
  if (error?.code === 'RUN_NOT_FOUND') {
    return (
      <Empty
        icon="runs"
        title={words.run.notFound}
        action={
          <a className="button" href={hrefOf({ view: 'runs' })}>
            {words.run.back}
          </a>
        }
      />
    );
  }
  if (data === null) {
    return (
      <div className="view">
        <Failure error={error} onAgain={again} />
        {error === null && <p className="soft appear-late">{words.loading}</p>}
      </div>
    );
  }
  return <KnownRun run={live ? { ...data, ...live } : data} onSettled={again} />;
}

function KnownRun({ run, onSettled }: { run: RunDetails; onSettled: () => void }) {
  const words = useWords();
  const format = useFormat();
  const now = useNow(run.state === 'ended' ? 60_000 : 1000);
  const [isStarting, setStarting] = useState(false);
  return (
    <div className="run">
      <header className="run-head">
        <a
          className="button button-quiet button-icon"
          href={hrefOf({ view: 'runs' })}
          aria-label={words.run.back}
        >
          <Icon name="left" />
        </a>
        <div className="run-title">
          <h1 className="cut">{run.robot.code}</h1>
          <span className="soft cut">{run.operation}</span>
        </div>
        <RunState run={run} />
        <span className="soft">
          {run.durationMs !== null
            ? format.duration(run.durationMs)
            : run.startedAt && format.stopwatch(now - Date.parse(run.startedAt))}
        </span>
        <StopButton run={run} />
        <SettleButton run={run} onSettled={onSettled} />
        {run.state === 'ended' && (
          <button type="button" className="button" onClick={() => setStarting(true)}>
            <Icon name="again" />
            {words.run.again}
          </button>
        )}
      </header>
      {run.error === null ? <span /> : <RunError run={run} />}
      <div className="run-body">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys */}
        <section className="run-side" tabIndex={0} aria-label={words.run.facts}>
          <Steps run={run} nowMs={now} />
          <Reasons run={run} />
          <Touched run={run} />
          <Files run={run} />
          <Facts run={run} />
        </section>
        <LogPanel run={run} />
      </div>
      {isStarting && (
        <StartDialog
          robot={{ code: run.robot.code, name: run.robot.code }}
          operation={run.operation}
          taskId={run.settled?.action === 'kept' ? run.taskId : null}
          onClose={() => setStarting(false)}
        />
      )}
    </div>
  );
}

function RunError({ run: { error, outcome } }: { run: RunDetails }) {
  const { run: words } = useWords();
  if (error === null) return null;
  return (
    <div className={`notice tone-${outcome === 'cancelled' ? 'idle' : 'danger'}`}>
      <Icon name={outcome === 'cancelled' ? 'slash' : 'alert'} />
      <div className="notice-text">
        <span lang="en">{error.message}</span>
        {error.hint && (
          <span className="soft">
            {words.hint}: <Hint error={error} />
          </span>
        )}
      </div>
      <code className="code">{error.code}</code>
    </div>
  );
}
