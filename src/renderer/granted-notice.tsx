import { useHostState } from './agent/agent-context.tsx';
import { Icon } from './parts/icon.tsx';
import { useWords } from './words/words-context.tsx';

/** Says whose agent this is, where it is a service's, and what one may do with it. */
export function GrantedNotice() {
  const { link: words } = useWords();
  const host = useHostState();
  const granted = host?.name === 'running' ? host.granted : null;
  if (granted === null) return null;
  const text = granted.access === 'read' ? words.grantedToRead : words.granted;
  return (
    <div className="notice notice-bar tone-info" role="status">
      <Icon name="lock" />
      <div className="notice-text">{text(granted.owner)}</div>
    </div>
  );
}
