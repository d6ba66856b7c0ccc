import type { RunDetails } from '../../../shared/run.ts';
import { useAgentView, useAnswer } from '../../agent/agent-context.tsx';
import { Icon, type IconName } from '../../parts/icon.tsx';
import { lookOf, wordOf } from '../../parts/run-state.tsx';
import { useFormat, useWords } from '../../words/words-context.tsx';

/** From asked for to ended, each step with how long it took. */
export function Steps({ run, nowMs }: { run: RunDetails; nowMs: number }) {
  const words = useWords();
  const format = useFormat();
  return (
    <section>
      <h2>{words.run.steps}</h2>
      <ol className="steps">
        {run.timeline.map(({ at, state }, index) => {
          const next = run.timeline[index + 1];
          const isLast = next === undefined;
          const { tone, icon } = isLast ? lookOf({ state, outcome: run.outcome }) : DONE;
          const until = next === undefined ? nowMs : Date.parse(next.at);
          return (
            <li key={`${state} ${at}`} className={`tone-${tone}`}>
              <span className="step-mark">
                <Icon name={icon} />
              </span>
              <span>{isLast ? wordOf({ state, outcome: run.outcome }, words) : words.states[state]}</span>
              <time className="soft small step-took" dateTime={at} title={format.exact(at)}>
                {state === 'ended' ? format.clock(at) : format.duration(Math.max(0, until - Date.parse(at)))}
              </time>
            </li>
          );
        })}
      </ol>
      {run.settled && <p className="soft small">{words.settled[run.settled.action]}</p>}
    </section>
  );
}

const DONE: { tone: 'success'; icon: IconName } = { tone: 'success', icon: 'check' };

/** Why it ran, and why it ended as it did. */
export function Reasons({ run }: { run: RunDetails }) {
  const { run: words } = useWords();
  const format = useFormat();
  const { endings } = useAgentView();
  const { data, error } = useAnswer('why', { id: run.taskId ?? run.id }, `${run.state} ${endings}`);
  const isUndecided = (data !== null && data.decisions.length === 0) || error?.code === 'RUN_NOT_FOUND';
  return (
    <section>
      <h2>{words.why}</h2>
      {isUndecided && <p className="soft">{words.noReasons}</p>}
      <ol className="reasons">
        {data?.decisions.map((decision) => (
          <li key={`${decision.at} ${decision.code} ${decision.message}`}>
            <strong>{words.decisions[decision.decision]}</strong>{' '}
            <time className="soft small" dateTime={decision.at} title={format.exact(decision.at)}>
              {format.clock(decision.at)}
            </time>
            <span className="small soft" lang="en">
              {format.sentence(decision.message, Date.now())}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** What it asked KuFlow for, where else it went, and what it took. */
export function Touched({ run }: { run: RunDetails }) {
  const { run: words } = useWords();
  const format = useFormat();
  const { touched } = run;
  const calls = touched?.api.calls ?? 0;
  const taken = [
    touched?.peakMemoryBytes == null ? null : words.memory(format.bytes(touched.peakMemoryBytes)),
    touched?.cpuTimeMs == null ? null : words.processor(format.duration(touched.cpuTimeMs)),
  ].filter((part) => part !== null);
  return (
    <section>
      <h2>{words.touched}</h2>
      <p className="soft">{calls === 0 ? words.noCalls : words.calls(calls)}</p>
      <ul className="calls small">
        {touched?.api.operations.map(({ operationId, verdict, times }) => (
          <TouchedLine
            key={`${operationId} ${verdict}`}
            name={operationId ?? words.otherCall}
            isRefused={verdict === 'refused'}
            count={times}
          />
        ))}
        {touched?.hosts?.map(({ host, port, verdict }) => (
          <TouchedLine key={`${host}:${port}`} name={`${host}:${port}`} isRefused={verdict === 'refused'} />
        ))}
        {touched?.programs?.map(({ name, count }) => (
          <TouchedLine key={name} name={name} isRefused={false} count={count} />
        ))}
      </ul>
      {taken.length > 0 && <p className="soft small">{taken.join(', ')}</p>}
    </section>
  );
}

function TouchedLine({ name, isRefused, count }: { name: string; isRefused: boolean; count?: number }) {
  const { run: words } = useWords();
  return (
    <li className={isRefused ? 'call-refused' : undefined}>
      <span className="cut" title={name}>
        {name}
      </span>
      <span>{isRefused ? words.refused : count !== undefined && `× ${count}`}</span>
    </li>
  );
}

export function Facts({ run }: { run: RunDetails }) {
  const { run: words } = useWords();
  const format = useFormat();
  const runtimes = Object.entries(run.runtimes).map(([name, version]) => `${name} ${version}`);
  const { achieved, missing } = run.sandbox;
  const facts: [string, string | null][] = [
    [words.runId, run.id],
    [words.task, run.taskId],
    [words.attempt, run.taskId === null ? null : format.number(run.attempt)],
    [words.revision, run.robot.revision?.slice(0, 12) ?? null],
    [words.runtimes, runtimes.join(', ') || null],
    [
      words.isolation,
      missing.length === 0 ? achieved : `${achieved}, ${words.isolationMissing(missing.join(', '))}`,
    ],
    [words.sent, words.sentEntries(format.number(run.log.entriesSent), format.number(run.log.linesLeftOut))],
    [words.exit, run.signal ?? (run.exitCode === null ? null : words.exitCode(run.exitCode))],
  ];
  return (
    <section>
      <h2>{words.facts}</h2>
      <dl className="facts small">
        {facts.map(
          ([name, value]) =>
            value !== null && (
              <div key={name} className="fact">
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </section>
  );
}
