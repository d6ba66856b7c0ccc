import { DatabaseSync } from 'node:sqlite';
import { AgentError } from '../../shared/errors.ts';
import { DecisionRecords } from './decision-records.ts';
import { HostRecords } from './host-records.ts';
import { RunRecords } from './run-records.ts';
import { migrate } from './schema.ts';

/** The agent's memory across restarts: one SQLite file in the home. The agent is its only writer. */
export interface Journal {
  readonly runs: RunRecords;
  readonly decisions: DecisionRecords;
  readonly host: HostRecords;
  close(): void;
}

/**
 * Opens the journal, makes or migrates it. WAL with `synchronous=FULL`: an acknowledged row survives
 * the loss of power.
 * @throws AgentError JOURNAL_UNUSABLE
 */
export function openJournal(path: string): Journal {
  return journalOf(
    openDatabase(path, (database) => {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;');
      migrate(database, path);
    }),
  );
}

/**
 * Opens the journal for reading alone, beside an agent or without one.
 * @throws AgentError JOURNAL_UNUSABLE
 */
export function openJournalReadOnly(path: string): Journal {
  return journalOf(openDatabase(path, (database) => database.exec('PRAGMA busy_timeout = 5000;'), true));
}

function openDatabase(
  path: string,
  prepare: (database: DatabaseSync) => void,
  readOnly = false,
): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { readOnly });
    prepare(database);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof AgentError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new AgentError('JOURNAL_UNUSABLE', `The journal ${path} cannot be used: ${reason}.`, {
      cause: error,
    });
  }
}

function journalOf(database: DatabaseSync): Journal {
  return {
    runs: new RunRecords(database),
    decisions: new DecisionRecords(database),
    host: new HostRecords(database),
    close: () => database.close(),
  };
}
