import { useSyncExternalStore } from 'react';

export const VIEWS = ['now', 'runs', 'robots', 'settings', 'health'] as const;
export type View = (typeof VIEWS)[number];

export type Route = { readonly view: View } | { readonly view: 'run'; readonly id: string };

/** `#/runs/<id>`; what is none of ours is Now. */
export function parseRoute(hash: string): Route {
  const [, first = '', second] = hash.replace(/^#/, '').split('/');
  if (first === 'runs' && second) return { view: 'run', id: second };
  return { view: VIEWS.find((view) => view === first) ?? 'now' };
}

export function hrefOf(route: Route): string {
  return route.view === 'run' ? `#/runs/${route.id}` : `#/${route.view}`;
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
