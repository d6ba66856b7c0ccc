import { type Presence, presenceOf } from '../shared/client/presence.ts';
import type { Words } from '../shared/words/en.ts';
import { useAgentView, useHostState } from './agent/agent-context.tsx';
import { Icon } from './parts/icon.tsx';
import { PRESENCE_LOOKS } from './parts/presence-look.ts';
import { hrefOf, type Route, VIEWS } from './route.ts';
import { useWords } from './words/words-context.tsx';

/** Where one can go, and at its foot the state in one word, whatever one looks at. */
export function Rail({ route }: { route: Route }) {
  const { nav, rail } = useWords();
  const view = useAgentView();
  const presence = presenceOf(view);
  const current = route.view === 'run' ? 'runs' : route.view;
  const isSetUp = useHostState()?.name !== 'not-set-up';
  const look = isSetUp ? PRESENCE_LOOKS[presence.name] : PRESENCE_LOOKS.starting;
  const word = isSetUp ? wordOfPresence(presence, rail) : rail.notSetUp;
  return (
    <nav className="rail" aria-label={nav.label}>
      <ul className="rail-views">
        {VIEWS.map((name) => (
          <li key={name}>
            <a
              className="rail-view"
              href={hrefOf({ view: name })}
              aria-current={name === current ? 'page' : undefined}
              title={nav[name]}
            >
              <Icon name={name} />
              <span className="rail-word">{nav[name]}</span>
            </a>
          </li>
        ))}
      </ul>
      <p className={`rail-state tone-${look.tone}`} title={word}>
        <span className="rail-mark">
          <Icon name={look.icon} />
        </span>
        <span className="rail-word">{word}</span>
      </p>
    </nav>
  );
}

function wordOfPresence(presence: Presence, rail: Words['rail']): string {
  if (presence.name !== 'running') return rail[presence.name];
  return presence.isPreparing ? rail.preparing(presence.runs) : rail.running(presence.runs);
}
