import { useEffect, useRef } from 'react';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Icon } from '../../parts/icon.tsx';
import { useWords } from '../../words/words-context.tsx';
import { Field } from './parts.tsx';
import type { Wizard } from './use-wizard.ts';

/** What a person signs in by, and whether they have. */
export function SignInFields({ wizard }: { wizard: Wizard }) {
  const { credentials: words } = useWords().setUp;
  const { state, draft, change, isBusy } = wizard;
  const { settings } = state;
  return (
    <>
      <Field
        label={words.oauthClientId}
        hint={words.oauthClientIdHint}
        setting={settings.oauthClientId}
        value={draft.oauthClientId}
        onChange={(oauthClientId) => change({ oauthClientId })}
      />
      <details className="wizard-more">
        <summary>{words.server}</summary>
        <div className="wizard-fields">
          <Field
            label={words.oauthAuthorizationUrl}
            setting={settings.oauthAuthorizationUrl}
            value={draft.oauthAuthorizationUrl}
            onChange={(oauthAuthorizationUrl) => change({ oauthAuthorizationUrl })}
          />
          <Field
            label={words.oauthTokenUrl}
            setting={settings.oauthTokenUrl}
            value={draft.oauthTokenUrl}
            onChange={(oauthTokenUrl) => change({ oauthTokenUrl })}
          />
          <Field
            label={words.oauthScopes}
            setting={settings.oauthScopes}
            value={draft.oauthScopes}
            onChange={(oauthScopes) => change({ oauthScopes })}
          />
        </div>
      </details>
      {draft.signedIn !== null && (
        <p className="wizard-signed-in">
          <Icon name="check" />
          <span className="cut">{words.signedIn(draft.signedIn.account)}</span>
          <button
            type="button"
            className="button button-quiet"
            disabled={isBusy}
            onClick={() => change({ signedIn: null })}
          >
            {words.signInAgain}
          </button>
        </p>
      )}
    </>
  );
}

/** Where the person can sign in, while it is waited for them. */
export function SignInWaiting({ wizard: { signInAt } }: { wizard: Wizard }) {
  const words = useWords();
  const text = words.setUp.credentials;
  const notice = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (signInAt !== null) notice.current?.scrollIntoView({ block: 'nearest' });
  }, [signInAt]);
  if (signInAt === null) return null;
  const { url, opened } = signInAt;
  return (
    <div className="notice tone-info" role="status" ref={notice}>
      <Icon name="wait" />
      <div className="notice-text">
        {opened && <strong>{text.opened}</strong>}
        <span>{opened ? text.openedHint : text.notOpened}</span>
        <code className="code wizard-url">{url}</code>
      </div>
      <CopyButton label={words.health.copyCommand} text={url} />
    </div>
  );
}
