import { type RefObject, useEffect, useLayoutEffect, useState } from 'react';
import type { LogLine } from '../../../shared/run.ts';
import { useFormat } from '../../words/words-context.tsx';
import type { LogBook } from './log-book.ts';

/** As --log-line says. */
export const LINE_HEIGHT = 20;
/** Lines above and below what is in sight. */
const MARGIN = 20;

/** The lines in sight, of any number: every line is as high as another, so a line's place follows from its number. */
export function LogLines({
  book,
  version,
  place,
  isFollowing,
  onScrollAway,
  label,
}: {
  book: LogBook;
  version: number;
  place: RefObject<HTMLDivElement | null>;
  isFollowing: boolean;
  onScrollAway: () => void;
  label: string;
}) {
  const format = useFormat();
  const [view, setView] = useState({ top: 0, height: 600 });
  const count = book.shownLength;
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const look = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => observer.disconnect();
  }, [place]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` says that there are more lines
  useLayoutEffect(() => {
    if (isFollowing && place.current) place.current.scrollTop = place.current.scrollHeight;
  }, [isFollowing, version, count, place]);
  const first = Math.max(0, Math.floor(view.top / LINE_HEIGHT) - MARGIN);
  const last = Math.min(count, Math.ceil((view.top + view.height) / LINE_HEIGHT) + MARGIN);
  const lines: LogLine[] = [];
  for (let index = first; index < last; index++) {
    const line = book.shownAt(index);
    if (line) lines.push(line);
  }
  return (
    <section
      className="log-lines"
      ref={place}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys
      tabIndex={0}
      aria-label={label}
      data-testid="log-lines"
      onWheel={(event) => event.deltaY < 0 && onScrollAway()}
      onKeyDown={(event) => ['ArrowUp', 'PageUp', 'Home'].includes(event.key) && onScrollAway()}
      onScroll={(event) =>
        setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })
      }
    >
      <div className="log-sheet" style={{ height: count * LINE_HEIGHT }}>
        <ol className="log-window" style={{ transform: `translateY(${first * LINE_HEIGHT}px)` }}>
          {lines.map((line) => (
            <li key={line.seq} className={`log-line log-${line.level} log-from-${line.stream}`}>
              <time dateTime={line.time} title={format.exact(line.time)}>
                {format.clock(line.time)}
              </time>
              {line.level !== 'INFO' && <span className="heard">{line.level}</span>}
              <span>{withoutControls(line.text)}</span>
            </li>
          ))}
        </ol>
      </div>
    </section>
  );
}

/** Colours and cursor moves of terminals mean nothing here. */
function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '').replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
}
