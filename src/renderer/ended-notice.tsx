import type { HostState } from '../shared/shell-api.ts';
import { useAgent, useHostState } from './agent/agent-context.tsx';
import { Icon } from './parts/icon.tsx';
import { hrefOf } from './route.ts';
import { useFormat, useNow, useWords } from './words/words-context.tsx';

type Waiting = Extract<HostState, { name: 'waiting' }>;

/** Says why the agent of this app does not run: it ended by itself, or the keychain keeps its secret to itself. */
export function EndedNotice() {
  const { shell } = useAgent();
  const { link: words } = useWords();
  const format = useFormat();
  const now = useNow();
  const host = useHostState();
  if (host?.name !== 'waiting') return null;
  const isKeychain = host.why === 'keychain';
  const [inAWhile, atOnce] = isKeychain ? [words.nextTry, words.trying] : [words.startsAgain, words.starting];
  const waitMs = host.untilMs - now;
  return (
    <div className="notice notice-bar tone-danger" role="alert">
      <Icon name="alert" />
      <div className="notice-text">
        <Why host={host} />
        <span className="soft" aria-hidden="true">
          {waitMs > 0 ? inAWhile(format.duration(Math.ceil(waitMs / 1000) * 1000)) : atOnce}
        </span>
      </div>
      <button type="button" className="button" onClick={shell?.startAgent}>
        {isKeychain ? words.tryNow : words.startNow}
      </button>
    </div>
  );
}

function Why({ host }: { host: Waiting }) {
  const words = useWords();
  if (host.why === 'keychain') {
    return (
      <>
        <strong>{words.status.keychain}</strong>
        <span>{words.link.keychainText}</span>
        <a href={hrefOf({ view: 'set-up' })}>{words.setUp.change}</a>
      </>
    );
  }
  return (
    <>
      <span>{words.link.ended}</span>
      {host.message !== '' && <span lang="en">{host.message}</span>}
    </>
  );
}
