import { describe, expect, test } from 'vitest';
import { type Known, readHolder } from '../../../../src/agent/tasks/read-holder.ts';
import { ended, line, said, took, waits } from './task-entries.ts';

type Log = Parameters<typeof readHolder>[0];

const FIRST = { run: 'aaaaaaaa' };
const SECOND = { run: 'bbbbbbbb' };
const again = { how: 'again', nonce: 'next', attempt: 2 } as const;
const over = { how: 'over' } as const;
const claimed = { how: 'claimed' } as const;
const blind = { saw: 'nothing' } as const;

const NOBODY: Known = { installationId: null, ownRuns: [], principal: null };
const holder = (...logs: Log) => readHolder(logs, NOBODY);
const nameOf = (logs: Log) => readHolder(logs, NOBODY)?.take?.host ?? null;

describe('a task is held', () => {
  test.each<[string, string | null, Log]>([
    ['by nobody that is known, where no agent wrote', null, [said(0, 'a note')]],
    ['by the only host that took it', 'A', [took(0, 'A')]],
    ['by the first of those that wanted it at once', 'A', [took(0, 'A'), took(0, 'B', blind)]],
    ['by the first, whose run tells of itself', 'A', [took(0, 'A'), took(0, 'B', blind), line(1, FIRST)]],
    ['by the first, however late the other came', 'A', [took(0, 'A'), ended(1, FIRST), took(2, 'B', blind)]],
    ['by one that saw that a take had come to nothing', 'B', [took(0, 'A'), took(1, 'B')]],
    [
      'by one that lost before and looked again',
      'B',
      [took(0, 'A'), took(0, 'B', blind), took(1, 'B', { nonce: 'B2' })],
    ],
    [
      'by the first of those that had claimed',
      'B',
      [took(0, 'B', claimed), took(0, 'A', { ...claimed, ...blind }), took(0, 'C', blind)],
    ],
    [
      'by one that had claimed, behind one that had not',
      'B',
      [took(0, 'A'), took(0, 'B', { ...claimed, ...blind })],
    ],
    ['by one that took over from a silent host', 'B', [took(0, 'A'), line(1, FIRST), took(31, 'B', over)]],
    ['by one that took over behind an end', 'B', [took(0, 'A'), ended(1, FIRST), took(2, 'B', over)]],
    [
      'by its host still, if that wrote meanwhile',
      'A',
      [took(0, 'A'), line(31, FIRST), took(31, 'B', { ...over, ...blind })],
    ],
    ['by its host for the next attempt', 'A', [took(0, 'A'), ended(1, FIRST), took(2, 'A', again)]],
    [
      'by the first that took over, not by those that wanted to',
      'B',
      [took(0, 'A'), took(31, 'B', over), took(31, 'C', { ...over, ...blind })],
    ],
    ['by one that took it when it was READY again', 'B', [took(0, 'A'), ended(1, FIRST), took(2, 'B')]],
  ])('%s', (_name, expected, logs) => {
    expect(nameOf(logs)).toBe(expected);
  });

  test('by somebody unknown where the take was dropped', () => {
    expect(holder(line(4, FIRST))).toMatchObject({ take: null, run: 'aaaaaaaa' });
    expect(holder(took(0, 'B', blind), line(4, { ...FIRST, number: 7 }))).toMatchObject({ take: null });
  });

  test('by no host of another principal', () => {
    const logs = [took(0, 'A', { principalId: 'p1' }), took(1, 'B', { principalId: 'p2' })];
    expect(readHolder(logs, { ...NOBODY, principal: 'p1' })?.take?.host).toBe('A');
    expect(readHolder(logs, { ...NOBODY, principal: 'p2' })?.take?.host).toBe('B');
  });
});

describe('a run has ended', () => {
  const log = [took(0, 'A'), line(1, FIRST), line(1, { ...FIRST, number: 2 })];
  const end = ended(2, { ...FIRST, number: 3 });
  const late = line(2, { ...FIRST, number: 2 });

  test('when it told its end, whatever is delivered behind it', () => {
    const told = (...behind: Log) => holder(...log, end, ...behind)?.told;
    expect(told()).toBe('end');
    expect(told(late)).toBe('end');
    expect(told(...log)).toBe('end');
    expect(told(took(2, 'B', blind), late)).toBe('end');
    expect(told(line(2, { ...FIRST, number: 0 }))).toBe('end');
  });

  test('but is not left while the task waits for its next attempt', () => {
    expect(holder(...log, end, waits(3, FIRST))?.told).toBe('waiting');
    expect(holder(...log, end, waits(3, FIRST), late, end)?.told).toBe('waiting');
  });

  test('for the next attempt only when that told its own', () => {
    const taken = took(3, 'A', { ...again, saw: end });
    const next = [...log, end, taken];
    expect(holder(...next)?.told).toBeNull();
    expect(holder(...next, end, late)?.told).toBeNull();
    const lines = [...next, line(4, SECOND)];
    expect(holder(...lines, waits(4, FIRST), late)?.told).toBe('mark');
    expect(holder(...lines, ended(5, SECOND), late, taken)?.told).toBe('end');
  });
});

describe('a host knows its own runs', () => {
  const mine = (...logs: Log) =>
    readHolder(logs, { ownRuns: ['aaaaaaaa'], installationId: 'A', principal: null });

  test('where its take was dropped and that of a beaten host is left', () => {
    expect(mine(took(0, 'B', blind), line(1, FIRST))).toMatchObject({ take: null, run: 'aaaaaaaa' });
  });

  test('and that another took over from them', () => {
    const logs = [took(31, 'B', over), line(31, { ...FIRST, number: 7 }), line(31, FIRST)];
    expect(mine(...logs)).toMatchObject({ take: { host: 'B' }, run: null });
    const taken = took(0, 'A');
    const told = line(1, FIRST);
    expect(mine(taken, told, took(31, 'B', over), line(31, { ...FIRST, number: 7 }))).toMatchObject({
      take: { host: 'B' },
      run: null,
    });
  });
});
