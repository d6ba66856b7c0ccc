import { useAgent, useAgentView } from './agent/agent-context.tsx';
import { Icon } from './parts/icon.tsx';
import { useFormat, useNow, useWords } from './words/words-context.tsx';

/** Above every view while the agent does not answer: what is below it is what was known. */
export function LinkNotice() {
  const { link } = useAgentView();
  const { store } = useAgent();
  const { link: words } = useWords();
  const format = useFormat();
  const now = useNow();
  if (link.state !== 'lost') return null;
  const waitMs = link.nextTryAtMs - now;
  return (
    <div className="notice notice-bar tone-warning" role="status">
      <Icon name="slash" />
      <div className="notice-text">
        <span>{words.lost(format.moment(new Date(link.sinceMs).toISOString(), now))}</span>
        <span className="soft" aria-hidden="true">
          {waitMs > 0 ? words.nextTry(format.duration(Math.ceil(waitMs / 1000) * 1000)) : words.trying}
        </span>
      </div>
      <button type="button" className="button" onClick={store.tryNow}>
        {words.tryNow}
      </button>
    </div>
  );
}
