import { existsSync } from 'node:fs';
import type { ControlHandlers } from '../../shared/control-api.ts';
import { homePaths } from '../home/home-paths.ts';
import { describeRun, explainWhy, listRuns } from './describe-run.ts';
import { findRun } from './find-run.ts';
import { openJournalReadOnly } from './open-journal.ts';
import { readLog } from './read-log.ts';

/** What the journal alone can answer. */
export interface JournalReader extends Pick<ControlHandlers, 'robots' | 'runs' | 'run' | 'logs' | 'why'> {
  close(): void;
}

/**
 * Reads a home's journal without its agent; null where no agent has ever run.
 * @throws AgentError JOURNAL_UNUSABLE
 */
export function openJournalReader(homeDir: string): JournalReader | null {
  const paths = homePaths(homeDir);
  if (!existsSync(paths.journal)) return null;
  const journal = openJournalReadOnly(paths.journal);
  return {
    robots: async () => journal.host.listRobots(),
    runs: async (query) => listRuns(journal, query),
    run: async ({ id }) => describeRun(journal, findRun(journal, id, { tasks: true }), paths.runs),
    // Without an agent nothing comes any more: there is nothing to follow.
    logs: ({ id }) => readLog(journal, paths.runs, id, null),
    why: async ({ id }) => explainWhy(journal, id),
    close: () => journal.close(),
  };
}
