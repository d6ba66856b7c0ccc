import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Journal } from '../journal/open-journal.ts';
import type { AgentLog } from '../logs/agent-log.ts';
import { removeTree } from '../runtimes/remove-tree.ts';

export interface RetentionOptions {
  journal: Journal;
  runsDir: string;
  keepMs: number;
  now: () => number;
  log: AgentLog;
}

/**
 * Removes the folders of runs that ended longer ago than `keepMs`, and of runs that the journal does not know;
 * the journal keeps what was known of the former.
 */
export async function removeOldRunFolders(options: RetentionOptions): Promise<number> {
  const { journal, runsDir, keepMs, now, log } = options;
  const before = new Date(now() - keepMs).toISOString();
  let removed = 0;
  for (const name of await readdir(runsDir).catch(() => [])) {
    const run = journal.runs.find(name);
    if (run && (run.endedAt === null || run.endedAt >= before)) continue;
    await removeTree(join(runsDir, name));
    removed++;
  }
  if (removed > 0) log.info('Old run folders removed', { removed });
  return removed;
}
