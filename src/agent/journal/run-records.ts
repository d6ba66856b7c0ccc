import type { DatabaseSync } from 'node:sqlite';
import { CONTROL_API, type DayTotals } from '../../shared/control-api.ts';
import { type Run, RunDetailsSchema, RunSchema, type RunState } from '../../shared/run.ts';
import { type TakeIntent, TakeIntentSchema } from '../tasks/take-intent.ts';
import type { JournalDatabase } from './journal-database.ts';
import { parseDocument } from './parse-document.ts';

export interface RunQuery {
  limit: number;
  /** Only runs older than this one (a whole id). */
  before?: string | undefined;
  state?: RunState | undefined;
  /** Robot code. */
  robot?: string | undefined;
  standing?: keyof typeof STANDINGS | undefined;
  /** Part of the robot's code, the operation, the run's id or the task's. */
  text?: string | undefined;
}

const STANDINGS = {
  live: "state <> 'ended'",
  succeeded: "state = 'ended' AND document ->> '$.outcome' = 'succeeded'",
  failed: "state = 'ended' AND document ->> '$.outcome' NOT IN ('succeeded', 'cancelled')",
} as const;

/** What is known of each run. A run's id is a UUIDv7, so ordering by id is ordering by time. */
export class RunRecords {
  readonly #database: JournalDatabase;

  constructor(database: JournalDatabase) {
    this.#database = database;
  }

  /** Writes a new run and its first state. */
  insert(run: Run, requestId: string): void {
    this.#database.transaction((database) => {
      database
        .prepare(
          'INSERT INTO runs (id, request_id, robot_code, task_id, attempt, state, requested_at, document) VALUES (?,?,?,?,?,?,?,?)',
        )
        .run(
          run.id,
          requestId,
          run.robot.code,
          run.taskId,
          run.attempt,
          run.state,
          run.requestedAt,
          JSON.stringify(run),
        );
      addState(database, run.id, run.requestedAt, run.state);
    });
  }

  /** Replaces a run's document; `at` is given when its state changed, and goes to the timeline. */
  update(run: Run, at: string | null): void {
    this.#database.transaction((database) => {
      database
        .prepare('UPDATE runs SET state = ?, document = ? WHERE id = ?')
        .run(run.state, JSON.stringify(run), run.id);
      if (at !== null) addState(database, run.id, at, run.state);
    });
  }

  /** Forgets a run that never became one: its take was lost, or its host could not prepare it. */
  remove(runId: string): void {
    this.#database.transaction((database) => {
      for (const table of ['run_states', 'api_calls', 'api_call_totals', 'run_hosts'])
        database.prepare(`DELETE FROM ${table} WHERE run_id = ?`).run(runId);
      database.prepare('DELETE FROM runs WHERE id = ?').run(runId);
    });
  }

  find(runId: string): Run | undefined {
    const row = this.#database.prepare('SELECT document FROM runs WHERE id = ?').get(runId);
    return row && parseDocument(RunSchema, row.document);
  }

  findByRequest(requestId: string): Run | undefined {
    const row = this.#database
      .prepare('SELECT document FROM runs WHERE request_id = ? ORDER BY id DESC LIMIT 1')
      .get(requestId);
    return row && parseDocument(RunSchema, row.document);
  }

  /** Newest first. */
  list(query: RunQuery): Run[] {
    const conditions: string[] = [];
    const values: (string | number)[] = [];
    const where = (condition: string, value: string | undefined) => {
      if (value === undefined) return;
      conditions.push(condition);
      values.push(value);
    };
    where('id < ?', query.before);
    where('state = ?', query.state);
    // Said again so that the index of unfinished runs, the few, is used.
    if (query.state !== undefined && query.state !== 'ended') conditions.push("state <> 'ended'");
    where('robot_code = ?', query.robot);
    if (query.standing !== undefined) conditions.push(STANDINGS[query.standing]);
    where(
      "instr(lower(robot_code || ' ' || id || ' ' || ifnull(task_id, '') || ' ' || ifnull(document ->> '$.operation', '')), ?) > 0",
      query.text?.trim().toLowerCase() || undefined,
    );
    const clause = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
    const rows = this.#database
      .prepare(`SELECT document FROM runs ${clause} ORDER BY id DESC LIMIT ?`)
      .all(...values, query.limit);
    return rows.map((row) => parseDocument(RunSchema, row.document));
  }

  listUnfinished(): Run[] {
    // Left to itself SQLite goes through all runs in the order of their ids.
    const rows = this.#database
      .prepare("SELECT document FROM runs INDEXED BY runs_by_state WHERE state <> 'ended' ORDER BY id")
      .all();
    return rows.map((row) => parseDocument(RunSchema, row.document));
  }

  /** The task's runs here, oldest attempt first. */
  listForTask(taskId: string): Run[] {
    const rows = this.#database
      .prepare('SELECT document FROM runs WHERE task_id = ? ORDER BY attempt, id')
      .all(taskId);
    return rows.map((row) => parseDocument(RunSchema, row.document));
  }

  /** How the runs that were asked for since then ended, by day of their end, oldest first. */
  totals(sinceMs: number): DayTotals[] {
    const rows = this.#database
      .prepare(
        `SELECT day, sum(outcome = 'succeeded') AS succeeded, sum(outcome = 'cancelled') AS cancelled,
                sum(outcome NOT IN ('succeeded', 'cancelled')) AS failed, avg(took) AS meanDurationMs
         FROM (SELECT date(document ->> '$.endedAt', 'localtime') AS day, document ->> '$.outcome' AS outcome,
                      document ->> '$.durationMs' AS took
               FROM runs WHERE id >= ? AND state = 'ended')
         GROUP BY day ORDER BY day`,
      )
      .all(firstRunId(sinceMs));
    return CONTROL_API.totals.output.parse(rows);
  }

  highestAttempt(taskId: string): number {
    const row = this.#database
      .prepare('SELECT max(attempt) AS highest FROM runs WHERE task_id = ?')
      .get(taskId);
    return typeof row?.highest === 'number' ? row.highest : 0;
  }

  /** Ids that start or end with `part` (6 characters or more, lower case), at most `limit`. */
  findIds(part: string, limit: number): string[] {
    // As the indexes have it: a range of beginnings, and the last six characters.
    const rows = this.#database
      .prepare(
        `SELECT id FROM runs WHERE (id >= ? AND id < ? || '~') OR (substr(id, -6) = ? AND id LIKE '%' || ?)
         ORDER BY id DESC LIMIT ?`,
      )
      .all(part, part, part.slice(-6), part, limit);
    return rows.map((row) => String(row.id));
  }

  timeline(runId: string): { at: string; state: RunState }[] {
    const rows = this.#database
      .prepare('SELECT at, state FROM run_states WHERE run_id = ? ORDER BY rowid')
      .all(runId);
    return RunDetailsSchema.shape.timeline.parse(rows);
  }

  saveShipping(runId: string, position: unknown): void {
    this.#database.write('UPDATE runs SET shipping = ? WHERE id = ?', JSON.stringify(position), runId);
  }

  /** What the run's take is about to do. */
  saveTake(runId: string, intent: TakeIntent): void {
    this.#database.write('UPDATE runs SET take = ? WHERE id = ?', JSON.stringify(intent), runId);
  }

  /** How far the run's take had come; null: it did nothing that cannot be taken back. */
  loadTake(runId: string): TakeIntent | null {
    const row = this.#database.prepare('SELECT take FROM runs WHERE id = ?').get(runId);
    return typeof row?.take === 'string' ? parseDocument(TakeIntentSchema, row.take) : null;
  }

  loadShipping(runId: string): unknown {
    const row = this.#database.prepare('SELECT shipping FROM runs WHERE id = ?').get(runId);
    return typeof row?.shipping === 'string' ? JSON.parse(row.shipping) : null;
  }
}

function addState(database: Pick<DatabaseSync, 'prepare'>, runId: string, at: string, state: RunState): void {
  database.prepare('INSERT INTO run_states VALUES (?,?,?)').run(runId, at, state);
}

/** Below every id of a run that is made then or later: a UUIDv7 begins with the time, 48 bits of milliseconds. */
function firstRunId(ms: number): string {
  const digits = Math.max(0, ms).toString(16).padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}`;
}
