import { useEffect, useRef } from 'react';
import { assertNever } from '../shared/errors.ts';
import { useAgentView, useHostState } from './agent/agent-context.tsx';
import { EndedNotice } from './ended-notice.tsx';
import { GrantedNotice } from './granted-notice.tsx';
import { KeyboardHelp, useKeyboard } from './keyboard.tsx';
import { LinkNotice } from './link-notice.tsx';
import { Empty } from './parts/empty.tsx';
import { ViewGuard } from './parts/view-guard.tsx';
import { Rail } from './rail.tsx';
import { type Route, useRoute } from './route.ts';
import { HealthView } from './views/health/health-view.tsx';
import { NowView } from './views/now/now-view.tsx';
import { RobotsView } from './views/robots/robots-view.tsx';
import { RunView } from './views/run/run-view.tsx';
import { RunsView } from './views/runs/runs-view.tsx';
import { DemoNotice } from './views/set-up/demo-notice.tsx';
import { SetUpView } from './views/set-up/set-up-view.tsx';
import { SettingsView } from './views/settings/settings-view.tsx';
import { useWords } from './words/words-context.tsx';

/** The frame: where one can go on the left, what one looks at on the right. */
export function App() {
  const route = useRoute();
  const { link, status } = useAgentView();
  const host = useHostState();
  const hasEnded = host?.name === 'waiting';
  const isSettingUp = host?.name === 'not-set-up' || route.view === 'set-up';
  const { help, closeHelp } = useKeyboard(route);
  const sheet = useRef<HTMLDivElement>(null);
  const place = route.view === 'run' ? route.id : route.view;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another view begins at its top
  useEffect(() => {
    sheet.current?.scrollTo(0, 0);
  }, [place]);
  return (
    <div className="frame">
      <Rail route={route} />
      <main className="main">
        {!isSettingUp && (hasEnded ? <EndedNotice /> : <LinkNotice />)}
        {!isSettingUp && <DemoNotice />}
        {!isSettingUp && <GrantedNotice />}
        <div
          className={link.state === 'lost' && !isSettingUp ? 'sheet sheet-lost' : 'sheet'}
          ref={sheet}
          tabIndex={-1}
        >
          {isSettingUp ? (
            <SetUpView />
          ) : link.state === 'signed-out' ? (
            <SignedOut />
          ) : status === null ? (
            !hasEnded && <Connecting />
          ) : (
            <ViewGuard key={place}>
              <ViewOf route={route} />
            </ViewGuard>
          )}
        </div>
      </main>
      {help && <KeyboardHelp onClose={closeHelp} />}
    </div>
  );
}

function ViewOf({ route }: { route: Route }) {
  switch (route.view) {
    case 'now':
      return <NowView />;
    case 'runs':
      return <RunsView />;
    case 'run':
      return <RunView key={route.id} id={route.id} />;
    case 'robots':
      return <RobotsView key={route.proposed} proposed={route.proposed ?? null} />;
    case 'set-up':
      return <SetUpView />;
    case 'settings':
      return <SettingsView />;
    case 'health':
      return <HealthView />;
    default:
      return assertNever(route);
  }
}

function SignedOut() {
  const { link } = useWords();
  return (
    <Empty icon="lock" title={link.signedOutTitle}>
      {link.signedOut}
    </Empty>
  );
}

function Connecting() {
  const { link } = useWords();
  return <p className="view soft appear-late">{link.connecting}</p>;
}
