import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { homePaths } from '../../../../src/agent/home/home-paths.ts';
import { type Journal, openJournal } from '../../../../src/agent/journal/open-journal.ts';
import {
  findPrunable,
  noteUse,
  prune,
  prunedOf,
  type RetentionOptions,
} from '../../../../src/agent/runs/retention.ts';
import { aRun } from '../../../helpers/a-run.ts';

const NOW = Date.parse('2026-03-01T00:00:00Z');
const DAY = 24 * 60 * 60_000;

let home: string;
let journal: Journal;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kubot-retention-'));
  journal = openJournal(join(home, 'journal.db'));
});
afterEach(() => {
  journal.close();
  rmSync(home, { recursive: true, force: true });
});

function options(
  changes: Partial<RetentionOptions['settings']> = {},
  inUse: string[] = [],
): RetentionOptions {
  return {
    journal,
    paths: homePaths(home),
    settings: {
      runRetentionMs: 14 * DAY,
      runRetentionBytes: 1e9,
      storeRetentionMs: 30 * DAY,
      storeMaxBytes: 1e9,
      ...changes,
    },
    inUse,
    now: () => NOW,
  };
}

/** A folder of the home with so many bytes, used last so many days ago. */
function folder(path: string, bytes: number, daysAgo: number): string {
  const dir = join(home, path);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'file'), Buffer.alloc(bytes));
  utimesSync(dir, (NOW - daysAgo * DAY) / 1000, (NOW - daysAgo * DAY) / 1000);
  return dir;
}

function run(id: string, bytes: number, daysAgo: number | null): string {
  const endedAt = daysAgo === null ? null : new Date(NOW - daysAgo * DAY).toISOString();
  const state = daysAgo === null ? 'running' : 'ended';
  journal.runs.insert(aRun({ id, state, endedAt }), id);
  return folder(join('runs', id), bytes, 0);
}

const ids = async (with_: RetentionOptions) => (await findPrunable(with_)).map(({ id }) => id);

describe('runs', () => {
  test('that ended longer ago than runRetentionMs go, with their size and the reason', async () => {
    run('old', 100, 15);
    run('new', 100, 13);
    run('live', 100, null);
    expect(prunedOf(await findPrunable(options()))).toEqual({
      items: [{ kind: 'run', id: 'old', bytes: 100, reason: 'ended 15 d ago (runRetentionMs)' }],
      bytes: 100,
    });
  });

  test('beyond runRetentionBytes go, the oldest first, never one that lives', async () => {
    run('first', 100, 3);
    run('second', 100, 2);
    run('third', 100, 1);
    run('live', 500, null);
    expect(await ids(options({ runRetentionBytes: 200 }))).toEqual(['first']);
  });

  test('that the journal does not know go by the age of their folder: it may have been set aside', async () => {
    folder('runs/unknown', 10, 15);
    folder('runs/lately', 10, 13);
    expect(prunedOf(await findPrunable(options())).items).toEqual([
      {
        kind: 'run',
        id: 'unknown',
        bytes: 10,
        reason: 'not in the journal, changed 15 d ago (runRetentionMs)',
      },
    ]);
  });

  test('are measured once, for they do not change', async () => {
    run('ended', 100, 15);
    const measured = new Map<string, number>();
    await findPrunable({ ...options(), measured });
    writeFileSync(join(home, 'runs/ended/more'), Buffer.alloc(1));
    expect((await findPrunable({ ...options(), measured }))[0]?.bytes).toBe(100);
    expect((await findPrunable(options()))[0]?.bytes).toBe(101);
  });
});

describe('packages, runtimes and environments', () => {
  test('that nothing used for storeRetentionMs go; what is in use never does', async () => {
    folder('packages/old', 10, 31);
    const used = folder('environments/used', 10, 31);
    folder('runtimes/held', 10, 31);
    folder('runtimes/new', 10, 29);
    folder('packages/index', 10, 90);
    const inUse = [used, join(home, 'runtimes/held/python')];
    expect(await ids(options({}, inUse))).toEqual(['old']);
  });

  test('beyond storeMaxBytes go, those unused for longest first, what is in use counted in', async () => {
    folder('environments/a', 100, 3);
    folder('packages/b', 100, 2);
    folder('runtimes/c', 100, 1);
    const inUse = [folder('environments/used', 100, 9)];
    expect(await ids(options({ storeMaxBytes: 300 }, inUse))).toEqual(['a']);
  });

  test('that are in use count as used now', async () => {
    const root = folder('runtimes/held/python', 10, 40);
    await noteUse({ ...options({}, [root]) });
    expect(Math.round(statSync(dirname(root)).mtimeMs)).toBe(NOW);
  });

  test('that were touched within the hour are left alone: they may be in the making', async () => {
    folder('packages/fresh', 100, 0);
    expect(await ids(options({ storeMaxBytes: 0 }))).toEqual([]);
  });

  test('of a runtime its record goes with it', async () => {
    const dir = folder('runtimes/NODEJS-1', 10, 31);
    mkdirSync(join(home, 'runtimes/index'));
    const record = join(home, 'runtimes/index/NODEJS-1.json');
    writeFileSync(record, '{}');
    await prune(await findPrunable(options()));
    expect([existsSync(dir), existsSync(record)]).toEqual([false, false]);
  });
});

test('a home without anything has nothing to free', async () => {
  expect(await findPrunable(options())).toEqual([]);
});
