import { z } from 'zod';
import { type RobotView, RobotViewSchema } from '../../shared/status.ts';
import { type TakeFacts, TakeFactsSchema } from '../tasks/take-memory.ts';
import type { JournalDatabase } from './journal-database.ts';
import { parseDocument } from './parse-document.ts';

/** A try of a task that lies in the future. `retry`: an attempt failed; `postponed`: this host could not. */
export const NextTrySchema = z.object({
  taskId: z.string(),
  dueAtMs: z.number(),
  kind: z.enum(['retry', 'postponed']),
  /** Postponed for a reason that time alone does not mend (wrong architecture): not work for --once. */
  lasting: z.boolean(),
  robotId: z.string(),
  robotCode: z.string(),
  operation: z.string().nullable(),
  processId: z.string().nullable(),
  code: z.string(),
});
export type NextTry = z.infer<typeof NextTrySchema>;

export const PrepareFailureSchema = z.object({
  failures: z.number().int(),
  nextTryAtMs: z.number(),
  message: z.string(),
});
export type PrepareFailure = z.infer<typeof PrepareFailureSchema>;

export const PauseSchema = z.object({ reason: z.string().nullable(), untilMs: z.number().nullable() });
export type Pause = z.infer<typeof PauseSchema>;

export const CourtesyRecordSchema = z.object({
  /** A person was here, as far as is known. */
  isHere: z.boolean(),
  postponement: z.object({ untilMs: z.number(), sinceMs: z.number() }).nullable(),
});
export type CourtesyRecord = z.infer<typeof CourtesyRecordSchema>;

/** What the host remembers beside runs and decisions. */
export class HostRecords {
  readonly #database: JournalDatabase;

  constructor(database: JournalDatabase) {
    this.#database = database;
  }

  saveRobot(view: RobotView): void {
    this.#put('robots', 'code', view.code, view);
  }

  removeRobot(code: string): void {
    this.#database.write('DELETE FROM robots WHERE code = ?', code);
  }

  listRobots(): RobotView[] {
    const rows = this.#database.prepare('SELECT document FROM robots ORDER BY code').all();
    return rows.map((row) => parseDocument(RobotViewSchema, row.document));
  }

  saveNextTry(next: NextTry): void {
    this.#database.write(
      'INSERT OR REPLACE INTO next_tries VALUES (?,?,?)',
      next.taskId,
      next.dueAtMs,
      JSON.stringify(next),
    );
  }

  removeNextTry(taskId: string): void {
    this.#database.write('DELETE FROM next_tries WHERE task_id = ?', taskId);
  }

  findNextTry(taskId: string): NextTry | undefined {
    const row = this.#database.prepare('SELECT document FROM next_tries WHERE task_id = ?').get(taskId);
    return row && parseDocument(NextTrySchema, row.document);
  }

  /** Soonest first. */
  listNextTries(): NextTry[] {
    const rows = this.#database.prepare('SELECT document FROM next_tries ORDER BY due_at').all();
    return rows.map((row) => parseDocument(NextTrySchema, row.document));
  }

  exclude(taskId: string, at: string): void {
    this.#database.write('INSERT OR REPLACE INTO excluded_tasks VALUES (?,?)', taskId, at);
  }

  include(taskId: string): void {
    this.#database.write('DELETE FROM excluded_tasks WHERE task_id = ?', taskId);
  }

  isExcluded(taskId: string): boolean {
    return this.#database.prepare('SELECT 1 FROM excluded_tasks WHERE task_id = ?').get(taskId) !== undefined;
  }

  savePrepareFailure(key: string, failure: PrepareFailure): void {
    this.#put('prepare_failures', 'key', key, failure);
  }

  removePrepareFailure(key: string): void {
    this.#database.write('DELETE FROM prepare_failures WHERE key = ?', key);
  }

  findPrepareFailure(key: string): PrepareFailure | undefined {
    const row = this.#database.prepare('SELECT document FROM prepare_failures WHERE key = ?').get(key);
    return row && parseDocument(PrepareFailureSchema, row.document);
  }

  savePause(pause: Pause | null): void {
    if (pause === null) this.#database.write("DELETE FROM facts WHERE name = 'pause'");
    else this.#put('facts', 'name', 'pause', pause);
  }

  loadPause(): Pause | null {
    const row = this.#database.prepare("SELECT document FROM facts WHERE name = 'pause'").get();
    return row ? parseDocument(PauseSchema, row.document) : null;
  }

  saveCourtesy(record: CourtesyRecord): void {
    this.#put('facts', 'name', 'courtesy', record);
  }

  /** null: no person was ever told of. */
  loadCourtesy(): CourtesyRecord | null {
    const row = this.#database.prepare("SELECT document FROM facts WHERE name = 'courtesy'").get();
    return row ? parseDocument(CourtesyRecordSchema, row.document) : null;
  }

  /** How many log entries the server at `endpoint` keeps a task, once it showed; null: not yet. */
  loadLogBound(endpoint: string): number | null {
    const row = this.#database
      .prepare('SELECT document FROM facts WHERE name = ?')
      .get(`log-bound/${endpoint}`);
    return row ? parseDocument(z.number().int(), row.document) : null;
  }

  saveLogBound(endpoint: string, entries: number): void {
    this.#put('facts', 'name', `log-bound/${endpoint}`, entries);
  }

  /** What takes taught of the server at `endpoint`; null: nothing yet. */
  loadTakeFacts(endpoint: string): TakeFacts | null {
    const row = this.#database.prepare('SELECT document FROM facts WHERE name = ?').get(`take/${endpoint}`);
    return row ? parseDocument(TakeFactsSchema, row.document) : null;
  }

  saveTakeFacts(endpoint: string, facts: TakeFacts): void {
    this.#put('facts', 'name', `take/${endpoint}`, facts);
  }

  #put(table: string, keyColumn: string, key: string, value: unknown): void {
    this.#database.write(
      `INSERT OR REPLACE INTO ${table} (${keyColumn}, document) VALUES (?,?)`,
      key,
      JSON.stringify(value),
    );
  }
}
