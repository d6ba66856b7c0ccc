import { useWords } from '../../words/words-context.tsx';
import { canKeepSecret, isSameAddress } from './draft.ts';
import { Field, Fixed, StepForm } from './parts.tsx';
import { mustChooseTenant, type Wizard } from './use-wizard.ts';

export function CredentialsStep({ wizard }: { wizard: Wizard }) {
  const { setUp: all } = useWords();
  const words = all.credentials;
  const { state, draft, change, next, check } = wizard;
  const keepsSecret = canKeepSecret(draft, state);
  const asksPlain = state.keychain === 'plain' && draft.clientSecret !== '';
  const tenants = check?.credentials?.ok ? (check.tenant?.seen ?? []) : [];
  const isTenantMissing = check !== null && mustChooseTenant(check, draft);
  return (
    <StepForm
      wizard={wizard}
      step="credentials"
      title={words.title}
      intro={words.intro}
      isWhole={
        draft.clientId.trim() !== '' &&
        (draft.clientSecret.trim() !== '' || keepsSecret) &&
        (!asksPlain || draft.mayBePlain) &&
        !isTenantMissing
      }
      onSubmit={next}
      submit={all.next}
      busy={all.checking}
    >
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
        placeholder={
          keepsSecret ? (state.secret === 'kept' ? words.keptSecret : words.elsewhereSecret) : undefined
        }
        hint={
          state.secret !== null && !isSameAddress(draft, state)
            ? words.addressChanged
            : state.keychain === 'safe'
              ? words.safe
              : undefined
        }
      />
      {asksPlain && (
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
      {(tenants.length > 1 || (tenants.length === 1 && check?.tenant?.ok === false)) && (
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
      )}
    </StepForm>
  );
}
