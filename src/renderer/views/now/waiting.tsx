import type { CourtesyNext } from '../../../shared/courtesy.ts';
import type { Run } from '../../../shared/run.ts';
import type { WaitingTask } from '../../../shared/waiting-task.ts';
import type { Words } from '../../../shared/words/en.ts';
import type { Format } from '../../../shared/words/format.ts';
import { useAgentView, useAnswer } from '../../agent/agent-context.tsx';
import { ProgressBar } from '../../parts/progress-bar.tsx';
import { RunState } from '../../parts/run-state.tsx';
import { hrefOf } from '../../route.ts';
import { useFormat, useNow, useWords } from '../../words/words-context.tsx';
import { StopButton } from '../run/stop-button.tsx';
import { StartNowButton } from './courtesy-card.tsx';

const MOST_TASKS = 10;

/** What waits, and for what: runs, then tasks that have none yet. */
export function Waiting({ runs, tasks }: { runs: readonly Run[]; tasks: readonly WaitingTask[] }) {
  const { now: words } = useWords();
  const count = runs.length + tasks.length;
  if (count === 0) return null;
  return (
    <section className="section">
      <div className="section-head">
        <h2>
          {words.waiting} <span className="soft">{count}</span>
        </h2>
      </div>
      <ul className="list">
        {runs.map((run) => (
          <WaitingRun key={run.id} run={run} />
        ))}
        {tasks.slice(0, MOST_TASKS).map((task) => (
          <WaitingTaskRow key={task.taskId} task={task} />
        ))}
        {tasks.length > MOST_TASKS && (
          <li className="waiting soft">{words.moreWaiting(tasks.length - MOST_TASKS)}</li>
        )}
      </ul>
    </section>
  );
}

function WaitingRun({ run }: { run: Run }) {
  const format = useFormat();
  const now = useNow(10_000);
  const words = useWords();
  const { progress, status } = useAgentView();
  const courtesy = status?.courtesy ?? null;
  const next = courtesy?.next?.runId === run.id ? courtesy.next : null;
  const why = useAnswer('why', { id: run.taskId ?? run.id }, `${run.state} ${JSON.stringify(courtesy)}`);
  const said = why.data?.decisions.filter(({ decision }) => decision === 'postponed').at(-1)?.message;
  const preparing = progress.get(run.robot.code);
  return (
    <li className="waiting">
      <a href={hrefOf({ view: 'run', id: run.id })}>{run.robot.code}</a>
      <RunState run={run} />
      <span className="waiting-why soft brief">
        {run.state === 'preparing' && preparing
          ? preparing.step
          : next !== null
            ? courtesyText(next, words, format, now)
            : said
              ? format.sentence(said, now)
              : words.now.waitingUnknown}
      </span>
      {run.state === 'preparing' && <ProgressBar progress={preparing} />}
      <time className="soft small" dateTime={run.requestedAt} title={format.exact(run.requestedAt)}>
        {format.ago(run.requestedAt, now)}
      </time>
      {next !== null && <StartNowButton next={next} />}
      <StopButton run={run} />
    </li>
  );
}

/** What a desktop run waits for of the person; the countdown has its own card. */
function courtesyText(next: CourtesyNext, { courtesy }: Words, format: Format, now: number): string {
  const { waitsFor, until } = next;
  if (waitsFor === 'countdown') return courtesy.label;
  if (waitsFor !== 'postponement') return courtesy.waits[waitsFor];
  return courtesy.waits.postponement(until === null ? '' : format.moment(until, now));
}

function WaitingTaskRow({ task }: { task: WaitingTask }) {
  const { now: words } = useWords();
  const format = useFormat();
  const now = useNow(10_000);
  return (
    <li className="waiting">
      <strong>{task.robot}</strong>
      <span className="waiting-why soft brief" lang="en">
        {task.message ? format.sentence(task.message, now) : words.waitingUnknown}
      </span>
      {task.dueAt !== null && (
        <time className="soft small" dateTime={task.dueAt} title={format.exact(task.dueAt)}>
          {words.dueAt(format.moment(task.dueAt, now))}
        </time>
      )}
    </li>
  );
}
