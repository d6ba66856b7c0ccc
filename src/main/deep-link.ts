import { LINK_SCHEME } from './system-ways.ts';

const SCHEME = `${LINK_SCHEME}:`;

/**
 * Where in the window a link leads: `kubot-runner://runs/<id>`, `…://robots/<code>` (proposes to start it, and starts
 * nothing), `…://now|runs|robots|settings|health`. null: it is no link of ours, or leads nowhere.
 */
export function hashOfLink(text: string): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  if (url.protocol !== SCHEME) return null;
  const [, view, id] = /^\/{0,2}([a-z]+)\/?([\w.-]{1,100})?\/?$/.exec(`${url.host}${url.pathname}`) ?? [];
  if (view === undefined) return null;
  if (id !== undefined) return view === 'runs' || view === 'robots' ? `#/${view}/${id}` : null;
  return ['now', 'runs', 'robots', 'settings', 'health'].includes(view) ? `#/${view}` : null;
}

/** The link among a program's arguments, which is how Linux and Windows hand one over. */
export function findLink(args: readonly string[]): string | null {
  return args.find((arg) => arg.startsWith(`${SCHEME}//`)) ?? null;
}

/** What tells of links on macOS, which hands none over as an argument. */
interface LinkTeller {
  on(event: 'open-url', listener: (event: { preventDefault(): void }, url: string) => void): unknown;
}

/**
 * Hears links from now on, for whoever follows them once it can: the link that starts the app comes before it is ready.
 * @returns takes who follows them
 */
export function hearLinks(app: LinkTeller): (follow: (link: string) => void) => void {
  let early: string | null = null;
  let follow = (link: string) => {
    early = link;
  };
  app.on('open-url', (event, url) => {
    event.preventDefault();
    follow(url);
  });
  return (next) => {
    follow = next;
    if (early !== null) next(early);
  };
}
