import { useHostState } from '../../agent/agent-context.tsx';
import { Icon } from '../../parts/icon.tsx';
import { hrefOf } from '../../route.ts';
import { useWords } from '../../words/words-context.tsx';

/** Says that what one sees is made up, and leads to the real thing. */
export function DemoNotice() {
  const { setUp: words } = useWords();
  const host = useHostState();
  if (host?.name !== 'running' || !host.demo) return null;
  return (
    <div className="notice notice-bar tone-info" role="status">
      <Icon name="robots" />
      <div className="notice-text">{words.demoNotice}</div>
      <a className="button" href={hrefOf({ view: 'set-up' })}>
        {words.leaveDemo}
      </a>
    </div>
  );
}
