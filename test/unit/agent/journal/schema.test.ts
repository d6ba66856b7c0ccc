import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJournal, openJournalReadOnly } from '../../../../src/agent/journal/open-journal.ts';

const FIXTURES = resolve(import.meta.dirname, '../../../fixtures/journal');
const TABLES = [
  'runs',
  'run_states',
  'decisions',
  'api_calls',
  'robots',
  'next_tries',
  'excluded_tasks',
  'prepare_failures',
  'facts',
];
const taskId = '5f0e3c1a-9d7b-4b8e-8a52-0c7d1e2f3a4b';
const lostRun = '01890000-0000-7000-8000-00000000aaaa';

/** How many bytes a call took was not known yet. */
const CALL = {
  at: '2026-01-01T00:00:01.000Z',
  operationId: 'retrieveProcess',
  method: 'GET',
  path: '/processes/1',
  status: 200,
  verdict: 'forwarded',
  reason: null,
  times: 1,
  bytesUp: null,
  bytesDown: null,
};
const TOTALS = {
  calls: 1,
  refused: 0,
  bytesUp: null,
  bytesDown: null,
  operations: [
    { operationId: 'retrieveProcess', verdict: 'forwarded', times: 1, bytesUp: null, bytesDown: null },
  ],
};
const NOTHING_KNOWN = { usage: null, signature: null, hostsRecorded: false };

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-journal-'));
  path = join(dir, 'journal.db');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** What SQL says on the file itself. */
function inFile<T>(work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

const versionOf = () => inFile((database) => database.prepare('PRAGMA user_version').get()?.user_version);

const shapeOf = () =>
  inFile((database) =>
    database
      .prepare("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
      .all()
      .map(({ name, sql }) => `${name}: ${String(sql).replace(/\s+/g, ' ')}`),
  );

const rowsOf = (columns: Map<string, string[]>) =>
  inFile((database) =>
    Object.fromEntries(
      TABLES.map((table) => [
        table,
        database.prepare(`SELECT ${columns.get(table)?.join(', ') ?? '*'} FROM ${table}`).all(),
      ]),
    ),
  );

const columnsOf = () =>
  inFile(
    (database) =>
      new Map(
        TABLES.map((table) => [
          table,
          database
            .prepare(`PRAGMA table_info(${table})`)
            .all()
            .map(({ name }) => String(name)),
        ]),
      ),
  );

function writeVersion(version: number): void {
  inFile((database) => database.exec(readFileSync(join(FIXTURES, `version-${version}.sql`), 'utf8')));
}

describe.each([
  [1, 'runs_by_end'],
  [2, 'publishers'],
])('a journal of version %i', (version, madeByNextStep) => {
  test('becomes one of the newest, with every row', () => {
    writeVersion(version);
    const columns = columnsOf();
    const before = rowsOf(columns);
    openJournal(path).close();
    expect(versionOf()).toBeGreaterThan(version);
    expect(rowsOf(columns)).toEqual(before);
    const migrated = shapeOf();
    rmSync(path);
    openJournal(path).close();
    expect(migrated.map((line) => line.split(':')[0])).toEqual(shapeOf().map((line) => line.split(':')[0]));
  });

  test('is read as what it is', () => {
    writeVersion(version);
    const journal = openJournal(path);
    expect(journal.runs.list({ limit: 9 }).map(({ attempt, state }) => ({ attempt, state }))).toEqual([
      { attempt: 2, state: 'running' },
      { attempt: 1, state: 'ended' },
    ]);
    expect(journal.runs.timeline(lostRun)).toHaveLength(2);
    expect(journal.runs.loadShipping(lostRun)).toMatchObject({ seq: 12 });
    expect(journal.runs.loadTake(lostRun)).toBeNull();
    expect(journal.touched.listCalls(lostRun)).toEqual([CALL]);
    expect(journal.touched.sumUpCalls(lostRun)).toEqual(TOTALS);
    expect(journal.touched.find(lostRun)).toEqual(NOTHING_KNOWN);
    expect(journal.decisions.list({ kind: 'run', id: lostRun })).toMatchObject([{ code: 'TAKEN' }]);
    expect(journal.host.listRobots()).toHaveLength(1);
    expect(journal.host.findNextTry(taskId)).toMatchObject({ kind: 'retry' });
    expect(journal.host.isExcluded('0d5c1f9e-0f43-4a44-9f3a-2f7f6f0b9c11')).toBe(true);
    expect(journal.host.findPrepareFailure('key')).toMatchObject({ failures: 2 });
    expect(journal.host.loadPause()).toEqual({ reason: 'lunch', untilMs: null });
    expect(journal.host.loadLogBound('https://api')).toBe(50);
    journal.close();
  });

  test('is read without an agent before any agent has migrated it', () => {
    writeVersion(version);
    const journal = openJournalReadOnly(path);
    expect(journal.runs.findIds('0000aaaa', 5)).toEqual([lostRun]);
    expect(journal.runs.list({ limit: 9, state: 'running' })).toHaveLength(1);
    expect(journal.touched.listCalls(lostRun)).toEqual([CALL]);
    expect(journal.touched.sumUpCalls(lostRun)).toEqual(TOTALS);
    expect(journal.touched.find(lostRun)).toEqual(NOTHING_KNOWN);
    expect(journal.touched.listHosts(lostRun)).toEqual([]);
    journal.close();
    expect(versionOf()).toBe(version);
  });

  test('stays as it is when a step fails', () => {
    writeVersion(version);
    inFile((database) => database.exec(`CREATE TABLE ${madeByNextStep} (x)`));
    const columns = columnsOf();
    const before = rowsOf(columns);
    expect(() => openJournal(path)).toThrow(expect.objectContaining({ code: 'JOURNAL_UNUSABLE' }));
    expect(versionOf()).toBe(version);
    expect(columnsOf()).toEqual(columns);
    expect(rowsOf(columns)).toEqual(before);
  });
});

test.each([
  ['by an agent', openJournal],
  ['without one', openJournalReadOnly],
])('a journal of a newer version is refused %s, and left as it is', (_who, open) => {
  inFile((database) => database.exec('CREATE TABLE later (x); PRAGMA user_version = 99'));
  const before = readFileSync(path);
  expect(() => open(path)).toThrow(
    expect.objectContaining({
      code: 'JOURNAL_UNUSABLE',
      message: expect.stringContaining('schema 99'),
      hint: 'Install that version again, or choose another home.',
    }),
  );
  expect(readFileSync(path).equals(before)).toBe(true);
});
