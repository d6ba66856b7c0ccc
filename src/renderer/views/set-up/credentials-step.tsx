import { Choice } from '../../parts/choice.tsx';
import { useWords } from '../../words/words-context.tsx';
import { canKeepSecret, isSameAddress, SIGN_IN_KEYS } from './draft.ts';
import { Field, Fixed, StepForm } from './parts.tsx';
import { SignInFields, SignInWaiting } from './sign-in-fields.tsx';
import { mustChooseTenant, type Wizard } from './use-wizard.ts';

/** Whom the machine works as: an application with its secret, or the person who signs in. */
export function CredentialsStep({ wizard }: { wizard: Wizard }) {
  const { setUp: all } = useWords();
  const words = all.credentials;
  const { state, draft, change, next, check, signInAt } = wizard;
  const { authentication } = state.settings;
  const isSignIn = draft.way === 'sign-in';
  const isTenantMissing = check !== null && mustChooseTenant(check, draft);
  const isEntered = isSignIn
    ? SIGN_IN_KEYS.every((key) => draft[key].trim() !== '')
    : draft.clientId.trim() !== '' &&
      (draft.clientSecret.trim() !== '' || canKeepSecret(draft, state)) &&
      (!asksPlain(wizard) || draft.mayBePlain);
  return (
    <StepForm
      wizard={wizard}
      step="credentials"
      title={words.title}
      isWhole={isEntered && !isTenantMissing}
      onSubmit={next}
      submit={isSignIn && draft.signedIn === null ? words.signIn : all.next}
      busy={signInAt === null ? all.checking : words.waiting}
    >
      <SignInWaiting wizard={wizard} />
      {authentication.fixedBy === null ? (
        <Choice
          label={words.way}
          value={draft.way}
          options={(['application', 'sign-in'] as const).map((way) => ({
            value: way,
            label: words.ways[way],
          }))}
          onChange={(way) => change({ way })}
        />
      ) : (
        <Fixed setting={authentication} />
      )}
      <p className="soft">{isSignIn ? words.signInHint : words.applicationHint}</p>
      {isSignIn ? <SignInFields wizard={wizard} /> : <ApplicationFields wizard={wizard} />}
      <TenantChoice wizard={wizard} />
    </StepForm>
  );
}

/** Whether a secret would lie in a file, which only the person can allow. */
function asksPlain({ state, draft }: Wizard): boolean {
  return state.keychain === 'plain' && draft.clientSecret !== '';
}

function ApplicationFields({ wizard }: { wizard: Wizard }) {
  const { credentials: words } = useWords().setUp;
  const { state, draft, change } = wizard;
  const keptText = state.secret === 'kept' ? words.keptSecret : words.elsewhereSecret;
  return (
    <>
      <Field
        label={words.clientId}
        setting={state.settings.clientId}
        value={draft.clientId}
        onChange={(clientId) => change({ clientId })}
      />
      <Field
        label={words.clientSecret}
        type="password"
        value={draft.clientSecret}
        onChange={(clientSecret) => change({ clientSecret })}
        placeholder={canKeepSecret(draft, state) ? keptText : undefined}
        hint={
          state.secret !== null && !isSameAddress(draft, state)
            ? words.addressChanged
            : state.keychain === 'safe'
              ? words.safe
              : undefined
        }
      />
      {asksPlain(wizard) && (
        <div className="notice tone-warning">
          <div className="notice-text">
            <span>{words.plain}</span>
            <label className="wizard-check">
              <input
                type="checkbox"
                checked={draft.mayBePlain}
                onChange={({ target }) => change({ mayBePlain: target.checked })}
              />
              {words.mayBePlain}
            </label>
          </div>
        </div>
      )}
    </>
  );
}

/** Only where there is something to choose. */
function TenantChoice({ wizard: { state, draft, change, check } }: { wizard: Wizard }) {
  const { credentials: words } = useWords().setUp;
  const tenants = check?.credentials?.ok ? (check.tenant?.seen ?? []) : [];
  if (tenants.length < 2 && (tenants.length === 0 || check?.tenant?.ok !== false)) return null;
  return (
    <fieldset className="wizard-group">
      <legend>{words.tenantTitle}</legend>
      <p className="soft small">{words.tenantIntro}</p>
      <Fixed setting={state.settings.tenantId} />
      {tenants.map(({ id, name }) => (
        <label key={id} className="wizard-check">
          <input
            type="radio"
            name="tenant"
            checked={draft.tenantId === id}
            disabled={state.settings.tenantId.fixedBy !== null}
            onChange={() => change({ tenantId: id })}
          />
          {name ?? words.tenantNoName(id)}
        </label>
      ))}
    </fieldset>
  );
}
