import type { JournalDatabase } from './journal-database.ts';

/** Whose signature this machine saw first on the package of each robot. */
export class PublisherRecords {
  readonly #database: JournalDatabase;

  constructor(database: JournalDatabase) {
    this.#database = database;
  }

  find(robotCode: string): string | null {
    const row = this.#database.prepare('SELECT key FROM publishers WHERE robot_code = ?').get(robotCode);
    return typeof row?.key === 'string' ? row.key : null;
  }

  /** Keeps the first: a later one changes nothing. */
  pin(robotCode: string, key: string, at: string): void {
    this.#database.write('INSERT OR IGNORE INTO publishers VALUES (?,?,?)', robotCode, key, at);
  }
}
