import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { withRoom } from '../home/with-room.ts';

/** The journal's SQLite. What is written on a full disk gets room that was kept for it: no change is lost. */
export class JournalDatabase {
  readonly #database: DatabaseSync;
  readonly #release: () => boolean;
  /** By their texts, of which there are a few dozen: preparing one costs more than running it. */
  readonly #statements = new Map<string, StatementSync>();

  /** @param release makes some room on a full disk; false: there is none to be had */
  constructor(database: DatabaseSync, release: () => boolean = () => false) {
    this.#database = database;
    this.#release = release;
  }

  /** A statement that reads, or in a transaction one that writes. */
  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** One statement that writes, as a transaction of its own. */
  write(sql: string, ...values: SQLInputValue[]): void {
    withRoom(this.#release, () => this.prepare(sql).run(...values));
  }

  /** All of `work` or nothing. On a full disk it is done again, so it must do nothing else. */
  transaction(work: (database: Pick<JournalDatabase, 'prepare'>) => void): void {
    withRoom(this.#release, () => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        work(this);
        this.#database.exec('COMMIT');
      } catch (error) {
        // On a full disk SQLite has done so itself.
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /**
   * The same, for what there may be a hundred of in a second: it outlives a crash of the agent, but the last of it not
   * the loss of power, since no disk is waited for.
   */
  quickTransaction(work: (database: Pick<JournalDatabase, 'prepare'>) => void): void {
    this.#database.exec('PRAGMA synchronous = NORMAL');
    try {
      this.transaction(work);
    } finally {
      this.#database.exec('PRAGMA synchronous = FULL');
    }
  }

  close(): void {
    this.#database.close();
  }
}
