import { useEffect, useState } from 'react';
import type { CheckProblem } from '../../../shared/connection-check.ts';
import { useAgent, useHostState, useOrder } from '../../agent/agent-context.tsx';
import { Failure } from '../../parts/failure.tsx';
import { goTo } from '../../route.ts';
import { useWords } from '../../words/words-context.tsx';
import { Field, StepForm } from './parts.tsx';
import type { Wizard } from './use-wizard.ts';

/** What is mended by the proxy or by the certificate file. */
const OF_THE_WAY: readonly CheckProblem[] = [
  'TLS_UNTRUSTED',
  'SETTING_INVALID',
  'PROXY_UNREACHABLE',
  'PROXY_LOGIN',
  'PROXY_REFUSED',
];

export function AddressStep({ wizard }: { wizard: Wizard }) {
  const { setUp: all } = useWords();
  const words = all.address;
  const { state, draft, change, problem, next } = wizard;
  const { apiEndpoint, proxy, caFile } = state.settings;
  const [isOpen, setOpen] = useState(draft.proxy !== '' || draft.caFile !== '');
  useEffect(() => {
    if (problem !== null && OF_THE_WAY.includes(problem.code)) setOpen(true);
  }, [problem]);
  return (
    <>
      <StepForm
        wizard={wizard}
        step="address"
        title={words.title}
        intro={words.intro}
        isWhole={draft.address.trim() !== ''}
        onSubmit={next}
        submit={all.next}
        busy={all.checking}
        aside={<Leave />}
      >
        <Field
          label={words.label}
          setting={apiEndpoint}
          value={draft.address}
          onChange={(address) => change({ address })}
        />
        <details
          className="wizard-more"
          open={isOpen}
          onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
        >
          <summary>{words.more}</summary>
          <div className="wizard-fields">
            <Field
              label={words.proxy}
              hint={words.proxyHint}
              setting={proxy}
              value={draft.proxy}
              onChange={(text) => change({ proxy: text })}
            />
            <Field
              label={words.caFile}
              hint={words.caFileHint}
              setting={caFile}
              value={draft.caFile}
              onChange={(text) => change({ caFile: text })}
            />
          </div>
        </details>
      </StepForm>
      <Demo isBusy={wizard.isBusy} />
    </>
  );
}

/** Only where there is something to go back to. */
function Leave() {
  const { setUp: words } = useWords();
  const host = useHostState();
  if (host === null || host.name === 'not-set-up') return null;
  return (
    <button type="button" className="button" onClick={() => goTo({ view: 'now' })}>
      {words.leave}
    </button>
  );
}

function Demo({ isBusy }: { isBusy: boolean }) {
  const { address: words } = useWords().setUp;
  const { shell } = useAgent();
  const host = useHostState();
  const demo = useOrder(async () => {
    await shell?.tryDemo();
    goTo({ view: 'now' });
  });
  if (host !== null && host.name === 'running') return null;
  return (
    <aside className="wizard-demo">
      <div>
        <h2>{words.demoTitle}</h2>
        <p className="soft">{words.demoText}</p>
        <Failure error={demo.error} onDismiss={demo.forget} />
      </div>
      <button
        type="button"
        className="button"
        disabled={isBusy || demo.isUnderWay}
        onClick={() => void demo.give()}
      >
        {words.demo}
      </button>
    </aside>
  );
}
