import type { AgentState, Status } from '../../shared/status.ts';
import type { Courtesy } from '../courtesy/courtesy.ts';
import type { PlatformLink } from '../platform-link.ts';
import type { Hold } from '../runs/hold.ts';

export interface StatusParts {
  agent: Omit<Status['agent'], 'state'>;
  platform: PlatformLink;
  sources: () => Status['sources'];
  sandbox: Status['sandbox'];
  hold: Hold;
  courtesy: Courtesy;
  counts: Status['runs'];
  warnings: readonly string[];
}

/** The one answer to "is it working, what is it doing, does it need me". */
export function agentStatus(parts: StatusParts): Status {
  const { platform, hold, counts } = parts;
  const worker = platform.registration.status();
  const ready = worker !== null && platform.catalogue.loaded;
  return {
    agent: { ...parts.agent, state: stateOf(ready, hold, counts) },
    connection: platform.client.connection(),
    worker: ready ? worker : null,
    workerError: platform.registration.refusal(),
    sources: parts.sources(),
    sandbox: parts.sandbox,
    pause: hold.pauseView,
    courtesy: parts.courtesy.view,
    runs: counts,
    warnings: [...parts.warnings],
  };
}

function stateOf(ready: boolean, hold: Hold, counts: Status['runs']): AgentState {
  if (hold.state !== null) return hold.state;
  if (!ready) return 'starting';
  return counts.active + counts.unsettled > 0 ? 'running' : 'idle';
}
