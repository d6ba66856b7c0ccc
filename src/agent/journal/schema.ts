import type { DatabaseSync } from 'node:sqlite';
import { AgentError } from '../../shared/errors.ts';

/** The schema's steps, oldest first; user_version says how many a file has seen. A step is never edited. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    request_id TEXT NOT NULL,
    robot_code TEXT NOT NULL,
    task_id TEXT,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL,
    requested_at TEXT NOT NULL,
    document TEXT NOT NULL,            -- the Run of docs/cli.md, JSON
    shipping TEXT                      -- position of the log shipper, JSON
  ) STRICT;
  CREATE INDEX runs_by_task ON runs (task_id, attempt);
  CREATE INDEX runs_by_state ON runs (state) WHERE state <> 'ended';
  CREATE INDEX runs_by_robot ON runs (robot_code, id);
  CREATE INDEX runs_by_request ON runs (request_id);

  CREATE TABLE run_states (run_id TEXT NOT NULL, at TEXT NOT NULL, state TEXT NOT NULL) STRICT;
  CREATE INDEX run_states_by_run ON run_states (run_id);

  CREATE TABLE decisions (
    seq INTEGER PRIMARY KEY,
    subject_kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    at TEXT NOT NULL,
    decision TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    run_id TEXT
  ) STRICT;
  CREATE INDEX decisions_by_subject ON decisions (subject_kind, subject_id, seq);

  CREATE TABLE api_calls (
    run_id TEXT NOT NULL,
    at TEXT NOT NULL,
    operation_id TEXT,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status INTEGER,
    verdict TEXT NOT NULL,
    reason TEXT
  ) STRICT;
  CREATE INDEX api_calls_by_run ON api_calls (run_id);

  CREATE TABLE robots (code TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;

  -- Tries that lie in the future: a retry of a task, or a task put off for a reason of this host.
  CREATE TABLE next_tries (task_id TEXT PRIMARY KEY, due_at INTEGER NOT NULL, document TEXT NOT NULL) STRICT;

  CREATE TABLE excluded_tasks (task_id TEXT PRIMARY KEY, at TEXT NOT NULL) STRICT;

  -- Post-install failures, so that a broken robot is not installed again at every poll.
  CREATE TABLE prepare_failures (key TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;

  CREATE TABLE facts (name TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT;
  `,
  `
  ALTER TABLE runs ADD COLUMN take TEXT;  -- the last step of its take that cannot be taken back, JSON
  CREATE INDEX runs_by_end ON runs (substr(id, -6));
  CREATE INDEX decisions_by_run ON decisions (run_id, seq) WHERE run_id IS NOT NULL;
  `,
  `
  ALTER TABLE runs ADD COLUMN touched TEXT;  -- what its robot used, and who signed it, JSON
  ALTER TABLE api_calls ADD COLUMN times INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE api_calls ADD COLUMN bytes_up INTEGER;
  ALTER TABLE api_calls ADD COLUMN bytes_down INTEGER;

  -- Of all calls of a run, also of those beyond what api_calls keeps; '' is a call that was no operation.
  CREATE TABLE api_call_totals (
    run_id TEXT NOT NULL,
    operation_id TEXT NOT NULL,
    verdict TEXT NOT NULL,
    times INTEGER NOT NULL,
    bytes_up INTEGER,
    bytes_down INTEGER,
    PRIMARY KEY (run_id, operation_id, verdict)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO api_call_totals
    SELECT run_id, coalesce(operation_id, ''), verdict, count(*), NULL, NULL FROM api_calls GROUP BY 1, 2, 3;

  CREATE TABLE run_hosts (
    run_id TEXT NOT NULL,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    verdict TEXT NOT NULL,
    PRIMARY KEY (run_id, host, port, verdict)
  ) STRICT, WITHOUT ROWID;

  -- The key that first signed each robot's package here.
  CREATE TABLE publishers (robot_code TEXT PRIMARY KEY, key TEXT NOT NULL, at TEXT NOT NULL) STRICT;
  `,
];

/**
 * Brings the file to this version's schema, one transaction a step.
 * @throws AgentError JOURNAL_UNUSABLE when a newer version wrote it.
 */
export function migrate(database: DatabaseSync, path: string): void {
  for (let version = readVersion(database, path); version < MIGRATIONS.length; version++) {
    database.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[version]}; PRAGMA user_version = ${version + 1}; COMMIT;`);
  }
}

/**
 * How many of the steps the file has seen.
 * @throws AgentError JOURNAL_UNUSABLE when it is more than there are: a newer version wrote it.
 */
export function readVersion(database: DatabaseSync, path: string): number {
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (row.user_version > MIGRATIONS.length) {
    throw new AgentError(
      'JOURNAL_UNUSABLE',
      `The journal ${path} was written by a newer KuBot Runner (schema ${row.user_version}, this one knows ${MIGRATIONS.length}).`,
      { hint: 'Install that version again, or choose another home.' },
    );
  }
  return row.user_version;
}
