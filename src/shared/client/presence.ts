import type { RunState } from '../run.ts';
import type { Status } from '../status.ts';
import type { AgentView } from './agent-store.ts';

export type Presence =
  /** Robots that run, or that are made ready while none does. */
  | { readonly name: 'running'; readonly runs: number; readonly isPreparing: boolean }
  /** KuFlow refuses the credentials, or somebody has to sign in. */
  | { readonly name: 'attention'; readonly isSignIn: boolean }
  | { readonly name: 'online' | 'paused' | 'draining' | 'offline' | 'starting' | 'lost' };

/** The one state that fills the eye. What a person must act on goes before what goes on by itself. */
export function presenceOf({
  link,
  status,
  liveRuns,
}: Pick<AgentView, 'link' | 'status' | 'liveRuns'>): Presence {
  if (link.state === 'lost' || link.state === 'signed-out') return { name: 'lost' };
  if (status === null) return { name: 'starting' };
  const { agent, connection } = status;
  if (connection.state === 'unauthorized') return { name: 'attention', isSignIn: needsSignIn(status) };
  if (connection.state === 'offline' && !isFirstTry(status)) return { name: 'offline' };
  if (agent.state === 'paused') return { name: 'paused' };
  if (agent.state === 'draining') return { name: 'draining' };
  const count = (wanted: RunState) => liveRuns.filter(({ state }) => state === wanted).length;
  const running = count('running');
  const runs = running || count('preparing');
  if (runs > 0) return { name: 'running', runs, isPreparing: running === 0 };
  if (agent.state === 'starting') return { name: 'starting' };
  return { name: 'online' };
}

/** The credentials are a person's, and somebody has to sign in. */
export function needsSignIn({ connection }: Pick<Status, 'connection'>): boolean {
  return connection.state === 'unauthorized' && connection.lastError?.code === 'SIGN_IN_NEEDED';
}

/** Nothing has failed yet: the first call is on its way. */
function isFirstTry({ agent, connection }: Status): boolean {
  return agent.state === 'starting' && connection.lastError === null;
}
