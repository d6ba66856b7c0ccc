import './set-up.css';
import { useEffect } from 'react';
import { assertNever } from '../../../shared/errors.ts';
import { useAgent, useAgentView } from '../../agent/agent-context.tsx';
import type { Shell } from '../../agent/bridge.ts';
import { Empty } from '../../parts/empty.tsx';
import { Failure } from '../../parts/failure.tsx';
import { goTo } from '../../route.ts';
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
  const { wizard, error, again } = useWizard(shell, isRefused ? 'credentials' : 'address');
  // Once an agent starts it would be Now else, with the wizard not ended.
  useEffect(() => goTo({ view: 'set-up' }), []);
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
      <PresentStep wizard={wizard} />
      <EscapeGoesBack wizard={wizard} />
    </div>
  );
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
