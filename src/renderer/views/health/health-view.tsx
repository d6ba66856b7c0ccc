import './health.css';
import { useAgentView, useAnswer } from '../../agent/agent-context.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { useFormat, useNow, useWords } from '../../words/words-context.tsx';
import { About } from './about.tsx';
import { CheckList } from './check-list.tsx';
import { DiskUseSection } from './disk-use.tsx';
import { type Check, listChecks, listMachineChecks } from './list-checks.ts';

const ASK_EVERY_MS = 5000;

/** What is well here and what is not, and what to do about it. */
export function HealthView() {
  const words = useWords();
  const format = useFormat();
  const view = useAgentView();
  const tick = useNow(ASK_EVERY_MS);
  // Events tell what changes; when a source last looked is no change, so it is asked for.
  const asked = useAnswer('status', undefined, tick);
  const doctor = useAnswer('doctor', undefined);
  const status = asked.data ?? view.status;
  if (status === null) return null;
  const checks = listChecks(status, words, format, tick);
  const machine = listMachineChecks(doctor.data?.checks ?? [], words);
  const problems = [...checks, ...machine].filter(isProblem).length;
  return (
    <div className="view">
      <header className="view-head">
        <span className={`mark tone-${problems === 0 ? 'success' : 'warning'}`}>
          <Icon name={problems === 0 ? 'check' : 'alert'} />
        </span>
        <h1>{problems === 0 ? words.health.good : words.health.problems(problems)}</h1>
      </header>
      <CheckList checks={checks} />
      <section className="section">
        <div className="section-head">
          <h2>{words.health.machine}</h2>
          {doctor.data && (
            <span className="soft small">{words.health.lookedAt(format.ago(doctor.data.at, tick))}</span>
          )}
          <button type="button" className="button button-quiet" onClick={doctor.again}>
            <Icon name="again" />
            {words.health.lookAgain}
          </button>
        </div>
        <Failure error={doctor.error} onAgain={doctor.again} />
        {doctor.data === null ? (
          doctor.error === null && <p className="soft appear-late">{words.health.looking}</p>
        ) : (
          <CheckList checks={machine} />
        )}
      </section>
      <DiskUseSection />
      <About status={status} report={doctor.data} problems={[...checks, ...machine].filter(isProblem)} />
    </div>
  );
}

function isProblem({ state }: Check): boolean {
  return state !== 'good';
}
