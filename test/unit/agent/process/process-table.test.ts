import { describe, expect, test } from 'vitest';
import { isInherited } from '../../../../src/agent/process/close-inherited-descriptors.ts';
import { parseInitPid } from '../../../../src/agent/process/containment.ts';
import { findMembers } from '../../../../src/agent/process/process-family.ts';
import {
  findInPs,
  hasVariable,
  listInPs,
  type ProcessInfo,
  parsePs,
  parseStat,
  variableOf,
} from '../../../../src/agent/process/process-table.ts';
import { taskkillArguments } from '../../../../src/agent/process/taskkill.ts';

const tail = '0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 987654 8192 100 18446744073709551615';

describe('the reading of /proc', () => {
  test('takes the fields after a name with brackets and spaces', () => {
    expect(parseStat(`42 (a) b (c)) S 7 42 41 ${tail}`)).toEqual({
      pid: 42,
      parentPid: 7,
      groupId: 42,
      sessionId: 41,
      startedAt: '987654',
    });
  });

  test('counts zombies and half a line as dead', () => {
    expect([parseStat(`42 (x) Z 7 42 41 ${tail}`), parseStat('42 (x) S 7'), parseStat('')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('finds a variable by its whole name and value', () => {
    const environment = Buffer.from('A=1\0NOT_RUN=7\0RUN=77\0RUN=7\0');
    expect(hasVariable(environment, Buffer.from('RUN=7\0'))).toBe(true);
    expect(hasVariable(environment, Buffer.from('UN=7\0'))).toBe(false);
    expect(hasVariable(environment, Buffer.from('A=1\0'))).toBe(true);
  });

  test.each([
    ['A=1\0RUN=7\0', '7'],
    ['RUN=7 8=9\0RUN=6\0', '7 8=9'],
    ['RUN=\0', ''],
    ['NOT_RUN=7\0RUNS=7\0A=RUN=7\0', undefined],
    ['', undefined],
  ])('takes the value of a variable out of %j', (environment, value) => {
    expect(variableOf(environment, 'RUN')).toBe(value);
  });

  test('tells inherited descriptors by the missing close-on-exec flag', () => {
    expect([isInherited('pos:\t0\nflags:\t02000002\n'), isInherited('pos:\t0\nflags:\t0100002\n')]).toEqual([
      false,
      true,
    ]);
  });
});

describe('the reading of ps', () => {
  test('takes columns and leaves zombies out', () => {
    expect(
      parsePs('  10   1  10 Ss  Mon Nov 24 02:00:00 2026\n 11 10 10 Z+ Mon Nov 24 02:00:01 2026\n'),
    ).toEqual([{ pid: 10, parentPid: 1, groupId: 10, sessionId: 0, startedAt: 'Mon Nov 24 02:00:00 2026' }]);
  });

  test('finds a cookie in the environment behind the command', () => {
    const text = ' 10 sh -c x PATH=/bin RUN=7\n 11 sh RUN=77 A=1\n 12 sh RUN=7 A=1\n';
    expect(findInPs(text, [{ name: 'RUN', value: '7' }])).toEqual([10, 12]);
  });
});

test('the reading of ps takes the value of a variable, the environment’s before an argument', () => {
  const text = ' 10 sh RUN=x PATH=/bin RUN=7\n 11 sh A=1\n\n 12 sh NOT_RUN=7 RUN=8 A=1\n';
  expect(listInPs(text, 'RUN')).toEqual([
    { pid: 10, value: '7' },
    { pid: 12, value: '8' },
  ]);
});

describe('a family', () => {
  const one = (pid: number, parentPid: number, groupId = 1, sessionId = 1, startedAt = 'a'): ProcessInfo => ({
    pid,
    parentPid,
    groupId,
    sessionId,
    startedAt,
  });
  const kin = { pids: new Set([1000]), seen: new Map([[1009, 'a']]), sessions: new Set([1000]) };

  test('is found by descent, group, session and by having been seen', () => {
    const processes = [
      one(1, 0),
      one(1000, 500, 1000, 1000),
      one(1003, 1002),
      one(1002, 1000),
      one(1004, 1, 1000),
      one(1005, 1, 1, 1000),
      one(1006, 1002, 1006, 1006),
      one(1007, 1, 1007, 1006),
      one(1009, 1),
      one(2000, 1),
    ];
    expect(
      findMembers(processes, kin)
        .map((member) => member.pid)
        .sort(),
    ).toEqual([1000, 1002, 1003, 1004, 1005, 1006, 1007, 1009]);
  });

  test('has no place for a later process of the same pid, for this one or for the first', () => {
    const processes = [one(1009, 1, 1, 1, 'b'), one(process.pid, 1, 1000, 1000), one(1, 0, 1000, 1000)];
    expect(findMembers(processes, kin)).toEqual([]);
  });
});

test('the pid of a namespace is read from what bwrap tells', () => {
  expect(parseInitPid('{\n    "child-pid": 31679,\n    "pid-namespace": 4026532178\n}\n')).toBe(31679);
  expect(parseInitPid('')).toBeUndefined();
});

test('Windows ends a tree by force', () => {
  expect(taskkillArguments(7)).toEqual(['/PID', '7', '/T', '/F']);
});
