import { DatabaseSync } from 'node:sqlite';
import { AgentError, isAgentError } from '../../shared/errors.ts';
import { withRoom } from '../home/with-room.ts';
import { DecisionRecords } from './decision-records.ts';
import { HostRecords } from './host-records.ts';
import { JournalDatabase } from './journal-database.ts';
import { PublisherRecords } from './publisher-records.ts';
import { RunRecords } from './run-records.ts';
import { migrate, readVersion } from './schema.ts';
import { assertSound, isDamage, setAside } from './set-aside.ts';
import { TouchRecords } from './touch-records.ts';

/** The agent's memory across restarts: one SQLite file in the home. The agent is its only writer. */
export interface Journal {
  readonly runs: RunRecords;
  readonly touched: TouchRecords;
  readonly publishers: PublisherRecords;
  readonly decisions: DecisionRecords;
  readonly host: HostRecords;
  close(): void;
}

export interface JournalOptions {
  /** Hears of a journal that was damaged: where it lies now, and why it could not be used. */
  onSetAside?: (damaged: { path: string; reason: string }) => void;
  now?: () => number;
  /** Makes room on a full disk, some at a time; false: there is none to be had. */
  release?: () => boolean;
}

/**
 * Opens the journal, makes or migrates it. WAL with `synchronous=FULL`: an acknowledged row survives
 * the loss of power. One that is damaged is set aside, and a new one begun.
 * @throws AgentError JOURNAL_UNUSABLE
 */
export function openJournal(path: string, options: JournalOptions = {}): Journal {
  const { release = () => false } = options;
  const openWithRoom = () => withRoom(release, () => openSound(path, release));
  try {
    return openWithRoom();
  } catch (error) {
    if (!isAgentError(error) || !isDamage(error.cause)) throw error;
    const asidePath = setAside(path, (options.now ?? Date.now)());
    options.onSetAside?.({ path: asidePath, reason: error.message });
    return openWithRoom();
  }
}

function openSound(path: string, release: () => boolean): Journal {
  return journalOf(
    openDatabase(path, (database) => {
      assertSound(database, path);
      readVersion(database, path);
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;');
      migrate(database, path);
    }),
    release,
  );
}

/**
 * Opens the journal for reading alone, beside an agent or without one.
 * @throws AgentError JOURNAL_UNUSABLE
 */
export function openJournalReadOnly(path: string): Journal {
  const prepare = (database: DatabaseSync) => {
    database.exec('PRAGMA busy_timeout = 5000;');
    readVersion(database, path);
  };
  return journalOf(openDatabase(path, prepare, true));
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
      ...(isDamage(error) && {
        hint: 'Start the agent: it sets a damaged journal aside and begins a new one.',
      }),
    });
  }
}

function journalOf(file: DatabaseSync, release?: () => boolean): Journal {
  const database = new JournalDatabase(file, release);
  return {
    runs: new RunRecords(database),
    touched: new TouchRecords(database),
    publishers: new PublisherRecords(database),
    decisions: new DecisionRecords(database),
    host: new HostRecords(database),
    close: () => database.close(),
  };
}
