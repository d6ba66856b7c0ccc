import './set-up.css';
import { useEffect } from 'react';
import { needsSignIn } from '../../../shared/client/presence.ts';
import { assertNever } from '../../../shared/errors.ts';
import type { SetUpState } from '../../../shared/set-up.ts';
import { useAgent, useAgentView, useHostState } from '../../agent/agent-context.tsx';
import type { Shell } from '../../agent/bridge.ts';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { goTo, useRoute } from '../../route.ts';
import { useWords } from '../../words/words-context.tsx';
import { AddressStep } from './address-step.tsx';
import { CredentialsStep } from './credentials-step.tsx';
import { DoneStep } from './done-step.tsx';
import { STEPS } from './draft.ts';
import { MachineStep } from './machine-step.tsx';
import { Progress } from './parts.tsx';
import { RobotsStep } from './robots-step.tsx';
import { useWizard, type Wizard } from './use-wizard.ts';

/** From nothing to a machine that works for somebody; later the way to change for whom. */
export function SetUpView() {
  const { shell } = useAgent();
  // A page in a browser changes nobody's credentials.
  return shell === null ? <Elsewhere /> : <SetUpOf shell={shell} />;
}

function SetUpOf({ shell }: { shell: Shell }) {
  const { loading } = useWords();
  const { status } = useAgentView();
  const isRefused = status?.connection.state === 'unauthorized' && shell.host.view().name === 'running';
  const { wizard, error, again } = useWizard(shell, {
    firstOf: (state) => (isRefused || lacksSecret(state) ? 'credentials' : 'address'),
    mustSignIn: isRefused && needsSignIn(status),
  });
  const { view } = useRoute();
  const isNew = useHostState()?.name === 'not-set-up';
  // Once an agent starts it would be another view else, with the wizard not ended.
  useEffect(() => {
    if (isNew && view !== 'set-up') goTo({ view: 'set-up' });
  }, [isNew, view]);
  if (wizard === null) {
    return (
      <div className="view wizard">
        {error === null ? (
          <p className="soft appear-late">{loading}</p>
        ) : (
          <Failure error={error} onAgain={again} />
        )}
      </div>
    );
  }
  if (wizard.state.attached) return <Elsewhere />;
  return (
    <div className="view wizard">
      <Progress wizard={wizard} />
      <WhyNot wizard={wizard} />
      <PresentStep wizard={wizard} />
      <EscapeGoesBack wizard={wizard} />
    </div>
  );
}

function lacksSecret({ settings: { authentication, clientId }, secret }: SetUpState): boolean {
  return authentication.value !== 'oauth' && clientId.value !== null && secret === null;
}

function PresentStep({ wizard }: { wizard: Wizard }) {
  const { place } = wizard;
  switch (place.step) {
    case 'address':
      return <AddressStep wizard={wizard} />;
    case 'credentials':
      return <CredentialsStep wizard={wizard} />;
    case 'robots':
      return <RobotsStep wizard={wizard} />;
    case 'machine':
      return <MachineStep wizard={wizard} />;
    case 'done':
      return <DoneStep wizard={wizard} at={place.at} />;
    default:
      return assertNever(place);
  }
}

/** Why an agent that was set up before does not start: on a new machine there is nothing to say. */
function WhyNot({ wizard: { state, place } }: { wizard: Wizard }) {
  const { setUp: words } = useWords();
  const host = useHostState();
  const isOld = state.settings.clientId.value !== null || state.settings.oauthClientId.value !== null;
  if (!isOld || place.step === 'done' || host?.name !== 'not-set-up' || host.message === '') return null;
  return (
    <div className="notice tone-warning" role="status">
      <div className="notice-text">
        <strong>{words.done.failed}</strong>
        <span lang="en">{host.message}</span>
      </div>
    </div>
  );
}

function EscapeGoesBack({ wizard: { place, go, isBusy, stop } }: { wizard: Wizard }) {
  const before = place.step === 'done' ? undefined : STEPS[STEPS.indexOf(place.step) - 1];
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      // In a field it leaves the field, as everywhere.
      if (event.key !== 'Escape' || event.defaultPrevented) return;
      if (isBusy) stop();
      else if (before !== undefined) go(before);
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  });
  return null;
}

function Elsewhere() {
  const { setUp: words } = useWords();
  return (
    <Empty icon="lock" title={words.attachedTitle}>
      {words.attached}
    </Empty>
  );
}
