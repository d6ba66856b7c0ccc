import { useEffect, useRef } from 'react';
import { needsSignIn } from '../../../shared/client/presence.ts';
import type { Status } from '../../../shared/status.ts';
import { useAgent, useAgentView, useAnswer, useHostState } from '../../agent/agent-context.tsx';
import { Icon } from '../../parts/icon.tsx';
import { goTo } from '../../route.ts';
import { useFormat, useNow, useWords } from '../../words/words-context.tsx';
import { hostOf } from './draft.ts';
import type { Wizard } from './use-wizard.ts';

/** After this a person may rather go on than look at it. */
const SLOW_MS = 30_000;
const SHOWN = 5;

/** From what was kept to an agent that is connected by it, or why it is not. */
export function DoneStep({ wizard, at }: { wizard: Wizard; at: string }) {
  const { setUp: words } = useWords();
  const { store } = useAgent();
  const { status, liveRuns } = useAgentView();
  const host = useHostState();
  const now = useNow();
  const heading = useRef<HTMLHeadingElement>(null);
  const isRunning = host?.name === 'running';
  useEffect(() => heading.current?.focus(), []);
  useEffect(() => {
    if (isRunning) store.tryNow();
  }, [isRunning, store]);
  const own = status !== null && status.agent.startedAt >= at ? status : null;
  if (own?.connection.state === 'connected' && own.worker !== null) return <Connected status={own} />;
  const failure = failureOf(own, host);
  /** Robots of the agent that goes; that may take hours. */
  const working = status !== null && own === null && isRunning ? liveRuns.length : 0;
  const isSlow = now - Date.parse(at) > SLOW_MS;
  const text = () => {
    if (own?.connection.state === 'connected') return words.done.registering;
    return working > 0 ? words.done.finishing(working) : words.done.starting;
  };
  if (failure !== null) {
    return (
      <section className="wizard-done" role="alert">
        <span className="mark tone-danger">
          <Icon name="alert" />
        </span>
        <h1>
          {'code' in failure
            ? words.problems[failure.code].what({ host: hostOf(wizard.draft.address), proxy: null })
            : words.done.failed}
        </h1>
        {'said' in failure && (
          <p className="soft" lang="en">
            {failure.said}
          </p>
        )}
        <button type="button" className="button button-main" onClick={() => void wizard.begin('credentials')}>
          {words.back}
        </button>
      </section>
    );
  }
  return (
    <section className="wizard-done" aria-live="polite">
      <span className="mark tone-info">
        <Icon name="wait" />
      </span>
      <h1 ref={heading} tabIndex={-1}>
        {words.done.connecting}
      </h1>
      <p className="soft">{text()}</p>
      {isSlow && working === 0 && <p className="soft">{words.done.slow}</p>}
      {(isSlow || working > 0) && (
        <button type="button" className="button" onClick={() => goTo({ view: 'now' })}>
          {words.done.now}
        </button>
      )}
    </section>
  );
}

/** KuFlow refuses, which has words of its own; else the agent said it. */
type ConnectFailure = { readonly code: 'SIGN_IN_NEEDED' | 'CREDENTIALS_REFUSED' } | { readonly said: string };

function failureOf(own: Status | null, host: ReturnType<typeof useHostState>): ConnectFailure | null {
  if (own?.connection.state === 'unauthorized')
    return { code: needsSignIn(own) ? 'SIGN_IN_NEEDED' : 'CREDENTIALS_REFUSED' };
  return host?.name === 'not-set-up' || host?.name === 'waiting' ? { said: host.message } : null;
}

function Connected({ status }: { status: Status }) {
  const words = useWords();
  const format = useFormat();
  const { data: robots } = useAnswer('robots', undefined, status.agent.state === 'starting');
  const go = useRef<HTMLButtonElement>(null);
  useEffect(() => go.current?.focus(), []);
  const served = (robots ?? []).filter(({ state }) => state !== 'excluded' && state !== 'unsupported');
  return (
    <section className="wizard-done" aria-live="polite">
      <span className="mark tone-success">
        <Icon name="check" />
      </span>
      <h1>{words.setUp.done.connected}</h1>
      <p className="soft cut">
        {hostOf(status.connection.endpoint)}
        {status.worker && ` · ${words.status.worker(status.worker.identity)}`}
      </p>
      {robots !== null && served.length === 0 && <p className="soft">{words.setUp.done.noRobots}</p>}
      {served.length > 0 && (
        <section className="section wizard-first" aria-label={words.setUp.done.robots}>
          <ul className="list">
            {served.slice(0, SHOWN).map((robot) => (
              <li key={robot.id} className="wizard-robot">
                <Icon name="robots" />
                <span className="cut">{robot.name}</span>
                <span className="soft small">{words.robots.states[robot.state]}</span>
              </li>
            ))}
          </ul>
          {served.length > SHOWN && (
            <p className="soft small">
              {words.setUp.done.more(served.length - SHOWN).replace(/\d+/, (n) => format.number(Number(n)))}
            </p>
          )}
        </section>
      )}
      <button type="button" className="button button-main" ref={go} onClick={() => goTo({ view: 'now' })}>
        {words.setUp.done.now}
      </button>
    </section>
  );
}
