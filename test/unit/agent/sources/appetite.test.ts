import { describe, expect, test } from 'vitest';
import { type Contender, reasonToLeave } from '../../../../src/agent/sources/appetite.ts';

const room = {
  maxConcurrentRuns: 2,
  robotLimit: (code: string) => (code === 'SOLO' ? 1 : 64),
  drivesScreen: (code: string) => code.startsWith('DESK'),
};
const runs = (...codes: string[]): Contender[] =>
  codes.map((robotCode) => ({ robotCode, waitsForPerson: false }));
const waits = (robotCode: string): Contender => ({ robotCode, waitsForPerson: true });
const codeFor = (robotCode: string | null, contenders: Contender[]) =>
  reasonToLeave(contenders, room, robotCode)?.code ?? null;

describe('a host with two places', () => {
  test('wants what runs at once, and as much again to be made ready meanwhile', () => {
    expect([
      codeFor('A', runs()),
      codeFor('A', runs('A', 'A', 'B')),
      codeFor('A', runs('A', 'A', 'B', 'B')),
    ]).toEqual([null, null, 'CAPACITY']);
    expect(codeFor(null, runs('A', 'A', 'B', 'B'))).toBe('CAPACITY');
  });

  test('leaves a third task of a robot that runs once at a time, and wants others beside it', () => {
    expect(codeFor('SOLO', runs('SOLO'))).toBeNull();
    expect(codeFor('SOLO', runs('SOLO', 'SOLO'))).toBe('ROBOT_AT_LIMIT');
    expect(reasonToLeave(runs('SOLO', 'SOLO'), room, 'SOLO')?.message).toBe(
      'SOLO is at its limit on this host (1), and as many runs of it wait already; the task waits on the platform.',
    );
  });

  test('leaves a third task for the screen, of whichever robot', () => {
    expect(codeFor('DESK-2', runs('DESK-1'))).toBeNull();
    expect(codeFor('DESK-3', runs('DESK-1', 'DESK-2'))).toBe('DESKTOP_TAKEN');
  });

  test('counts none that waits for something else than a place', () => {
    const blocked = [...runs('SOLO', 'SOLO', 'DESK-1', 'DESK-2'), waits('DESK-3')];
    expect(codeFor('A', blocked)).toBeNull();
    expect(codeFor('A', [...blocked, ...runs('A')])).toBeNull();
    expect(codeFor('A', [...blocked, ...runs('A', 'A')])).toBe('CAPACITY');
  });

  test('counts one that waits for the person among those for the screen', () => {
    expect(codeFor('DESK-2', [waits('DESK-1'), ...runs('DESK-1')])).toBe('DESKTOP_TAKEN');
  });
});
