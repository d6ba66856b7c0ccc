import { useState } from 'react';
import { Choice } from '../../parts/choice.tsx';
import { DurationBars } from '../../parts/duration-bars.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { hrefOf } from '../../route.ts';
import { useWords } from '../../words/words-context.tsx';
import { RUN_FILTERS, type RunFilter } from './match-run.ts';
import { RunRows } from './run-rows.tsx';
import { useRuns } from './use-runs.ts';

/** What ran here, newest first. */
export function RunsView() {
  const words = useWords();
  const [filter, setFilter] = useState<RunFilter>('all');
  const [search, setSearch] = useState('');
  const { shown, isKnown, hasMore, more, error, again } = useRuns(filter, search);
  const isSifted = filter !== 'all' || search.trim() !== '';
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
      <Failure error={more.error} onDismiss={more.forget} />
      <DurationBars runs={shown} />
      {shown.length > 0 && <RunRows runs={shown} />}
      {isKnown && shown.length === 0 && !isSifted && (
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
      {isKnown && shown.length === 0 && isSifted && (
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
      {hasMore && (
        <button
          type="button"
          className="button run-more"
          disabled={more.isUnderWay}
          onClick={() => void more.give()}
        >
          {words.runs.older}
        </button>
      )}
      {!isKnown && error === null && <p className="soft appear-late">{words.loading}</p>}
    </div>
  );
}
