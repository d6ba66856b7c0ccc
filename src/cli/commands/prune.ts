import { existsSync } from 'node:fs';
import { loadConfig } from '../../agent/config/compile-config.ts';
import { takeHomeLock } from '../../agent/home/home-lock.ts';
import { homePaths } from '../../agent/home/home-paths.ts';
import { bytes } from '../../shared/byte-text.ts';
import type { Pruned } from '../../shared/control-api.ts';
import type { Context } from '../context.ts';
import { findAgentOfHome } from '../find-agent.ts';
import { table } from '../table.ts';
import { count, shortId } from '../text.ts';
import { version } from '../version.ts';

/** Frees what the home keeps beyond its limits, through the agent where one runs; --dry-run only tells. */
export async function prune(
  context: Context,
  _args: [],
  { dryRun = false }: { dryRun?: boolean },
): Promise<number> {
  const { terminal } = context;
  const agent = await findAgentOfHome(context);
  const pruned = agent ? await agent.prune({ dryRun }) : await pruneAlone(context, dryRun);
  terminal.json(pruned);
  if (pruned.items.length > 0) {
    terminal.lines(
      table(pruned.items, [
        { title: 'WHAT', cell: (item) => item.kind },
        { title: 'ID', cell: (item) => shortId(item.id) },
        { title: 'SIZE', cell: (item) => bytes(item.bytes), isNumber: true },
        { title: 'WHY', cell: (item) => item.reason, maxWidth: 100 },
      ]),
    );
    terminal.line();
  }
  const what = count(pruned.items.length, 'folder');
  terminal.line(
    dryRun ? `${what} would go: ${bytes(pruned.bytes)}.` : `${what} removed: ${bytes(pruned.bytes)}.`,
  );
  return 0;
}

/** Without an agent nothing is in use; its lock keeps one from starting meanwhile. */
async function pruneAlone({ homeDir, environment, cwd }: Context, dryRun: boolean): Promise<Pruned> {
  const { findPrunable, prunedOf, prune: remove } = await import('../../agent/runs/retention.ts');
  const { openJournalReadOnly } = await import('../../agent/journal/open-journal.ts');
  const { settings } = loadConfig({ flags: {}, environment, home: homeDir, cwd });
  const paths = homePaths(homeDir);
  if (!existsSync(paths.journal)) return { items: [], bytes: 0 };
  const holder = { pid: process.pid, startedAt: new Date().toISOString(), socketPath: null, version };
  const lock = dryRun ? null : takeHomeLock(paths, holder);
  const journal = openJournalReadOnly(paths.journal);
  try {
    const found = await findPrunable({
      journal,
      paths,
      settings,
      inUse: [],
      now: Date.now,
    });
    if (!dryRun) await remove(found);
    return prunedOf(found);
  } finally {
    journal.close();
    lock?.release();
  }
}
