import { AgentError } from '../shared/errors.ts';
import type { Agent, AgentEvent } from './agent.ts';
import type { AgentConfig } from './config/agent-config.ts';
import { type AgentFacts, type StartedAgent, startAgent } from './start-agent.ts';

/** What tests and composition roots may give instead of the real thing. */
export type AgentOverrides = Partial<Omit<AgentFacts, 'tell'>>;

/** An agent that does nothing before `start`. */
export function createAgent(config: AgentConfig, overrides: AgentOverrides = {}): Agent {
  const listeners = new Set<(event: AgentEvent) => void>();
  const tell = (event: AgentEvent) => {
    for (const listener of listeners) listener(event);
  };
  let started: StartedAgent | null = null;
  const running = (): StartedAgent => {
    if (started === null) throw new AgentError('AGENT_NOT_RUNNING', 'The agent has not been started.');
    return started;
  };
  return {
    get handlers() {
      return running().handlers;
    },
    start: async () => {
      started = await startAgent(config, { ...overrides, tell });
    },
    untilDone: (options) => running().untilDone(options),
    drain: async () => {
      await running().drain();
      tell({ event: 'drained' });
    },
    cancelAll: (reason) => running().cancelAll(reason),
    close: async () => {
      await started?.close();
      started = null;
    },
    on: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
