import { useAgentView } from './agent/agent-context.tsx';
import { Icon } from './parts/icon.tsx';
import { presenceOf } from './presence.ts';
import { hrefOf, type Route, VIEWS } from './route.ts';
import { useWords } from './words/words-context.tsx';

/** Where one can go, and at its foot the state in one word, whatever one looks at. */
export function Rail({ route }: { route: Route }) {
  const { nav, rail } = useWords();
  const view = useAgentView();
  const presence = presenceOf(view);
  const current = route.view === 'run' ? 'runs' : route.view;
  const word = presence.name === 'running' ? rail.running(presence.runs) : rail[presence.name];
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
      <p className={`rail-state tone-${presence.tone}`} title={word}>
        <span className="rail-mark">
          <Icon name={presence.icon} />
        </span>
        <span className="rail-word">{word}</span>
      </p>
    </nav>
  );
}
