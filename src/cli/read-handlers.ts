import type { ControlHandlers } from '../shared/control-api.ts';
import { AgentError, isAgentError } from '../shared/errors.ts';
import { connectToAgent } from './control-client.ts';

/** What can be asked without an agent: the journal answers. */
export type ReadHandlers = Pick<ControlHandlers, 'robots' | 'runs' | 'run' | 'logs' | 'why'>;

/**
 * Asks the agent of a home, or its journal where no agent runs.
 * @throws AgentError what the question throws
 */
export async function withReader<T>(
  homeDir: string,
  ask: (handlers: ReadHandlers) => Promise<T>,
): Promise<T> {
  const agent = await findAgent(homeDir);
  if (agent !== null) return await ask(agent);
  const { openJournalReader } = await import('../agent/journal/read-journal.ts');
  const reader = openJournalReader(homeDir);
  if (reader === null) return await ask(NOTHING);
  try {
    return await ask(reader);
  } finally {
    reader.close();
  }
}

/** The agent of a home; null when none runs, also after a crash that left its files. */
export async function findAgent(homeDir: string): Promise<ControlHandlers | null> {
  try {
    const agent = connectToAgent(homeDir);
    await agent.status();
    return agent;
  } catch (error) {
    if (isAgentError(error) && error.code === 'AGENT_NOT_RUNNING') return null;
    throw error;
  }
}

/** A home where no agent has ever run. */
const NOTHING: ReadHandlers = {
  robots: async () => [],
  runs: async () => [],
  run: ({ id }) => Promise.reject(unknownRun(id)),
  // biome-ignore lint/correctness/useYield: it has nothing to give
  logs: async function* ({ id }) {
    throw unknownRun(id);
  },
  why: ({ id }) => Promise.reject(unknownRun(id)),
};

function unknownRun(id: string): AgentError {
  return new AgentError('RUN_NOT_FOUND', `No run here has the id ${id}; no agent has run in this home yet.`);
}
