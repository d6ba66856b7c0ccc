import { useSyncExternalStore } from 'react';

export const VIEWS = ['now', 'runs', 'robots', 'settings', 'health'] as const;
export type View = (typeof VIEWS)[number];

export type Route =
  | { readonly view: Exclude<View, 'robots'> | 'set-up' }
  /** With a robot that somebody proposes to start. */
  | { readonly view: 'robots'; readonly proposed?: string }
  | { readonly view: 'run'; readonly id: string };

/** `#/runs/<id>`, `#/robots/<code>`, `#/<view>`; what is none of ours is Now. */
export function parseRoute(hash: string): Route {
  const [, first = '', second] = hash.replace(/^#/, '').split('/');
  if (first === 'runs' && second) return { view: 'run', id: second };
  if (first === 'robots') return second ? { view: 'robots', proposed: second } : { view: 'robots' };
  if (first === 'set-up') return { view: 'set-up' };
  return { view: VIEWS.find((view) => view === first) ?? 'now' };
}

export function hrefOf(route: Route): string {
  if (route.view === 'run') return `#/runs/${route.id}`;
  return route.view === 'robots' && route.proposed ? `#/robots/${route.proposed}` : `#/${route.view}`;
}

export function goTo(route: Route): void {
  location.hash = hrefOf(route);
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(listen, () => location.hash);
  return parseRoute(hash);
}

function listen(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}
