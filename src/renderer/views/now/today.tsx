import { useAnswer } from '../../agent/agent-context.tsx';
import { DayBars, lastDays } from '../../parts/day-bars.tsx';
import { Icon } from '../../parts/icon.tsx';
import { useFormat, useNow, useWords } from '../../words/words-context.tsx';

const DAYS = 14;

/** Today in two numbers, and the days before it. */
export function Today({ version }: { version: number }) {
  const { now: words } = useWords();
  const format = useFormat();
  const now = useNow(60_000);
  const { data } = useAnswer('totals', { days: DAYS }, version);
  const day = lastDays(1, now)[0];
  const today = data?.find((total) => total.day === day);
  // Nothing known is not nothing done.
  const count = (known: number | undefined) => (data === null ? '–' : format.number(known ?? 0));
  return (
    <section className="today" aria-label={words.today}>
      <h2>{words.today}</h2>
      <div className="today-counts">
        <div className="today-count">
          <strong className="tone-success">
            <Icon name="check" />
            {count(today?.succeeded)}
          </strong>
          <span className="soft small">{words.succeeded}</span>
        </div>
        <div className="today-count">
          <strong className="tone-danger">
            <Icon name="cross" />
            {count(today?.failed)}
          </strong>
          <span className="soft small">{words.failed}</span>
        </div>
      </div>
      <div className="today-days">
        <DayBars totals={data ?? []} days={DAYS} nowMs={now} />
        <span className="soft small">{words.days(DAYS)}</span>
      </div>
    </section>
  );
}
