import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DecisionRecords } from '../../../../src/agent/journal/decision-records.ts';
import { explainWhy } from '../../../../src/agent/journal/describe-run.ts';
import { findRun } from '../../../../src/agent/journal/find-run.ts';
import { JournalDatabase } from '../../../../src/agent/journal/journal-database.ts';
import {
  type Journal,
  openJournal,
  openJournalReadOnly,
} from '../../../../src/agent/journal/open-journal.ts';
import { RunRecords } from '../../../../src/agent/journal/run-records.ts';
import { migrate } from '../../../../src/agent/journal/schema.ts';
import { createRunId } from '../../../../src/agent/runs/run-id.ts';
import type { Run } from '../../../../src/shared/run.ts';
import { aRun } from '../../../helpers/a-run.ts';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const taskId = '5f0e3c1a-9d7b-4b8e-8a52-0c7d1e2f3a4b';

describe('the journal', () => {
  let dir: string;
  let path: string;
  let journal: Journal;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'kubot-journal-'));
    path = join(dir, 'journal.db');
    journal = openJournal(path);
  });
  afterEach(() => {
    journal.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('gives back a run as it was written, with its timeline', () => {
    const run = aRun();
    journal.runs.insert(run, 'request-1');
    const running: Run = { ...run, state: 'running', startedAt: at(2) };
    journal.runs.update(running, at(2));
    journal.runs.update({ ...running, operation: 'Other' }, null);
    expect(journal.runs.find(run.id)).toEqual({ ...running, operation: 'Other' });
    expect(journal.runs.timeline(run.id)).toEqual([
      { at: at(0), state: 'queued' },
      { at: at(2), state: 'running' },
    ]);
    expect(journal.runs.findByRequest('request-1')?.id).toBe(run.id);
  });

  test('lists runs by how they stand and by a part of what names them', () => {
    const runs = {
      live: aRun({ id: createRunId(1), robot: { id: 'p', code: 'PAYROLL', revision: 'a' } }),
      well: aRun({ id: createRunId(2), state: 'ended', outcome: 'succeeded', operation: null }),
      failed: aRun({ id: createRunId(3), state: 'ended', outcome: 'timed-out', taskId: null }),
      cancelled: aRun({ id: createRunId(4), state: 'ended', outcome: 'cancelled', operation: '100 % Ünder' }),
    };
    for (const run of Object.values(runs)) journal.runs.insert(run, run.id);
    const names = (query: Parameters<typeof journal.runs.list>[0]) =>
      journal.runs
        .list(query)
        .map(({ id }) => Object.entries(runs).find(([, run]) => run.id === id)?.[0])
        .sort();
    expect(names({ limit: 9, standing: 'live' })).toEqual(['live']);
    expect(names({ limit: 9, standing: 'succeeded' })).toEqual(['well']);
    expect(names({ limit: 9, standing: 'failed' })).toEqual(['failed']);
    expect(names({ limit: 9, text: ' payr ' })).toEqual(['live']);
    expect(names({ limit: 9, text: '100 %' })).toEqual(['cancelled']);
    expect(names({ limit: 9, text: taskId.slice(0, 8) })).toEqual(['cancelled', 'live', 'well']);
    expect(names({ limit: 9, text: runs.well.id.slice(-6) })).toEqual(['well']);
    expect(names({ limit: 9, text: 'invoices', standing: 'failed', before: runs.failed.id })).toEqual([]);
    expect(names({ limit: 9, text: '  ' })).toHaveLength(4);
  });

  test('counts how the runs of each day ended, without those asked for earlier', () => {
    const day = (n: number, hour = 12) => new Date(2026, 2, n, hour).getTime();
    const ended = (ms: number, outcome: Run['outcome'], durationMs: number | null): Run =>
      aRun({
        id: createRunId(ms),
        state: 'ended',
        outcome,
        endedAt: new Date(ms).toISOString(),
        durationMs,
      });
    const runs = [
      ended(day(1), 'succeeded', 9),
      ended(day(2, 0), 'succeeded', 100),
      ended(day(2, 23), 'succeeded', 300),
      ended(day(2), 'prepare-failed', null),
      ended(day(4), 'cancelled', null),
      ended(day(4), 'timed-out', 50),
      aRun({ id: createRunId(day(4)) }),
    ];
    for (const run of runs) journal.runs.insert(run, run.id);
    expect(journal.runs.totals(day(2, 0))).toEqual([
      { day: '2026-03-02', succeeded: 2, failed: 1, cancelled: 0, meanDurationMs: 200 },
      { day: '2026-03-04', succeeded: 0, failed: 1, cancelled: 1, meanDurationMs: 50 },
    ]);
  });

  test('lists newest first, by state and robot, and pages by id', () => {
    const runs = [1, 2, 3, 4].map((n) =>
      aRun({ id: createRunId(n * 1000), robot: { id: 'r', code: n % 2 ? 'A' : 'B', revision: null } }),
    );
    for (const run of runs) journal.runs.insert(run, run.id);
    const ids = (query: Parameters<Journal['runs']['list']>[0]) =>
      journal.runs.list(query).map((run) => runs.findIndex((other) => other.id === run.id) + 1);
    expect(ids({ limit: 10 })).toEqual([4, 3, 2, 1]);
    expect(ids({ limit: 10, robot: 'A' })).toEqual([3, 1]);
    expect(ids({ limit: 1, before: runs[2]?.id })).toEqual([2]);
    expect(ids({ limit: 10, state: 'ended' })).toEqual([]);
  });

  test('stores a decision only when it differs from the last one on its subject', () => {
    const subject = { kind: 'task' as const, id: taskId };
    const say = (code: string, second: number) =>
      journal.decisions.add(subject, {
        at: at(second),
        decision: 'postponed',
        code,
        message: code,
        runId: null,
      });
    expect([say('NO_SLOT', 1), say('NO_SLOT', 2), say('PAUSED', 3), say('NO_SLOT', 4)]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect(explainWhy(journal, taskId).decisions.map((decision) => decision.at)).toEqual([
      at(1),
      at(3),
      at(4),
    ]);
  });

  test('still knows the last decision after a restart', () => {
    const subject = { kind: 'task' as const, id: taskId };
    const decision = { at: at(1), decision: 'skipped' as const, code: 'X', message: 'x', runId: null };
    journal.decisions.add(subject, decision);
    journal.close();
    journal = openJournal(path);
    expect(journal.decisions.add(subject, { ...decision, at: at(2) })).toBe(false);
  });

  test('forgets a run that was removed, but not why', () => {
    const run = aRun();
    journal.runs.insert(run, 'request');
    journal.decisions.add(
      { kind: 'task', id: taskId },
      { at: at(1), decision: 'skipped', code: 'TAKEN_ELSEWHERE', message: 'PC-12 has it', runId: run.id },
    );
    journal.runs.remove(run.id);
    expect(journal.runs.find(run.id)).toBeUndefined();
    expect(explainWhy(journal, taskId).decisions).toHaveLength(1);
  });

  test('finds a run by a prefix or suffix that fits one alone, and by its task', () => {
    const first = aRun({ id: '01890000-0000-7000-8000-00000000aaaa' });
    const second = aRun({ id: '01890000-0000-7000-8000-00000000bbbb', attempt: 2 });
    journal.runs.insert(first, '1');
    journal.runs.insert(second, '2');
    expect(findRun(journal, '0000aaaa', { tasks: false }).id).toBe(first.id);
    expect(findRun(journal, taskId, { tasks: true }).id).toBe(second.id);
    expect(() => findRun(journal, '01890000', { tasks: false })).toThrow(/fits several runs/);
    expect(() => findRun(journal, 'bbbb', { tasks: false })).toThrow(/No run here/);
    expect(() => findRun(journal, '%%%%%%', { tasks: false })).toThrow(/No run here/);
    expect(() => findRun(journal, taskId, { tasks: false })).toThrow(/No run here/);
  });

  test('is read by a second process while the first writes', () => {
    const reader = openJournalReadOnly(path);
    journal.runs.insert(aRun(), 'request');
    expect(reader.runs.list({ limit: 5 })).toHaveLength(1);
    expect(() => reader.host.savePause({ reason: null, untilMs: null })).toThrow();
    reader.close();
  });

  test('keeps pause, next tries and exclusions', () => {
    journal.host.savePause({ reason: 'lunch', untilMs: 5 });
    expect(journal.host.loadPause()).toEqual({ reason: 'lunch', untilMs: 5 });
    journal.host.savePause(null);
    expect(journal.host.loadPause()).toBeNull();
    journal.host.exclude(taskId, at(0));
    expect(journal.host.isExcluded(taskId)).toBe(true);
    journal.host.include(taskId);
    expect(journal.host.isExcluded(taskId)).toBe(false);
  });
});

test('run ids sort by time and are UUIDv7', () => {
  const ids = [1, 1000, 2 ** 40].map(createRunId);
  expect([...ids].sort()).toEqual(ids);
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('no question about runs goes through all of them', () => {
  const database = new DatabaseSync(':memory:');
  migrate(database, ':memory:');
  const plans: string[] = [];
  const prepare = database.prepare.bind(database);
  // Each statement tells its plan in place of its rows.
  database.prepare = (sql) => {
    const plan = prepare(`EXPLAIN QUERY PLAN ${sql}`);
    const all = (...values: SQLInputValue[]) => {
      plans.push(...plan.all(...values).map(({ detail }) => String(detail)));
      return [];
    };
    return Object.assign(Object.create(prepare(sql)) as StatementSync, {
      all,
      get: (...values: SQLInputValue[]) => void all(...values),
    });
  };
  const runs = new RunRecords(new JournalDatabase(database));
  const decisions = new DecisionRecords(new JournalDatabase(database));
  runs.find('a');
  runs.findIds('00aaaa', 5);
  runs.findByRequest('r');
  runs.list({ limit: 50, state: 'running' });
  runs.list({ limit: 50, robot: 'INVOICES', before: 'b' });
  runs.listUnfinished();
  runs.listForTask('t');
  runs.highestAttempt('t');
  runs.timeline('a');
  decisions.list({ kind: 'run', id: 'a' });
  decisions.list({ kind: 'task', id: 't' });
  database.close();
  // That index holds the unfinished runs alone.
  const few = 'SCAN runs USING INDEX runs_by_state';
  expect(plans.filter((plan) => plan.startsWith('SCAN') && plan !== few)).toEqual([]);
  expect(plans.length).toBeGreaterThan(10);
});
