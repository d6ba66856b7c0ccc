import type { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { RunDetailsSchema } from '../../shared/run.ts';
import { SignatureViewSchema } from '../../shared/signature.ts';
import type { JournalDatabase } from './journal-database.ts';
import { parseDocument } from './parse-document.ts';

const { apiCalls, touched } = RunDetailsSchema.shape;
type ApiCall = z.infer<typeof apiCalls>[number];
type ApiTotals = z.infer<typeof touched>['api'];
type Host = NonNullable<z.infer<typeof touched>['hosts']>[number];

const programs = touched.shape.programs.unwrap();

/** What is known of a run beside its document; null: not known. */
const TouchSchema = z.object({
  /** At least so much: see ProcessUsage. */
  usage: z
    .object({ peakMemoryBytes: z.number().nullable(), cpuTimeMs: z.number(), programs })
    .nullable()
    .default(null),
  signature: SignatureViewSchema.nullable().default(null),
  /** Every host that the robot reached for was recorded. */
  hostsRecorded: z.boolean().default(false),
});
type Touch = z.infer<typeof TouchSchema>;

/** The schema's version that this file's tables and columns came with. */
const SINCE_VERSION = 3;
/** Of one run; those beyond are in the totals alone, so that no robot fills the disk. */
const MOST_CALLS = 5000;
const MOST_HOSTS = 1000;
/** How many calls are shown of a run. */
const CALLS_SHOWN = 1000;
/** Always written down: whether a robot completed its own task is asked after a crash. */
const COMPLETION = 'completeProcessItemTask';

const ADD_TO_TOTALS = `INSERT INTO api_call_totals VALUES (?,?,?,?,?,?) ON CONFLICT DO UPDATE SET
  times = times + excluded.times, bytes_up = bytes_up + excluded.bytes_up, bytes_down = bytes_down + excluded.bytes_down`;
const ADD_IF_KEPT = `INSERT INTO api_calls
    (run_id, at, operation_id, method, path, status, verdict, reason, times, bytes_up, bytes_down)
  SELECT ?,?,?,?,?,?,?,?,?,?,?
  WHERE ? OR (SELECT sum(times) FROM api_call_totals WHERE run_id = ?) <= ?`;

/** What each run touched: its calls through the gateway, the hosts it reached for, what its processes used. */
export class TouchRecords {
  readonly #database: JournalDatabase;
  readonly #mostCalls: number;
  /** A journal that an earlier version left, opened for reading alone. */
  readonly #isOld: boolean;

  constructor(database: JournalDatabase, mostCalls = MOST_CALLS) {
    this.#database = database;
    this.#mostCalls = mostCalls;
    this.#isOld = Number(database.prepare('PRAGMA user_version').get()?.user_version) < SINCE_VERSION;
  }

  addCall(runId: string, call: ApiCall): void {
    const { operationId, verdict, times, bytesUp, bytesDown } = call;
    const add = (database: Pick<DatabaseSync, 'prepare'>) => {
      database.prepare(ADD_TO_TOTALS).run(runId, operationId ?? '', verdict, times, bytesUp, bytesDown);
      database
        .prepare(ADD_IF_KEPT)
        .run(
          ...[runId, call.at, operationId, call.method, call.path, call.status, verdict, call.reason],
          ...[times, bytesUp, bytesDown],
          ...[operationId === COMPLETION ? 1 : 0, runId, this.#mostCalls],
        );
    };
    if (operationId === COMPLETION) this.#database.transaction(add);
    else this.#database.quickTransaction(add);
  }

  /** The calls that a run made through the gateway, oldest first, at most 1,000. */
  listCalls(runId: string): ApiCall[] {
    return this.#readCalls('run_id = ? ORDER BY rowid LIMIT ?', runId, CALLS_SHOWN);
  }

  /** Those by which it wanted to complete a task. */
  listCompletions(runId: string): ApiCall[] {
    return this.#readCalls('run_id = ? AND operation_id = ? ORDER BY rowid', runId, COMPLETION);
  }

  /** Of all its calls, also of those that were not written down one by one. */
  sumUpCalls(runId: string): ApiTotals {
    const rows = this.#database
      .prepare(
        this.#isOld
          ? `SELECT operation_id AS operationId, verdict, count(*) AS times, NULL AS bytesUp, NULL AS bytesDown
             FROM api_calls WHERE run_id = ? GROUP BY operation_id, verdict ORDER BY times DESC, operation_id, verdict`
          : `SELECT nullif(operation_id, '') AS operationId, verdict, times, bytes_up AS bytesUp, bytes_down AS bytesDown
             FROM api_call_totals WHERE run_id = ? ORDER BY times DESC, operation_id, verdict`,
      )
      .all(runId);
    const operations = touched.shape.api.shape.operations.parse(rows);
    const sum = (of: (one: ApiTotals['operations'][number]) => number | null) =>
      operations.reduce<number | null>((total, one) => {
        const value = of(one);
        return total === null || value === null ? null : total + value;
      }, 0);
    return {
      calls: sum(({ times }) => times) ?? 0,
      refused: sum(({ verdict, times }) => (verdict === 'refused' ? times : 0)) ?? 0,
      bytesUp: sum(({ bytesUp }) => bytesUp),
      bytesDown: sum(({ bytesDown }) => bytesDown),
      operations,
    };
  }

  /** A host that the robot reached for; each is kept once, at most 1,000. */
  addHost(runId: string, { host, port, verdict }: Host): void {
    this.#database.write(
      `INSERT OR IGNORE INTO run_hosts
       SELECT ?,?,?,? WHERE (SELECT count(*) FROM run_hosts WHERE run_id = ?) < ?`,
      ...[runId, host, port, verdict, runId, MOST_HOSTS],
    );
  }

  listHosts(runId: string): Host[] {
    if (this.#isOld) return [];
    const rows = this.#database
      .prepare('SELECT host, port, verdict FROM run_hosts WHERE run_id = ? ORDER BY host, port, verdict')
      .all(runId);
    return touched.shape.hosts.unwrap().parse(rows);
  }

  /** Adds to what is known of the run. */
  note(runId: string, touch: Partial<Touch>): void {
    this.#database.transaction((database) => {
      const known = { ...this.find(runId), ...touch };
      database.prepare('UPDATE runs SET touched = ? WHERE id = ?').run(JSON.stringify(known), runId);
    });
  }

  find(runId: string): Touch {
    if (this.#isOld) return TouchSchema.parse({});
    const row = this.#database.prepare('SELECT touched FROM runs WHERE id = ?').get(runId);
    return typeof row?.touched === 'string' ? parseDocument(TouchSchema, row.touched) : TouchSchema.parse({});
  }

  #readCalls(condition: string, ...values: (string | number)[]): ApiCall[] {
    const added = this.#isOld
      ? '1 AS times, NULL AS bytesUp, NULL AS bytesDown'
      : 'times, bytes_up AS bytesUp, bytes_down AS bytesDown';
    const rows = this.#database
      .prepare(
        `SELECT at, operation_id AS operationId, method, path, status, verdict, reason, ${added}
         FROM api_calls WHERE ${condition}`,
      )
      .all(...values);
    return apiCalls.parse(rows);
  }
}
