import { useAgent, useHostState } from './agent/agent-context.tsx';
import { Icon } from './parts/icon.tsx';
import { useFormat, useNow, useWords } from './words/words-context.tsx';

/** Says that the agent of this app ended by itself, what it said last, and when it is started again. */
export function EndedNotice() {
  const { shell } = useAgent();
  const { link: words } = useWords();
  const format = useFormat();
  const now = useNow();
  const host = useHostState();
  if (host?.name !== 'waiting') return null;
  const waitMs = host.untilMs - now;
  return (
    <div className="notice notice-bar tone-danger" role="alert">
      <Icon name="alert" />
      <div className="notice-text">
        <span>{words.ended}</span>
        {host.message !== '' && <span lang="en">{host.message}</span>}
        <span className="soft" aria-hidden="true">
          {waitMs > 0 ? words.startsAgain(format.duration(Math.ceil(waitMs / 1000) * 1000)) : words.starting}
        </span>
      </div>
      <button type="button" className="button" onClick={shell?.startAgent}>
        {words.startNow}
      </button>
    </div>
  );
}
