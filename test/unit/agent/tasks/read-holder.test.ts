import { describe, expect, test } from 'vitest';
import { readHolder } from '../../../../src/agent/tasks/read-holder.ts';
import { ended, line, said, took, waits } from './task-entries.ts';

type Log = Parameters<typeof readHolder>[0];

const FIRST = { run: 'aaaaaaaa' };
const SECOND = { run: 'bbbbbbbb' };
const SECONDS = 1 / 60;
const again = { how: 'again', nonce: 'next', attempt: 2 } as const;
const over = { how: 'over' } as const;
const claimed = { how: 'claimed' } as const;

const holder = (...logs: Log[number][]) => readHolder(logs);
const nameOf = (logs: Log) => readHolder(logs)?.take?.host ?? null;

describe('a task is held', () => {
  test.each<[string, string | null, Log]>([
    ['by nobody that is known, where no agent wrote', null, [said(0, 'a note')]],
    ['by the only host that took it', 'A', [took(0, 'A')]],
    ['by the first of those that wanted it at once', 'A', [took(0, 'A'), took(0, 'B'), took(0, 'C')]],
    ['by the first, whose run tells of itself', 'A', [took(0, 'A'), took(0, 'B'), line(1, FIRST)]],
    ['by one that waited until a take had come to nothing', 'B', [took(0, 'A'), took(1, 'B')]],
    ['by one that lost before and waited', 'B', [took(0, 'A'), took(0, 'B'), took(1, 'B', { nonce: 'B2' })]],
    [
      'by the first of those that had claimed',
      'B',
      [took(0, 'B', claimed), took(0, 'A', claimed), took(0, 'C')],
    ],
    ['by one that had claimed, behind one that had not', 'B', [took(0, 'A'), took(0, 'B', claimed)]],
    ['by one that took over from a silent host', 'B', [took(0, 'A'), line(1, FIRST), took(31, 'B', over)]],
    ['by one that took over behind an end', 'B', [took(0, 'A'), ended(1, FIRST), took(2, 'B', over)]],
    [
      'by its host still, if another came too early',
      'A',
      [took(0, 'A'), line(5, FIRST), took(34, 'B', over)],
    ],
    ['by its host for the next attempt', 'A', [took(0, 'A'), ended(1, FIRST), took(2, 'A', again)]],
    [
      'by the first that took over, not by those that wanted to',
      'B',
      [took(0, 'A'), took(31, 'B', over), took(31, 'C', over)],
    ],
  ])('%s', (_name, expected, logs) => {
    expect(nameOf(logs)).toBe(expected);
  });

  test('by its host, whenever a take of a host that was frozen comes', () => {
    const late = took(45 * SECONDS, 'B');
    expect(holder(took(0, 'A'), line(1 * SECONDS, FIRST), late)).toMatchObject({
      take: { host: 'A' },
      told: 'mark',
      doubtful: { take: { host: 'B' } },
    });
    expect(nameOf([took(0, 'A'), ended(30 * SECONDS, FIRST), late])).toBe('A');
    expect(nameOf([took(0, 'A'), ended(30 * SECONDS, FIRST), late, took(1, 'A', again)])).toBe('A');
  });

  test('by one that took it when it was READY again, once its run begins', () => {
    const logs = [took(0, 'A'), ended(1, FIRST), took(2, 'B')];
    expect(nameOf(logs)).toBe('A');
    expect(holder(...logs, line(2, SECOND))).toMatchObject({ take: { host: 'B' }, run: 'bbbbbbbb' });
  });

  test('by somebody unknown where the take was dropped', () => {
    expect(holder(line(4, FIRST))).toMatchObject({ take: null, run: 'aaaaaaaa' });
    expect(holder(took(0, 'B'), line(4, { ...FIRST, number: 7 }))).toMatchObject({ take: null });
  });
});

describe('a run has ended', () => {
  const log = [took(0, 'A'), line(1, FIRST), line(1, { ...FIRST, number: 2 })];
  const end = ended(2, { ...FIRST, number: 3 });

  test('when it told its end, whatever is delivered behind it', () => {
    const told = (...late: Log) => holder(...log, end, ...late)?.told;
    expect(told()).toBe('end');
    expect(told(line(2, { ...FIRST, number: 2 }))).toBe('end');
    expect(told(took(2, 'A'))).toBe('end');
    expect(told(took(2, 'B'), line(2, FIRST))).toBe('end');
    expect(told(line(2, { ...FIRST, number: 0 }))).toBe('end');
  });

  test('but is not left while the task waits for its next attempt', () => {
    expect(holder(...log, end, waits(3, FIRST))?.told).toBe('waiting');
    expect(holder(...log, end, waits(3, FIRST), ended(3, { ...FIRST, number: 3 }))?.told).toBe('waiting');
  });

  test('for the next attempt only when that told its own', () => {
    const next = [...log, end, took(3, 'A', again)];
    expect(holder(...next)?.told).toBeNull();
    expect(holder(...next, ended(3, { ...FIRST, number: 3 }))?.told).toBeNull();
    const lines = [...next, line(4, SECOND)];
    expect(holder(...lines, waits(4, FIRST), line(4, FIRST))?.told).toBe('mark');
    expect(holder(...lines, ended(5, SECOND), line(6, FIRST), took(6, 'A', again))?.told).toBe('end');
  });
});

describe('a host knows its own runs', () => {
  const mine = (...logs: Log) =>
    readHolder(logs, { ownRuns: ['aaaaaaaa'], installationId: 'A', before: null });

  test('where its take was dropped and that of a beaten host is left', () => {
    expect(mine(took(0, 'B'), line(1, FIRST))).toMatchObject({ take: null, run: 'aaaaaaaa' });
    expect(mine(took(0, 'A'), took(0.6, 'B'), ended(1, FIRST))).toMatchObject({ take: { host: 'A' } });
  });

  test('and that another took over from them', () => {
    const logs = [took(31, 'B', over), line(31, { ...FIRST, number: 7 }), line(31, FIRST)];
    expect(mine(...logs)).toMatchObject({ take: { host: 'B' }, run: null });
    expect(mine(took(0, 'A'), line(1, FIRST), ...logs)).toMatchObject({ take: { host: 'B' }, run: null });
  });
});
