import './now.css';
import { useAgentView, useAnswer } from '../../agent/agent-context.tsx';
import { Empty } from '../../parts/empty.tsx';
import { hrefOf } from '../../route.ts';
import { useNow, useWords } from '../../words/words-context.tsx';
import { RunRows } from '../runs/run-rows.tsx';
import { CourtesyCard } from './courtesy-card.tsx';
import { Hero } from './hero.tsx';
import { LiveRun } from './live-run.tsx';
import { NeedsYou, needsSomebody } from './needs-you.tsx';
import { Today } from './today.tsx';
import { Waiting } from './waiting.tsx';

const LOOK_BACK = 50;
const SHOWN = 5;
/** Nothing tells of tasks that the inbox left. */
const LOOK_MS = 5000;

/** Is it working, what is it doing, does it need me: in this order, without a click. */
export function NowView() {
  const words = useWords();
  const { liveRuns, endings, status } = useAgentView();
  const recent = useAnswer('runs', { limit: LOOK_BACK, before: null, state: 'ended', robot: null }, endings);
  const beat = Math.floor(useNow(LOOK_MS) / LOOK_MS);
  const tasks = useAnswer('waiting', undefined, `${endings} ${liveRuns.length} ${beat}`);
  const working = liveRuns.filter(({ state }) => state === 'running' || state === 'settling');
  const next = status?.courtesy?.next ?? null;
  const counted = next?.waitsFor === 'countdown' ? liveRuns.find(({ id }) => id === next.runId) : undefined;
  const waiting = liveRuns.filter(
    (run) => (run.state === 'queued' || run.state === 'preparing') && run !== counted,
  );
  const ended = recent.data ?? [];
  const isNew = recent.data !== null && ended.length === 0 && liveRuns.length === 0;
  return (
    <div className="view">
      <Hero />
      {next !== null && counted !== undefined && <CourtesyCard next={next} run={counted} />}
      {working.length > 0 && (
        <section className="section" aria-label={words.now.running}>
          <div>
            {working.map((run) => (
              <LiveRun key={run.id} run={run} />
            ))}
          </div>
        </section>
      )}
      <NeedsYou runs={needsSomebody(ended)} onSettled={recent.again} />
      <Waiting runs={waiting} tasks={tasks.data ?? []} />
      {ended.length > 0 && <Today version={endings} />}
      {isNew && (
        <Empty
          icon="robots"
          title={words.now.emptyTitle}
          action={
            <a className="button button-main" href={hrefOf({ view: 'robots' })}>
              {words.now.chooseRobot}
            </a>
          }
        >
          {words.now.empty}
        </Empty>
      )}
      {ended.length > 0 && (
        <section className="section">
          <div className="section-head">
            <h2>{words.now.recent}</h2>
            <a href={hrefOf({ view: 'runs' })}>{words.now.all}</a>
          </div>
          <RunRows runs={ended.slice(0, SHOWN)} />
        </section>
      )}
    </div>
  );
}
