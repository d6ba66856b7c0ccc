import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openJournalReadOnly } from '../src/agent/journal/open-journal.ts';
import type { AgentHost } from './agent-host.ts';
import type { PlatformHost } from './platform-host.ts';

/** A take that its host did not go through with keeps a task from others for a minute; then it is run. */
const QUIET_WITHIN_MS = 100_000;
const LOOK_MS = 1000;

/** Waits until nothing is to be done any more: no task waits, no run lives, no attempt is to come. */
export async function untilQuiet(platform: PlatformHost, hosts: readonly AgentHost[]): Promise<void> {
  const giveUpMs = performance.now() + QUIET_WITHIN_MS;
  for (let quiet = 0; quiet < 2 && performance.now() < giveUpMs; ) {
    await delay(LOOK_MS);
    const { total } = await platform.tasks('READY', 1).catch(() => ({ total: 1 }));
    quiet = total === 0 && hosts.every((host) => host.isUp && isIdle(host)) ? quiet + 1 : 0;
  }
}

function isIdle({ home }: AgentHost): boolean {
  const path = join(home, 'journal.db');
  if (!existsSync(path)) return false;
  const journal = openJournalReadOnly(path);
  try {
    const retries = journal.host.listNextTries().filter(({ kind }) => kind === 'retry');
    return journal.runs.listUnfinished().length === 0 && retries.length === 0;
  } finally {
    journal.close();
  }
}
