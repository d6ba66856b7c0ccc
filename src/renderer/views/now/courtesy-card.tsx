import { type CourtesyNext, postponeChoices } from '../../../shared/courtesy.ts';
import type { Run } from '../../../shared/run.ts';
import { useAgent, useOrder } from '../../agent/agent-context.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { hrefOf } from '../../route.ts';
import { useFormat, useNow, useWords } from '../../words/words-context.tsx';
import { StopButton } from '../run/stop-button.tsx';

/** A robot that is about to work on this screen, and what the person before it can say to that. */
export function CourtesyCard({ next, run }: { next: CourtesyNext; run: Run }) {
  const words = useWords();
  const format = useFormat();
  const now = useNow(250);
  const { client, store } = useAgent();
  const order = useOrder(store.order);
  const { runId: id } = next;
  const leftMs = next.until === null ? 0 : Date.parse(next.until) - now;
  const choices = postponeChoices(next, now);
  return (
    <section aria-label={words.courtesy.label}>
      <div className="courtesy">
        <div className="courtesy-text">
          <p className="courtesy-head">
            <a href={hrefOf({ view: 'run', id })}>{next.robot}</a> <span>{words.courtesy.startsIn}</span>{' '}
            <time dateTime={next.until ?? undefined} role="timer">
              {format.stopwatch(Math.ceil(leftMs / 1000) * 1000)}
            </time>
          </p>
          <p className="soft">
            {words.courtesy.usesScreen} {choices.length === 0 && words.courtesy.noLonger}
          </p>
        </div>
        <div className="courtesy-offers">
          <button
            type="button"
            className="button button-main"
            disabled={order.isUnderWay}
            onClick={() => void order.give(() => client.call('startNow', { id }))}
          >
            <Icon name="play" filled />
            {words.courtesy.startNow}
          </button>
          {choices.map((forMs) => (
            <button
              key={forMs}
              type="button"
              className="button"
              disabled={order.isUnderWay}
              onClick={() => void order.give(() => client.call('postpone', { id, forMs }))}
            >
              {words.courtesy.inMinutes(forMs / 60_000)}
            </button>
          ))}
          <StopButton run={run} />
        </div>
      </div>
      <Failure error={order.error} onDismiss={order.forget} />
    </section>
  );
}

/** Lets a robot begin that waits for the person. */
export function StartNowButton({ next }: { next: CourtesyNext }) {
  const { courtesy: words } = useWords();
  const { client, store } = useAgent();
  const start = useOrder(() => store.order(() => client.call('startNow', { id: next.runId })));
  return (
    <button
      type="button"
      className="button"
      disabled={start.isUnderWay}
      title={start.error?.message}
      onClick={() => void start.give()}
    >
      <Icon name="play" filled />
      {words.startNow}
    </button>
  );
}
