import './set-up.css';
import { useState } from 'react';
import { useAgent, useHostState, useOrder } from '../../agent/agent-context.tsx';
import { Failure } from '../../parts/failure.tsx';
import { goTo } from '../../route.ts';
import { useWords } from '../../words/words-context.tsx';

const ENDPOINT = 'https://api.kuflow.com';

/** What a machine needs to work for somebody, or the demo, which needs nothing. */
export function SetUpView() {
  const { setUp: words } = useWords();
  const { shell } = useAgent();
  const host = useHostState();
  const [apiEndpoint, setEndpoint] = useState(ENDPOINT);
  const [clientId, setClientId] = useState('');
  const [clientSecret, setClientSecret] = useState('');
  const connect = useOrder(async () => {
    await shell?.setUp({ apiEndpoint: apiEndpoint.trim(), clientId: clientId.trim(), clientSecret });
    goTo({ view: 'now' });
  });
  const demo = useOrder(async () => {
    await shell?.tryDemo();
    goTo({ view: 'now' });
  });
  const isBusy = connect.isUnderWay || demo.isUnderWay;
  const isWhole = apiEndpoint.trim() !== '' && clientId.trim() !== '' && clientSecret !== '';
  return (
    <div className="view set-up">
      <h1>{words.title}</h1>
      <p className="soft">{words.intro}</p>
      {host?.name === 'not-set-up' && host.message !== '' && (
        <p className="soft small" lang="en">
          {host.message}
        </p>
      )}
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void connect.give();
        }}
      >
        <label className="labelled">
          <span>{words.endpoint}</span>
          <input
            className="field"
            value={apiEndpoint}
            spellCheck={false}
            onChange={({ target }) => setEndpoint(target.value)}
          />
        </label>
        <label className="labelled">
          <span>{words.clientId}</span>
          <input
            className="field"
            value={clientId}
            spellCheck={false}
            onChange={({ target }) => setClientId(target.value)}
          />
        </label>
        <label className="labelled">
          <span>{words.clientSecret}</span>
          <input
            className="field"
            type="password"
            autoComplete="off"
            value={clientSecret}
            onChange={({ target }) => setClientSecret(target.value)}
          />
          <span className="soft small">{words.secretHint}</span>
        </label>
        <Failure
          error={connect.error ?? demo.error}
          onDismiss={connect.error ? connect.forget : demo.forget}
        />
        <div className="dialog-actions">
          <button type="button" className="button" disabled={isBusy} onClick={() => void demo.give()}>
            {words.demo}
          </button>
          <button type="submit" className="button button-main" disabled={isBusy || !isWhole}>
            {connect.isUnderWay ? words.connecting : words.connect}
          </button>
        </div>
      </form>
    </div>
  );
}
