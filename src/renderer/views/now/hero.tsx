import { type Presence, presenceOf } from '../../../shared/client/presence.ts';
import { assertNever } from '../../../shared/errors.ts';
import type { Run } from '../../../shared/run.ts';
import type { Status } from '../../../shared/status.ts';
import { untilTomorrow } from '../../../shared/until-tomorrow.ts';
import type { Words } from '../../../shared/words/en.ts';
import type { Format } from '../../../shared/words/format.ts';
import { useAgent, useAgentView, useMayOrder, useOrder } from '../../agent/agent-context.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { Menu } from '../../parts/menu.tsx';
import { PRESENCE_LOOKS } from '../../parts/presence-look.ts';
import { hrefOf } from '../../route.ts';
import { useFormat, useNow, useWords } from '../../words/words-context.tsx';

/** The one big status, and what to do about it. */
export function Hero() {
  const words = useWords();
  const format = useFormat();
  const now = useNow();
  const view = useAgentView();
  const { client, store, shell } = useAgent();
  const mayOrder = useMayOrder();
  const order = useOrder(store.order);
  const { status } = view;
  if (status === null) return null;
  const presence = presenceOf(view);
  const look = PRESENCE_LOOKS[presence.name];
  const pauseFor = (forMs: number | null) => () =>
    void order.give(() => client.call('pause', { forMs, reason: null }));
  const isHeld = status.pause !== null || status.agent.state === 'draining';
  const isAway = status.connection.state !== 'connected' && presence.name !== 'starting';
  return (
    <>
      <header className="hero">
        <span className={`mark tone-${look.tone}`}>
          <Icon name={look.icon} filled={look.icon === 'play'} />
        </span>
        <div className="hero-text">
          <h1>{headline(status, presence, view.liveRuns, words, format, now)}</h1>
          <p className="soft cut">{whereabouts(status, words)}</p>
          {isAway && (
            <p className="soft">
              {words.status.offlineSince(format.moment(status.connection.since, now))}{' '}
              {nextTry(status, words, format, now)} {words.status.goesOn}
            </p>
          )}
          {status.pause?.reason && <p className="soft">{words.status.pausedFor(status.pause.reason)}</p>}
        </div>
        {shell !== null && presence.name === 'attention' && (
          <a className="button button-main" href={hrefOf({ view: 'set-up' })}>
            {presence.isSignIn ? words.setUp.credentials.signIn : words.setUp.checkCredentials}
          </a>
        )}
        {isAway && mayOrder && (
          <button
            type="button"
            className={presence.name === 'attention' ? 'button' : 'button button-main'}
            disabled={order.isUnderWay}
            onClick={() => void order.give(() => client.call('reconnect'))}
          >
            <Icon name="again" />
            {words.link.tryNow}
          </button>
        )}
        {!mayOrder ? null : isHeld ? (
          <button
            type="button"
            className={isAway ? 'button' : 'button button-main'}
            disabled={order.isUnderWay}
            onClick={() => void order.give(() => client.call('resume'))}
          >
            <Icon name="play" />
            {words.pause.resume}
          </button>
        ) : presence.name === 'attention' || presence.name === 'lost' ? null : (
          <Menu
            isDisabled={order.isUnderWay}
            items={[
              { label: words.pause.for15, onChoose: pauseFor(15 * MINUTE) },
              { label: words.pause.for60, onChoose: pauseFor(60 * MINUTE) },
              { label: words.pause.tomorrow, onChoose: () => pauseFor(untilTomorrow(Date.now()))() },
              { label: words.pause.untilResumed, onChoose: pauseFor(null) },
            ]}
          >
            <Icon name="pause" />
            {words.pause.pause}
            <Icon name="down" />
          </Menu>
        )}
      </header>
      <Failure error={order.error} onDismiss={order.forget} />
    </>
  );
}

const MINUTE = 60_000;

function headline(
  status: Status,
  presence: Presence,
  live: readonly Run[],
  words: Words,
  format: Format,
  now: number,
): string {
  const { status: text } = words;
  switch (presence.name) {
    case 'lost':
      return text.lost;
    case 'attention':
      return presence.isSignIn ? text.signInNeeded : text.unauthorized;
    case 'offline':
      return text.offline;
    case 'paused':
      return status.pause?.until ? text.pausedUntil(format.moment(status.pause.until, now)) : text.paused;
    case 'draining':
      return text.draining;
    case 'running':
      return presence.isPreparing ? text.preparing(presence.runs) : text.running(presence.runs);
    case 'starting':
      return text.starting;
    case 'online':
      return idleText(live, words);
    default:
      return assertNever(presence);
  }
}

/** None is at work: what lives is reported, or has yet to begin. */
function idleText(live: readonly Run[], { status: text }: Words): string {
  if (live.length === 0) return text.idle;
  const queued = live.filter(({ state }) => state === 'queued').length;
  return queued > 0 ? text.waiting(queued) : text.settling;
}

/** `acme.kuflow.com · worker pc-12#4f2a`. */
function whereabouts(status: Status, words: Words): string {
  const host = status.connection.endpoint.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  const worker = status.worker ? words.status.worker(status.worker.identity) : words.status.notRegistered;
  return `${host} · ${worker}`;
}

function nextTry({ connection }: Status, words: Words, format: Format, now: number): string {
  if (connection.nextTryAt === null) return '';
  const waitMs = Date.parse(connection.nextTryAt) - now;
  return waitMs > 0
    ? words.link.nextTry(format.duration(Math.ceil(waitMs / 1000) * 1000))
    : words.link.trying;
}
