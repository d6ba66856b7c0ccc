import type { AgentLog } from '../src/agent/logs/agent-log.ts';

/** For parts of the agent that are measured by themselves. */
export const silentLog: AgentLog = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
};
