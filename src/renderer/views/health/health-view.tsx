import './health.css';
import type { Status } from '../../../shared/status.ts';
import { useAgent, useAgentView, useAnswer, useOrder } from '../../agent/agent-context.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { useFormat, useNow, useWords } from '../../words/words-context.tsx';
import { type Check, listChecks } from './list-checks.ts';

const LOOKS = {
  good: { tone: 'success', icon: 'check' },
  unsure: { tone: 'warning', icon: 'alert' },
  bad: { tone: 'danger', icon: 'cross' },
} as const;

const ASK_EVERY_MS = 5000;

/** What is well here and what is not, and what to do about it. */
export function HealthView() {
  const words = useWords();
  const format = useFormat();
  const view = useAgentView();
  const tick = useNow(ASK_EVERY_MS);
  // Events tell what changes; when a source last looked is no change, so it is asked for.
  const asked = useAnswer('status', undefined, tick);
  const status = asked.data ?? view.status;
  if (status === null) return null;
  const checks = listChecks(status, words, format, tick);
  const problems = checks.filter(({ state }) => state !== 'good').length;
  return (
    <div className="view">
      <header className="view-head">
        <span className={`mark tone-${problems === 0 ? 'success' : 'warning'}`}>
          <Icon name={problems === 0 ? 'check' : 'alert'} />
        </span>
        <h1>{problems === 0 ? words.health.good : words.health.problems(problems)}</h1>
      </header>
      <ul className="list">
        {checks.map((check) => (
          <CheckRow key={check.id} check={check} />
        ))}
        <Disk />
      </ul>
      <About status={status} />
    </div>
  );
}

function CheckRow({ check: { title, state, message, fix, isFromAgent } }: { check: Check }) {
  const { tone, icon } = LOOKS[state];
  return (
    <li className="check" data-check={state}>
      <span className={`check-mark tone-${tone}`}>
        <Icon name={icon} />
      </span>
      <div className="check-text">
        <strong>{title}</strong>
        <p className="soft" lang={isFromAgent ? 'en' : undefined}>
          {message}
        </p>
        {fix && <p>{fix}</p>}
      </div>
    </li>
  );
}

/** What lies here beyond its limits. */
function Disk() {
  const { health } = useWords();
  const format = useFormat();
  const { client } = useAgent();
  const { data, again } = useAnswer('prune', { dryRun: true });
  const prune = useOrder(async () => {
    await client.call('prune', { dryRun: false });
    again();
  });
  if (data === null) return null;
  return (
    <li className="check">
      <span className="check-mark tone-success">
        <Icon name="check" />
      </span>
      <div className="check-text">
        <strong>{health.disk}</strong>
        <p className="soft">
          {data.bytes > 0 ? health.diskFree(format.bytes(data.bytes)) : health.diskNothing}
        </p>
        <Failure error={prune.error} onDismiss={prune.forget} />
      </div>
      {data.bytes > 0 && (
        <button
          type="button"
          className="button"
          disabled={prune.isUnderWay}
          onClick={() => void prune.give()}
        >
          {health.prune}
        </button>
      )}
    </li>
  );
}

function About({ status: { agent } }: { status: Status }) {
  const { health } = useWords();
  const format = useFormat();
  const facts = [
    [health.version, agent.version],
    [health.home, agent.home],
    [health.installation, agent.installationId],
    [health.process, String(agent.pid)],
    [health.up, format.exact(agent.startedAt)],
  ] as const;
  return (
    <section className="section">
      <div className="section-head">
        <h2>{health.about}</h2>
        <button
          type="button"
          className="button button-quiet"
          onClick={() => void navigator.clipboard.writeText(facts.map((fact) => fact.join(': ')).join('\n'))}
        >
          <Icon name="copy" />
          {health.copy}
        </button>
      </div>
      <dl className="about">
        {facts.map(([name, value]) => (
          <div key={name} className="fact">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
