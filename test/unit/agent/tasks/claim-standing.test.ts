import { describe, expect, test } from 'vitest';
import { claimStandingOf } from '../../../../src/agent/tasks/claim-standing.ts';
import { reasonAgainst } from '../../../../src/agent/tasks/reclaim.ts';
import type { Reclaim } from '../../../../src/agent/tasks/take-attempt.ts';
import type { LogEntry } from '../../../../src/agent/tasks/take-entry.ts';
import { ended, line, MINUTE_MS, said, T0_MS, took, waits } from './task-entries.ts';

const at = (minute: number | null, logs: LogEntry[]) =>
  claimStandingOf(
    { logs, ownerId: 'us', serverTimeMs: minute === null ? null : T0_MS + minute * MINUTE_MS },
    { installationId: 'US', runIds: [] },
  );

describe('who answers for a claimed task', () => {
  test('nobody, as far as its log tells', () => {
    expect(at(0, [])).toEqual({ kind: 'unmarked' });
    expect(at(0, [said(0, 'a note')])).toEqual({ kind: 'unmarked' });
  });

  test('its host, for half an hour after what it wrote last', () => {
    const logs = [took(0, 'PC-12'), line(10), said(25, 'a note')];
    const known = { take: { host: 'PC-12' }, lastEntryAtMs: T0_MS + 10 * MINUTE_MS };
    expect(at(39.99, logs)).toMatchObject({ kind: 'live', ...known });
    expect(at(40, logs)).toMatchObject({ kind: 'silent', ...known });
  });

  test('for ever, where the platform tells no time', () => {
    expect(at(null, [took(0, 'PC-12')])).toMatchObject({ kind: 'live' });
  });

  test('nobody any more when its run has told its end', () => {
    expect(at(90, [took(0, 'PC-12'), line(1), ended(2), said(3, 'a note')])).toMatchObject({ kind: 'ended' });
    expect(at(5, [took(0, 'PC-12'), ended(2), took(4, 'PC-13', { how: 'over' })])).toMatchObject({
      kind: 'live',
      take: { host: 'PC-13' },
    });
  });

  test('nobody, though a line of the ended run is delivered late', () => {
    expect(at(90, [took(0, 'PC-12'), line(1), ended(2), line(3)])).toMatchObject({ kind: 'ended' });
  });

  test('the host that waits with its next attempt, as long as it says so', () => {
    const logs = [took(0, 'PC-12'), ended(2), waits(12)];
    expect(at(41, logs)).toMatchObject({ kind: 'live', take: { host: 'PC-12' } });
    expect(at(42, logs)).toMatchObject({ kind: 'silent', take: { host: 'PC-12' } });
  });

  test('not a host that was beaten to it', () => {
    const logs = [took(0, 'PC-12'), took(0, 'PC-13', { saw: 'nothing' }), line(1)];
    expect(at(2, logs)).toMatchObject({ kind: 'live', take: { host: 'PC-12' } });
    expect(at(40, logs)).toMatchObject({ kind: 'silent', take: { host: 'PC-12' } });
  });

  test('the host that took it when it was READY again', () => {
    const logs = [took(0, 'US'), line(1), ended(1), took(2, 'PC-13')];
    expect(at(2.9, logs)).toMatchObject({ kind: 'live', take: { host: 'PC-13' }, isOwn: false });
  });

  test('no host of another principal', () => {
    const logs = [took(0, 'PC-12'), line(1), took(2, 'PC-13', { how: 'over', principalId: 'others' })];
    expect(at(2, logs)).toMatchObject({ kind: 'live', take: { host: 'PC-12' } });
    expect(at(2, [...logs, took(3, 'PC-14', { how: 'over', principalId: 'us' })])).toMatchObject({
      take: { host: 'PC-14' },
    });
  });

  test('somebody unknown where the take was dropped', () => {
    expect(at(5, [line(4)])).toMatchObject({ kind: 'live', take: null });
  });
});

describe('a claimed task may be taken', () => {
  const logs: Record<string, LogEntry[]> = {
    'no entry of any host': [said(0, 'a note')],
    'a live host': [took(0, 'PC-12'), line(50)],
    'a silent host': [took(0, 'PC-12'), line(1)],
    'an ended run': [took(0, 'PC-12'), ended(50)],
    'a live take of ours': [took(50, 'US')],
    'a silent take of ours': [took(0, 'US')],
    'an ended run of ours': [took(0, 'US'), ended(50)],
    'lines of nobody known': [line(50)],
    'a beaten host behind ours': [took(0, 'US'), took(0, 'PC-12', { saw: 'nothing' }), ended(1)],
    'a host that waits': [took(0, 'PC-12'), ended(50), waits(55)],
  };
  const reasons = (reclaim: Reclaim) =>
    Object.fromEntries(
      Object.entries(logs).map(([name, entries]) => [
        name,
        reasonAgainst(at(60, entries), reclaim, { serverTimeMs: T0_MS + 60 * MINUTE_MS }),
      ]),
    );

  test('for the next attempt, unless another host took it over', () => {
    const other = 'PC-12 took the task over meanwhile.';
    expect(reasons('retry')).toEqual({
      'no entry of any host': null,
      'a live host': other,
      'a silent host': other,
      'an ended run': other,
      'a live take of ours': null,
      'a silent take of ours': null,
      'an ended run of ours': null,
      'lines of nobody known': null,
      'a beaten host behind ours': null,
      'a host that waits': other,
    });
  });

  test('by hand, unless another host is at it', () => {
    expect(reasons('by-hand')).toEqual({
      'no entry of any host': null,
      'a live host': 'PC-12 has the task: its last log entry is 10 min old.',
      'a silent host': null,
      'an ended run': null,
      'a live take of ours': null,
      'a silent take of ours': null,
      'an ended run of ours': null,
      'lines of nobody known': 'Another host has the task: its last log entry is 10 min old.',
      'a beaten host behind ours': null,
      'a host that waits': 'PC-12 has the task: its last log entry is 5 min old.',
    });
  });

  test('from a host that fell silent, and from no other', () => {
    const found = reasons('take-over');
    const free = Object.keys(found).filter((name) => found[name] === null);
    expect(free).toEqual(['a silent host', 'a silent take of ours']);
    expect(found['no entry of any host']).toBe(
      'No host ever said that it took the task; it is left to a person.',
    );
    expect(found['an ended run']).toBe('PC-12 ended its run and kept the task.');
  });

  test('as one that was assigned, if no host ever took it', () => {
    const found = reasons('assigned');
    expect(Object.keys(found).filter((name) => found[name] === null)).toEqual(['no entry of any host']);
  });
});
