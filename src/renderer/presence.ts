import type { RunState } from '../shared/run.ts';
import type { Status } from '../shared/status.ts';
import type { AgentView } from './agent/agent-store.ts';
import type { IconName } from './parts/icon.tsx';
import type { Tone } from './parts/run-state.tsx';

export type Presence = { readonly tone: Tone; readonly icon: IconName } & (
  | { readonly name: 'running'; readonly runs: number }
  | { readonly name: 'online' | 'paused' | 'draining' | 'offline' | 'attention' | 'starting' | 'lost' }
);

/** The one state that fills the eye. What a person must act on goes before what goes on by itself. */
export function presenceOf({
  link,
  status,
  liveRuns,
}: Pick<AgentView, 'link' | 'status' | 'liveRuns'>): Presence {
  if (link.state === 'lost' || link.state === 'signed-out')
    return { name: 'lost', tone: 'warning', icon: 'slash' };
  if (status === null) return { name: 'starting', tone: 'idle', icon: 'wait' };
  const { agent, connection } = status;
  if (connection.state === 'unauthorized') return { name: 'attention', tone: 'danger', icon: 'alert' };
  if (connection.state === 'offline' && !isFirstTry(status))
    return { name: 'offline', tone: 'warning', icon: 'slash' };
  if (agent.state === 'paused') return { name: 'paused', tone: 'warning', icon: 'pause' };
  if (agent.state === 'draining') return { name: 'draining', tone: 'warning', icon: 'pause' };
  const count = (wanted: RunState) => liveRuns.filter(({ state }) => state === wanted).length;
  const runs = count('running') || count('preparing');
  if (runs > 0) return { name: 'running', runs, tone: 'info', icon: 'play' };
  if (agent.state === 'starting') return { name: 'starting', tone: 'idle', icon: 'wait' };
  return { name: 'online', tone: 'success', icon: 'check' };
}

/** Nothing has failed yet: the first call is on its way. */
function isFirstTry({ agent, connection }: Status): boolean {
  return agent.state === 'starting' && connection.lastError === null;
}
