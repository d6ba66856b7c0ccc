import { useFormat, useWords } from '../../words/words-context.tsx';
import { choicesOf, readReserve, readRuns } from './draft.ts';
import { Field, StepForm } from './parts.tsx';
import type { Wizard } from './use-wizard.ts';

export function MachineStep({ wizard }: { wizard: Wizard }) {
  const { machine: words } = useWords().setUp;
  const format = useFormat();
  const { state, draft, change, check, finish } = wizard;
  const { maxConcurrentRuns, diskReserveBytes } = state.settings;
  const machine = check?.machine ?? null;
  const isRunsBad = readRuns(draft.runs) === null;
  const isReserveBad = readReserve(draft.reserveGigabytes) === null;
  return (
    <StepForm
      wizard={wizard}
      step="machine"
      title={words.title}
      isWhole={choicesOf(draft, state) !== null}
      onSubmit={finish}
      submit={words.connect}
      busy={words.keeping}
    >
      <Field
        label={words.runs}
        type="number"
        setting={maxConcurrentRuns}
        value={draft.runs}
        isBad={isRunsBad}
        onChange={(runs) => change({ runs })}
        hint={
          isRunsBad
            ? words.badRuns
            : machine &&
              words.runsAdvice(
                format.number(machine.cores),
                format.bytes(machine.memoryBytes),
                format.number(machine.advisedRuns),
              )
        }
      />
      <Field
        label={words.reserve}
        type="number"
        unit={words.gigabytes}
        setting={diskReserveBytes}
        value={draft.reserveGigabytes}
        isBad={isReserveBad}
        onChange={(reserveGigabytes) => change({ reserveGigabytes })}
        hint={
          isReserveBad
            ? words.badReserve
            : machine && words.reserveAdvice(format.bytes(machine.freeDiskBytes))
        }
      />
      {state.autostart !== null && (
        <label className="wizard-check">
          <input
            type="checkbox"
            checked={draft.autostart}
            onChange={({ target }) => change({ autostart: target.checked })}
          />
          <span>
            {words.autostart} <span className="soft small wizard-line">{words.autostartHint}</span>
          </span>
        </label>
      )}
      {machine?.note && (
        <p className="soft small" lang="en">
          {machine.note}
        </p>
      )}
    </StepForm>
  );
}
