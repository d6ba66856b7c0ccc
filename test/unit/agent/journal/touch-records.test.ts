import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { JournalDatabase } from '../../../../src/agent/journal/journal-database.ts';
import { type Journal, openJournal } from '../../../../src/agent/journal/open-journal.ts';
import { TouchRecords } from '../../../../src/agent/journal/touch-records.ts';
import { aRun } from '../../../helpers/a-run.ts';

type ApiCall = Parameters<TouchRecords['addCall']>[1];

let dir: string;
let path: string;
let journal: Journal;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-touched-'));
  path = join(dir, 'journal.db');
  journal = openJournal(path);
});
afterEach(() => {
  journal.close();
  rmSync(dir, { recursive: true, force: true });
});

const call = (over: Partial<ApiCall> = {}): ApiCall => ({
  at: '2026-01-01T00:00:00.000Z',
  operationId: 'retrieveProcess',
  method: 'GET',
  path: '/processes/1',
  status: 200,
  verdict: 'forwarded',
  reason: null,
  times: 1,
  bytesUp: 0,
  bytesDown: 10,
  ...over,
});
const completion = call({
  operationId: 'completeProcessItemTask',
  method: 'POST',
  path: '/process-items/t/…',
});
const outOfScope = call({
  operationId: null,
  path: '/secrets',
  status: 404,
  verdict: 'refused',
  reason: 'no such',
  bytesDown: 0,
});

describe('the calls of a run', () => {
  test('are told one by one and summed up', () => {
    const calls = [call({ bytesUp: 5 }), call({ bytesUp: 7 }), outOfScope];
    for (const one of calls) journal.touched.addCall('run-1', one);
    journal.touched.addCall('run-2', call());
    expect(journal.touched.listCalls('run-1')).toEqual(calls);
    expect(journal.touched.sumUpCalls('run-1')).toEqual({
      calls: 3,
      refused: 1,
      bytesUp: 12,
      bytesDown: 20,
      operations: [
        { operationId: 'retrieveProcess', verdict: 'forwarded', times: 2, bytesUp: 12, bytesDown: 20 },
        { operationId: null, verdict: 'refused', times: 1, bytesUp: 0, bytesDown: 0 },
      ],
    });
  });

  test('that were recorded together count as often as they came', () => {
    journal.touched.addCall('run-1', call({ verdict: 'refused', status: 429, times: 4000 }));
    journal.touched.addCall('run-1', call());
    expect(journal.touched.sumUpCalls('run-1')).toMatchObject({ calls: 4001, refused: 4000 });
  });

  test('are none of a run that made none', () => {
    expect(journal.touched.listCalls('run-1')).toEqual([]);
    expect(journal.touched.sumUpCalls('run-1')).toEqual({
      calls: 0,
      refused: 0,
      bytesUp: 0,
      bytesDown: 0,
      operations: [],
    });
  });

  test('beyond what is kept of one run are in the sum alone, but for completions', () => {
    const database = new JournalDatabase(new DatabaseSync(path));
    const records = new TouchRecords(database, 3);
    for (let at = 0; at < 5; at++) records.addCall('run-1', call({ path: `/processes/${at}` }));
    records.addCall('run-1', completion);
    records.addCall('run-2', call());
    expect(records.listCalls('run-1').map(({ path: asked }) => asked)).toEqual([
      '/processes/0',
      '/processes/1',
      '/processes/2',
      '/process-items/t/…',
    ]);
    expect(records.listCompletions('run-1')).toEqual([completion]);
    expect(records.sumUpCalls('run-1').calls).toBe(6);
    expect(records.listCalls('run-2')).toHaveLength(1);
    database.close();
  });

  test('go with a run that is forgotten', () => {
    const run = aRun();
    journal.runs.insert(run, 'request');
    journal.touched.addCall(run.id, call());
    journal.touched.addHost(run.id, { host: 'pypi.org', port: 443, verdict: 'allowed' });
    journal.runs.remove(run.id);
    expect([
      journal.touched.listCalls(run.id),
      journal.touched.sumUpCalls(run.id).calls,
      journal.touched.listHosts(run.id),
    ]).toEqual([[], 0, []]);
  });
});

test('hosts are kept once each', () => {
  const allowed = { host: 'pypi.org', port: 443, verdict: 'allowed' } as const;
  const refused = { host: 'evil.example', port: 443, verdict: 'refused' } as const;
  for (const host of [allowed, refused, allowed]) journal.touched.addHost('run-1', host);
  expect([journal.touched.listHosts('run-1'), journal.touched.listHosts('run-2')]).toEqual([
    [refused, allowed],
    [],
  ]);
});

describe('what is known of a run', () => {
  const usage = { peakMemoryBytes: 1000, cpuTimeMs: 20, programs: [{ name: 'sh', count: 1 }] };
  const signature = { state: 'trusted', key: 'k', publisher: null } as const;

  test('grows by what is noted', () => {
    const run = aRun();
    journal.runs.insert(run, 'request');
    expect(journal.touched.find(run.id)).toEqual({ usage: null, signature: null, hostsRecorded: false });
    journal.touched.note(run.id, { signature, hostsRecorded: true });
    journal.touched.note(run.id, { usage });
    expect(journal.touched.find(run.id)).toEqual({ usage, signature, hostsRecorded: true });
  });

  test('outlives a change of its document', () => {
    const run = aRun();
    journal.runs.insert(run, 'request');
    journal.touched.note(run.id, { usage });
    journal.runs.update({ ...run, state: 'preparing' }, run.requestedAt);
    expect(journal.touched.find(run.id)).toMatchObject({ usage });
  });
});

test('the first key that signed a robot’s package stays', () => {
  const { publishers } = journal;
  expect(publishers.find('INVOICES')).toBeNull();
  publishers.pin('INVOICES', 'first', '2026-01-01T00:00:00.000Z');
  publishers.pin('INVOICES', 'second', '2026-01-02T00:00:00.000Z');
  expect([publishers.find('INVOICES'), publishers.find('OTHER')]).toEqual(['first', null]);
});
