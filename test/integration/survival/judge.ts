import { join } from 'node:path';
import { openJournalReadOnly } from '../../../src/agent/journal/open-journal.ts';
import type { Run } from '../../../src/shared/run.ts';
import type { Lab } from '../../helpers/lab.ts';

/** For things to come to pass, on a slow machine too. */
const WAIT_MS = 110_000;

export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`It never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What is on disk of a lab's runs, newest first, whether an agent lives or not. */
export function runsInJournal(lab: Pick<Lab, 'home'>): Run[] {
  const journal = openJournalReadOnly(join(lab.home, 'journal.db'));
  try {
    return journal.runs.list({ limit: 100 });
  } finally {
    journal.close();
  }
}
