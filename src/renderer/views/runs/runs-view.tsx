import { useState } from 'react';
import { useAgentView, useAnswer } from '../../agent/agent-context.tsx';
import { Choice } from '../../parts/choice.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { hrefOf } from '../../route.ts';
import { useWords } from '../../words/words-context.tsx';
import { matchesRun, RUN_FILTERS, type RunFilter } from './match-run.ts';
import { RunRows } from './run-rows.tsx';

const PAGE = 100;
const MOST = 1000;

/** What ran here, newest first. */
export function RunsView() {
  const words = useWords();
  const { liveRuns, endings } = useAgentView();
  const [filter, setFilter] = useState<RunFilter>('all');
  const [search, setSearch] = useState('');
  const [limit, setLimit] = useState(PAGE);
  const { data, error, again } = useAnswer(
    'runs',
    { limit, before: null, state: null, robot: null },
    `${endings} ${liveRuns.length}`,
  );
  const runs = (data ?? []).map((run) => liveRuns.find(({ id }) => id === run.id) ?? run);
  const shown = runs.filter((run) => matchesRun(run, filter, search));
  return (
    <div className="view">
      <header className="view-head">
        <h1>{words.runs.title}</h1>
        <SearchField label={words.runs.search} value={search} onChange={setSearch} />
        <Choice
          label={words.runs.filter}
          value={filter}
          options={RUN_FILTERS.map((value) => ({ value, label: words.runs[value] }))}
          onChange={setFilter}
        />
      </header>
      <Failure error={error} onAgain={again} />
      {shown.length > 0 && <RunRows runs={shown} />}
      {data !== null && runs.length === 0 && (
        <Empty
          icon="runs"
          title={words.runs.emptyTitle}
          action={
            <a className="button button-main" href={hrefOf({ view: 'robots' })}>
              {words.now.chooseRobot}
            </a>
          }
        >
          {words.runs.empty}
        </Empty>
      )}
      {runs.length > 0 && shown.length === 0 && (
        <Empty
          icon="search"
          title={words.runs.nothingFits}
          action={
            <button
              type="button"
              className="button"
              onClick={() => {
                setFilter('all');
                setSearch('');
              }}
            >
              {words.runs.showAll}
            </button>
          }
        />
      )}
      {runs.length === limit && limit < MOST && (
        <button
          type="button"
          className="button run-more"
          onClick={() => setLimit(Math.min(MOST, limit + PAGE))}
        >
          {words.runs.older}
        </button>
      )}
      {data === null && error === null && <p className="soft appear-late">{words.loading}</p>}
    </div>
  );
}
