import './robots.css';
import { useState } from 'react';
import type { RobotView } from '../../../shared/status.ts';
import { useAgent, useAgentView, useAnswer, useOrder } from '../../agent/agent-context.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { goTo } from '../../route.ts';
import { useNow, useWords } from '../../words/words-context.tsx';
import { LimitsDialog } from './limits-dialog.tsx';
import { RobotRow } from './robot-row.tsx';
import { StartDialog } from './start-dialog.tsx';

/** The agent tells of no change in its catalogue: it is asked again. */
const ASK_EVERY_MS = 5000;

type Sheet = { readonly name: 'start' | 'limits'; readonly robot: RobotView };

/** What can run here, and what cannot, and why. */
export function RobotsView({ proposed }: { proposed: string | null }) {
  const words = useWords();
  const { client } = useAgent();
  const { liveRuns, endings, progress } = useAgentView();
  const [search, setSearch] = useState('');
  const [sheet, setSheet] = useState<Sheet | null>(null);
  const tick = useNow(ASK_EVERY_MS);
  const states = liveRuns.map(({ state }) => state).join();
  const robots = useAnswer('robots', undefined, `${tick} ${endings} ${states} ${progress.size}`);
  const runs = useAnswer('runs', { limit: 200, before: null, state: 'ended', robot: null }, endings);
  const prepare = useOrder(async (code: string) => {
    const asked = client.call('prepare', { code });
    robots.again();
    await asked.finally(robots.again);
  });
  const refresh = useOrder(async () => {
    await client.call('reconnect');
    robots.again();
  });
  // Somebody proposed a robot, by a link or in the tray; whether it starts is decided here.
  const proposedRobot = robots.data?.find(({ code }) => code === proposed);
  const isProposed = proposedRobot !== undefined && sheet === null;
  const wanted = search.trim().toLowerCase();
  const shown = (robots.data ?? []).filter(({ code, name }) =>
    `${code} ${name}`.toLowerCase().includes(wanted),
  );
  return (
    <div className="view">
      <header className="view-head">
        <h1>{words.robots.title}</h1>
        <SearchField label={words.robots.search} value={search} onChange={setSearch} />
      </header>
      <Failure error={robots.error} onAgain={robots.again} />
      <Failure error={prepare.error} onDismiss={prepare.forget} />
      {robots.data?.length === 0 && (
        <Empty
          icon="robots"
          title={words.robots.emptyTitle}
          action={
            <button
              type="button"
              className="button button-main"
              disabled={refresh.isUnderWay}
              onClick={() => void refresh.give()}
            >
              {words.robots.refresh}
            </button>
          }
        >
          {words.robots.empty}
        </Empty>
      )}
      {shown.length > 0 && (
        <ul className="list">
          {shown.map((robot) => (
            <RobotRow
              key={robot.id}
              robot={robot}
              progress={progress.get(robot.code)}
              lastRun={runs.data?.find((run) => run.robot.code === robot.code)}
              onStart={() => setSheet({ name: 'start', robot })}
              onPrepare={() => void prepare.give(robot.code)}
              onLimits={() => setSheet({ name: 'limits', robot })}
            />
          ))}
        </ul>
      )}
      {robots.data === null && robots.error === null && <p className="soft appear-late">{words.loading}</p>}
      {sheet?.name === 'start' && (
        <StartDialog robot={sheet.robot} operation={null} taskId={null} onClose={() => setSheet(null)} />
      )}
      {isProposed && (
        <StartDialog
          robot={proposedRobot}
          operation={null}
          taskId={null}
          onClose={() => goTo({ view: 'robots' })}
        />
      )}
      {sheet?.name === 'limits' && <LimitsDialog robot={sheet.robot} onClose={() => setSheet(null)} />}
    </div>
  );
}
