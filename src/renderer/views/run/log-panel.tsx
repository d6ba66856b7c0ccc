import './log.css';
import { useEffect, useRef, useState } from 'react';
import { LOG_LEVELS, type LogLevel, type Run } from '../../../shared/run.ts';
import { Failure } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { saveFile } from '../../parts/save-file.ts';
import { SearchField } from '../../parts/search-field.tsx';
import { useFormat, useWords } from '../../words/words-context.tsx';
import { EVERYTHING } from './log-book.ts';
import { LINE_HEIGHT, LogLines } from './log-lines.tsx';
import { useLog } from './use-log.ts';

/** What the robot said: its levels, a search, and the end of it as it comes. */
export function LogPanel({ run }: { run: Run }) {
  const { log: words } = useWords();
  const format = useFormat();
  const { book, version, isWhole, error } = useLog(run.id);
  const [filter, setFilter] = useState(EVERYTHING);
  const [isFollowing, setFollowing] = useState(run.state !== 'ended');
  const [isCopied, setCopied] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const [, setFiltered] = useState(0);
  useEffect(() => {
    book.filter(filter);
    setFiltered((count) => count + 1);
  }, [book, filter]);
  const toggle = (level: LogLevel) => {
    const levels = new Set(filter.levels);
    if (!levels.delete(level)) levels.add(level);
    setFilter({ ...filter, levels });
  };
  const firstError = book.firstErrorIndex();
  const shown = book.shownLength;
  return (
    <section className="log" aria-label={words.title}>
      <div className="log-tools">
        <div className="log-levels">
          {LOG_LEVELS.map((level) => (
            <button
              key={level}
              type="button"
              className={`chip chip-${level}`}
              aria-pressed={filter.levels.has(level)}
              onClick={() => toggle(level)}
            >
              {words.levels[level]} <span className="chip-count">{format.number(book.counts[level])}</span>
            </button>
          ))}
        </div>
        <SearchField
          label={words.search}
          value={filter.search}
          onChange={(search) => setFilter({ ...filter, search })}
        />
      </div>
      <Failure error={error} />
      {shown > 0 ? (
        <LogLines
          book={book}
          version={version}
          place={place}
          isFollowing={isFollowing}
          onScrollAway={() => setFollowing(false)}
          label={words.title}
        />
      ) : (
        <p className="log-none soft">
          {book.length > 0
            ? words.nothingFits
            : run.state !== 'ended'
              ? words.empty
              : isWhole || error
                ? words.emptyEnded
                : words.loading}
        </p>
      )}
      <div className="log-foot">
        <span className="soft small" data-testid="log-count">
          {shown === book.length
            ? words.lines(format.number(book.length))
            : words.shown(format.number(shown), format.number(book.length))}
        </span>
        <div className="log-actions">
          {firstError !== null && (
            <Tool
              icon="alert"
              label={words.firstError}
              onClick={() => {
                setFollowing(false);
                place.current?.scrollTo({ top: Math.max(0, firstError - 2) * LINE_HEIGHT });
              }}
            />
          )}
          <Tool
            icon="follow"
            label={words.follow}
            isPressed={isFollowing}
            isFollow
            onClick={() => setFollowing(!isFollowing)}
          />
          <Tool
            icon={isCopied ? 'check' : 'copy'}
            label={words.copy}
            onClick={() => {
              void navigator.clipboard.writeText(book.text()).then(() => setCopied(true));
            }}
          />
          <Tool
            icon="save"
            label={words.save}
            onClick={() => saveFile([book.text()], words.saveName(run.id.slice(-8)), 'text/plain')}
          />
        </div>
      </div>
    </section>
  );
}

function Tool({
  icon,
  label,
  onClick,
  isPressed,
  isFollow,
}: {
  icon: 'alert' | 'follow' | 'copy' | 'check' | 'save';
  label: string;
  onClick: () => void;
  isPressed?: boolean;
  isFollow?: boolean;
}) {
  return (
    <button
      type="button"
      className="button button-quiet button-icon"
      title={label}
      aria-label={label}
      aria-pressed={isPressed}
      data-follow={isFollow}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
