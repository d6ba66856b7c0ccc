import { type ReactNode, useEffect, useId, useRef } from 'react';
import type { SettingNow } from '../../../shared/set-up.ts';
import { Failure } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { useWords } from '../../words/words-context.tsx';
import { hostOf, STEPS, type Step } from './draft.ts';
import type { Wizard } from './use-wizard.ts';

/** Where one is of how many, and a way back to what is behind. */
export function Progress({ wizard }: { wizard: Wizard }) {
  const { setUp: words } = useWords();
  const { place, reached, go, isBusy } = wizard;
  const here = place.step === 'done' ? STEPS.length : STEPS.indexOf(place.step);
  return (
    <nav aria-label={words.progress}>
      <ol className="wizard-steps">
        {STEPS.map((step, index) => {
          const isDone = index < here;
          const mayGo = place.step !== 'done' && index !== here && index <= STEPS.indexOf(reached) && !isBusy;
          const content = (
            <>
              <span className="wizard-number" aria-hidden="true">
                {isDone ? <Icon name="check" /> : index + 1}
              </span>
              <span className="wizard-word">{words.steps[step]}</span>
              {isDone && <span className="heard">, {words.stepDone}</span>}
            </>
          );
          return (
            <li key={step} aria-current={index === here ? 'step' : undefined} data-done={isDone || undefined}>
              {mayGo ? (
                <button type="button" className="wizard-step" onClick={() => go(step)}>
                  {content}
                </button>
              ) : (
                <span className="wizard-step">{content}</span>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

/** One step: what it asks, what went wrong with it, and the way on and back. */
export function StepForm({
  wizard,
  step,
  title,
  intro,
  children,
  isWhole,
  onSubmit,
  submit,
  busy,
  aside,
}: {
  wizard: Wizard;
  step: Step;
  title: string;
  intro?: string;
  children: ReactNode;
  /** False while something is missing that only the person knows. */
  isWhole: boolean;
  onSubmit: () => Promise<void>;
  submit: string;
  /** What is being done, while it is. */
  busy: string;
  /** Beside the way back. */
  aside?: ReactNode;
}) {
  const { setUp: words } = useWords();
  const heading = useRef<HTMLHeadingElement>(null);
  const { isBusy, go, stop } = wizard;
  const at = STEPS.indexOf(step);
  const before = STEPS[at - 1];
  useEffect(() => heading.current?.focus(), []);
  return (
    <form
      className="wizard-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isWhole && !isBusy) void onSubmit();
      }}
    >
      <header>
        <p className="heard">{words.stepOf(at + 1, STEPS.length)}</p>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {intro !== undefined && <p className="soft">{intro}</p>}
      </header>
      <Trouble wizard={wizard} />
      {children}
      <footer className="wizard-actions">
        {before === undefined ? null : (
          <button type="button" className="button" disabled={isBusy} onClick={() => go(before)}>
            <Icon name="left" />
            {words.back}
          </button>
        )}
        {aside}
        <span className="wizard-go">
          {isBusy && (
            <button type="button" className="button button-quiet" onClick={stop}>
              {words.stopChecking}
            </button>
          )}
          <button
            type="submit"
            className="button button-main"
            disabled={!isWhole}
            aria-disabled={isBusy}
            aria-live="polite"
          >
            {isBusy ? busy : submit}
          </button>
        </span>
      </footer>
    </form>
  );
}

/** Why a step failed and what to do, in the person's words; what the program said in English is below it. */
function Trouble({ wizard: { problem, error, draft, check } }: { wizard: Wizard }) {
  const { setUp: words } = useWords();
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (problem !== null) notice.current?.scrollIntoView({ block: 'nearest' });
  }, [problem]);
  if (problem === null) return <Failure error={error} />;
  const { what, todo } = words.problems[problem.code];
  return (
    <div className="notice tone-danger" role="alert" ref={notice}>
      <Icon name="alert" />
      <div className="notice-text">
        <strong>
          {what({ host: hostOf(draft.address), proxy: check?.address.proxy ?? (draft.proxy || null) })}
        </strong>
        <span>
          <span className="heard">{words.whatToDo} </span>
          {todo}
        </span>
        <span className="soft">
          {words.said} <span lang="en">{problem.message}</span>
        </span>
        <code className="code">{problem.code}</code>
      </div>
    </div>
  );
}

/** A field with its name, what it is for, and who has fixed it, if somebody has. */
export function Field({
  label,
  hint,
  setting,
  value,
  onChange,
  type = 'text',
  placeholder,
  unit,
  isBad = false,
}: {
  label: string;
  hint?: ReactNode;
  setting?: SettingNow;
  value: string;
  onChange: (value: string) => void;
  type?: 'text' | 'password' | 'number';
  placeholder?: string | undefined;
  unit?: string;
  isBad?: boolean;
}) {
  const id = useId();
  const isFixed = setting !== undefined && setting.fixedBy !== null;
  return (
    <div className="labelled">
      <label htmlFor={id}>{label}</label>
      <span className={type === 'number' ? 'wizard-number-field' : undefined}>
        <input
          id={id}
          className="field"
          type={type === 'number' ? 'text' : type}
          inputMode={type === 'number' ? 'decimal' : undefined}
          autoComplete="off"
          spellCheck={false}
          readOnly={isFixed}
          aria-describedby={`${id}-hint`}
          aria-invalid={isBad || undefined}
          placeholder={placeholder}
          value={value}
          onChange={({ target }) => onChange(target.value)}
        />
        {unit !== undefined && <span className="soft">{unit}</span>}
      </span>
      <span className={isBad ? 'small wizard-bad' : 'soft small'} id={`${id}-hint`}>
        {hint}
        {setting !== undefined && <Fixed setting={setting} />}
      </span>
    </div>
  );
}

/** Who keeps a setting from being changed here; nothing where nobody does. */
export function Fixed({ setting: { fixedBy, lockedBy } }: { setting: SettingNow }) {
  const { setUp: words } = useWords();
  if (fixedBy === null) return null;
  return (
    <span className="wizard-fixed small">
      <Icon name="lock" />
      {fixedBy === 'policy' ? words.fixed.policy(lockedBy) : words.fixed.environment}
    </span>
  );
}
