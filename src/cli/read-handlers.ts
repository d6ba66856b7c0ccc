import type { ControlHandlers } from '../shared/control-api.ts';
import { AgentError } from '../shared/errors.ts';
import type { Context } from './context.ts';
import { findAgent } from './find-agent.ts';

/** What can be asked without an agent: the journal answers. */
export type ReadHandlers = Pick<ControlHandlers, 'robots' | 'runs' | 'run' | 'logs' | 'why'>;

/**
 * Asks the agent, or the journal of the home where none runs.
 * @throws AgentError what the question throws
 */
export async function withReader<T>(
  where: Pick<Context, 'homeDir' | 'isHomeNamed' | 'environment'>,
  ask: (handlers: ReadHandlers) => Promise<T>,
): Promise<T> {
  const agent = await findAgent(where);
  if (agent !== null) return await ask(agent);
  const { openJournalReader } = await import('../agent/journal/read-journal.ts');
  const reader = openJournalReader(where.homeDir);
  if (reader === null) return await ask(NOTHING);
  try {
    return await ask(reader);
  } finally {
    reader.close();
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
