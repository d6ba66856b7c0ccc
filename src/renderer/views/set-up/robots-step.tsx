import type { SeenRobot } from '../../../shared/connection-check.ts';
import { Empty } from '../../parts/empty.tsx';
import { Icon } from '../../parts/icon.tsx';
import { useFormat, useWords } from '../../words/words-context.tsx';
import { isServed, servedWith } from './draft.ts';
import { Fixed, StepForm } from './parts.tsx';
import type { Wizard } from './use-wizard.ts';

export function RobotsStep({ wizard }: { wizard: Wizard }) {
  const { setUp: all } = useWords();
  const words = all.robots;
  const format = useFormat();
  const { state, draft, change, next, check, lookAgain, isBusy } = wizard;
  const robots = check?.robots ?? [];
  const isFixed = state.settings.robotFilter.fixedBy !== null;
  const able = robots.filter(({ canRun }) => canRun);
  const isNone = !draft.servesAll && draft.served.length === 0;
  return (
    <StepForm
      wizard={wizard}
      step="robots"
      title={words.title}
      isWhole={!isNone || robots.length === 0}
      onSubmit={next}
      submit={all.next}
      busy={all.checking}
      aside={
        <button
          type="button"
          className="button button-quiet"
          disabled={isBusy}
          onClick={() => void lookAgain()}
        >
          <Icon name="again" />
          {words.again}
        </button>
      }
    >
      {robots.length === 0 ? (
        <Empty icon="robots" title={words.emptyTitle}>
          {words.empty}
        </Empty>
      ) : (
        <>
          <Fixed setting={state.settings.robotFilter} />
          <fieldset className="wizard-group" disabled={isFixed}>
            <legend className="heard">{words.title}</legend>
            <label className="wizard-check">
              <input
                type="radio"
                name="served"
                checked={draft.servesAll}
                onChange={() => change({ servesAll: true })}
              />
              <span>
                {words.all} <span className="soft">{words.allHint}</span>
              </span>
            </label>
            <label className="wizard-check">
              <input
                type="radio"
                name="served"
                checked={!draft.servesAll}
                onChange={() => change({ servesAll: false })}
              />
              <span>
                {words.some} {isNone && <span className="wizard-bad">{words.none}</span>}
              </span>
            </label>
          </fieldset>
          <section className="section" aria-label={words.listLabel}>
            <p className="soft small">
              {words.count(able.length, robots.length).replace(/\d+/g, (n) => format.number(Number(n)))}
            </p>
            <ul className="list wizard-robots">
              {[...able, ...robots.filter(({ canRun }) => !canRun)].map((robot) => (
                <RobotLine
                  key={robot.id}
                  robot={robot}
                  isChecked={isServed(robot, draft)}
                  isFixed={isFixed || draft.servesAll}
                  onCheck={(isIn) => change({ served: servedWith(draft.served, robot, robots, isIn) })}
                />
              ))}
            </ul>
          </section>
        </>
      )}
    </StepForm>
  );
}

function RobotLine({
  robot,
  isChecked,
  isFixed,
  onCheck,
}: {
  robot: SeenRobot;
  isChecked: boolean;
  isFixed: boolean;
  onCheck: (isIn: boolean) => void;
}) {
  const { robots: words } = useWords().setUp;
  const { canRun, reason, name, code } = robot;
  return (
    <li>
      <label className="wizard-robot">
        <input
          type="checkbox"
          checked={isChecked && canRun}
          disabled={isFixed || !canRun}
          onChange={({ target }) => onCheck(target.checked)}
        />
        <span className="cut">
          {name} {name !== code && <span className="soft small">{code}</span>}
        </span>
        <span className={`small wizard-robot-state ${canRun ? 'soft' : 'tone-warning'}`}>
          {!canRun && <Icon name="slash" />}
          {reason === null ? words.canRun : words.obstacles[reason.code]}
        </span>
      </label>
    </li>
  );
}
