import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type {
  AuditEntry,
  LogEntry,
  OauthSession,
  Principal,
  Process,
  ProcessDefinition,
  ProcessItem,
  Robot,
  StoredDocument,
  Worker,
} from './model.ts';

export interface Kinds {
  principal: Principal;
  definition: ProcessDefinition;
  process: Process;
  item: ProcessItem;
  robot: Robot;
  worker: Worker;
  document: StoredDocument;
  session: OauthSession;
}
export type Kind = keyof Kinds;

/**
 * The platform's state: everything is in memory and written through to SQLite, so that a restart with the same
 * folder goes on where it was. The audit is append-only.
 */
export class Store {
  readonly #database: DatabaseSync;
  readonly #kinds = new Map<Kind, Map<string, unknown>>();
  readonly #logs = new Map<string, LogEntry[]>();
  readonly #statements;

  /** @param dataDir where the file lies; null: in memory alone */
  constructor(dataDir: string | null) {
    if (dataDir !== null) mkdirSync(dataDir, { recursive: true });
    this.#database = new DatabaseSync(dataDir === null ? ':memory:' : join(dataDir, 'platform.db'));
    this.#database.exec(`
      PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS resources (kind TEXT, id TEXT, document TEXT NOT NULL, PRIMARY KEY (kind, id)) STRICT;
      CREATE TABLE IF NOT EXISTS logs (seq INTEGER PRIMARY KEY, item_id TEXT NOT NULL, document TEXT NOT NULL) STRICT;
      CREATE INDEX IF NOT EXISTS logs_by_item ON logs (item_id, seq);
      CREATE TABLE IF NOT EXISTS audit (seq INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;`);
    this.#statements = {
      // Not REPLACE, which would move the row to the end: lists are in the order of creation, also after a restart.
      save: this.#database.prepare(
        'INSERT INTO resources VALUES (?,?,?) ON CONFLICT DO UPDATE SET document = excluded.document',
      ),
      remove: this.#database.prepare('DELETE FROM resources WHERE kind = ? AND id = ?'),
      addLog: this.#database.prepare('INSERT INTO logs (item_id, document) VALUES (?,?)'),
      dropLogs: this.#database.prepare(
        'DELETE FROM logs WHERE seq IN (SELECT seq FROM logs WHERE item_id = ? ORDER BY seq LIMIT ?)',
      ),
      addAudit: this.#database.prepare('INSERT INTO audit (document) VALUES (?)'),
    };
    this.#load();
  }

  all<K extends Kind>(kind: K): Kinds[K][] {
    return [...this.#mapOf(kind).values()];
  }

  find<K extends Kind>(kind: K, id: string): Kinds[K] | undefined {
    return this.#mapOf(kind).get(id);
  }

  save<K extends Kind>(kind: K, value: Kinds[K]): void {
    this.#mapOf(kind).set(value.id, value);
    this.#statements.save.run(kind, value.id, JSON.stringify(value));
  }

  remove(kind: Kind, id: string): void {
    this.#mapOf(kind).delete(id);
    this.#statements.remove.run(kind, id);
  }

  logsOf(itemId: string): readonly LogEntry[] {
    return this.#logs.get(itemId) ?? [];
  }

  /** Appends an entry and drops the oldest beyond `bound`. */
  addLog(itemId: string, entry: LogEntry, bound: number): void {
    const logs = this.#logs.get(itemId) ?? [];
    this.#logs.set(itemId, logs);
    logs.push(entry);
    this.#statements.addLog.run(itemId, JSON.stringify(entry));
    const surplus = logs.length - bound;
    if (surplus <= 0) return;
    logs.splice(0, surplus);
    this.#statements.dropLogs.run(itemId, surplus);
  }

  /** What `body` writes before it first waits is on disk as a whole, or not at all. */
  atomically<T>(body: () => T): T {
    if (this.#database.isTransaction) return body();
    this.#database.exec('BEGIN');
    try {
      const result = body();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  audit(entry: Omit<AuditEntry, 'seq'>): void {
    this.#statements.addAudit.run(JSON.stringify(entry));
  }

  listAudit(): AuditEntry[] {
    const rows = this.#database.prepare('SELECT seq, document FROM audit ORDER BY seq').all();
    return rows.map((row) => ({ seq: Number(row.seq), ...JSON.parse(String(row.document)) }));
  }

  findFact(name: string): string | undefined {
    const row = this.#database.prepare('SELECT value FROM facts WHERE name = ?').get(name);
    return row && String(row.value);
  }

  saveFact(name: string, value: string): void {
    this.#database.prepare('INSERT OR REPLACE INTO facts VALUES (?,?)').run(name, value);
  }

  close(): void {
    this.#database.close();
  }

  #mapOf<K extends Kind>(kind: K): Map<string, Kinds[K]> {
    let map = this.#kinds.get(kind);
    if (!map) {
      map = new Map();
      this.#kinds.set(kind, map);
    }
    return map as Map<string, Kinds[K]>;
  }

  #load(): void {
    for (const row of this.#database.prepare('SELECT kind, document FROM resources ORDER BY rowid').all()) {
      const value = JSON.parse(String(row.document)) as { id: string };
      (this.#mapOf(String(row.kind) as Kind) as Map<string, unknown>).set(value.id, value);
    }
    for (const row of this.#database.prepare('SELECT item_id, document FROM logs ORDER BY seq').all()) {
      const logs = this.#logs.get(String(row.item_id)) ?? [];
      logs.push(JSON.parse(String(row.document)) as LogEntry);
      this.#logs.set(String(row.item_id), logs);
    }
  }
}
