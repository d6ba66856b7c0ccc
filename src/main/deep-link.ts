const SCHEME = 'kubot-runner:';

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
