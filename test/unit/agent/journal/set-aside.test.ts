import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openJournal, openJournalReadOnly } from '../../../../src/agent/journal/open-journal.ts';
import { setAside } from '../../../../src/agent/journal/set-aside.ts';
import { createRunId } from '../../../../src/agent/runs/run-id.ts';
import { aRun } from '../../../helpers/a-run.ts';

const PAGE_BYTES = 4096;
const now = () => Date.UTC(2026, 0, 2, 3, 4, 5, 678);

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-journal-'));
  path = join(dir, 'journal.db');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A journal of many pages, closed. */
function writeJournal(): void {
  const journal = openJournal(path);
  for (let n = 0; n < 50; n++) journal.runs.insert(aRun({ id: createRunId(n * 1000) }), `request-${n}`);
  journal.close();
}

/** Opens it, and tells what was heard. */
function open() {
  const heard: { path: string; reason: string }[] = [];
  const journal = openJournal(path, { now, onSetAside: (damaged) => heard.push(damaged) });
  const runs = journal.runs.list({ limit: 100 }).length;
  journal.runs.insert(aRun(), 'a new one');
  journal.close();
  return { heard, runs };
}

const DAMAGES: { name: string; damage: () => void }[] = [
  {
    name: 'that is no database',
    damage: () => writeFileSync(path, 'not a database at all, but long enough for one '.repeat(200)),
  },
  { name: 'cut off in its middle', damage: () => truncateSync(path, 5 * PAGE_BYTES + 100) },
  {
    name: 'with a bad page',
    damage: () => {
      const bytes = readFileSync(path);
      bytes.fill(0xa5, 3 * PAGE_BYTES, 4 * PAGE_BYTES);
      writeFileSync(path, bytes);
    },
  },
  {
    name: 'with a bad head',
    damage: () => {
      const bytes = readFileSync(path);
      bytes.fill(0, 0, 100);
      writeFileSync(path, bytes);
    },
  },
];

describe.each(DAMAGES)('a journal $name', ({ damage }) => {
  test('is set aside under a name that says when, and a new one begun', () => {
    writeJournal();
    damage();
    const damaged = readFileSync(path);
    const { heard, runs } = open();
    const aside = `${path}.corrupt-2026-01-02T03-04-05Z`;
    expect(heard).toEqual([{ path: aside, reason: expect.stringContaining('cannot be used') }]);
    expect(runs).toBe(0);
    expect(readFileSync(aside).equals(damaged)).toBe(true);
    expect(open()).toEqual({ heard: [], runs: 1 });
  });
});

test('whoever reads a damaged journal without an agent is told that an agent mends it', () => {
  writeFileSync(path, 'not a database at all, but long enough for one '.repeat(200));
  expect(() => openJournalReadOnly(path)).toThrow(
    expect.objectContaining({
      code: 'JOURNAL_UNUSABLE',
      message: expect.stringContaining('journal.db cannot be used'),
      hint: expect.stringContaining('Start the agent'),
    }),
  );
  expect(readdirSync(dir)).toEqual(['journal.db']);
});

test('the companions of a journal go with it, and an earlier one is never written over', () => {
  for (const name of ['journal.db', 'journal.db-wal', 'journal.db-shm']) writeFileSync(join(dir, name), name);
  const aside = 'journal.db.corrupt-2026-01-02T03-04-05Z';
  writeFileSync(join(dir, aside), 'an earlier one');
  expect(setAside(path, now())).toBe(join(dir, `${aside}-2`));
  expect(readdirSync(dir)).toEqual([aside, `${aside}-2`, `${aside}-2-shm`, `${aside}-2-wal`]);
  expect(readFileSync(join(dir, aside), 'utf8')).toBe('an earlier one');
});

test('keeps what a crash left in the write-ahead log', () => {
  const crashed = openJournal(path);
  crashed.runs.insert(aRun(), 'request');
  const files = ['', '-wal', '-shm'].map((end) => [end, readFileSync(path + end)] as const);
  crashed.close();
  for (const [end, bytes] of files) writeFileSync(path + end, bytes);
  expect(open()).toEqual({ heard: [], runs: 1 });
});

test('does not take a file that cannot be opened for a damaged one', () => {
  const heard: unknown[] = [];
  expect(() => openJournal(dir, { onSetAside: (damaged) => heard.push(damaged) })).toThrow(
    expect.objectContaining({ code: 'JOURNAL_UNUSABLE' }),
  );
  expect(heard).toEqual([]);
});
