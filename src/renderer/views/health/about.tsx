import type { DoctorReport } from '../../../shared/doctor.ts';
import type { Status } from '../../../shared/status.ts';
import { Icon } from '../../parts/icon.tsx';
import { useFormat, useWords } from '../../words/words-context.tsx';
import { LicencesButton } from './licences.tsx';
import type { Check } from './list-checks.ts';

/** What somebody who helps wants to know first; nothing of it is secret. */
export function About({
  status: { agent, connection },
  report,
  problems,
}: {
  status: Status;
  report: DoctorReport | null;
  problems: readonly Check[];
}) {
  const { health } = useWords();
  const format = useFormat();
  const facts: [string, string][] = [
    [health.version, agent.version],
    ...(report === null
      ? []
      : ([
          ['Node.js', report.host.node],
          [health.system, `${report.host.system}, ${report.host.arch}`],
        ] satisfies [string, string][])),
    ...windowVersions(navigator.userAgent),
    [health.platform, connection.endpoint],
    [health.home, agent.home],
    [health.installation, agent.installationId],
    [health.process, String(agent.pid)],
    [health.up, format.exact(agent.startedAt)],
  ];
  const text = [
    ...facts.map((fact) => fact.join(': ')),
    ...problems.map(({ title, message }) => `! ${title}: ${message}`),
  ].join('\n');
  return (
    <section className="section">
      <div className="section-head">
        <h2>{health.about}</h2>
        <LicencesButton />
        <button
          type="button"
          className="button button-quiet"
          onClick={() => void navigator.clipboard.writeText(text)}
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

/** Of what the window is drawn by, as it says itself. */
function windowVersions(userAgent: string): [string, string][] {
  return ['Electron', 'Chrome', 'Firefox', 'Version'].flatMap((name): [string, string][] => {
    const version = new RegExp(`${name}/([\\d.]+)`).exec(userAgent)?.[1];
    return version === undefined ? [] : [[name === 'Version' ? 'Safari' : name, version]];
  });
}
