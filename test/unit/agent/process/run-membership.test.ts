import { describe, expect, test } from 'vitest';
import {
  findForeignMembership,
  findMembership,
  type ProcessView,
  parsePsView,
} from '../../../../src/agent/process/run-membership.ts';

const AGENT = 100;

interface Process {
  parent: number;
  environment?: string;
  namespace?: string;
  command?: string;
}

/** The agent is 100, a shell 50 its parent. */
function viewOf(processes: Record<number, Process>): ProcessView {
  const all: Record<number, Process> = {
    50: { parent: 1, environment: 'HOME=/root\0' },
    [AGENT]: { parent: 50, environment: 'HOME=/root\0' },
    ...processes,
  };
  return {
    environment: (pid) => {
      const text = all[pid]?.environment;
      return text === undefined ? undefined : Buffer.from(text);
    },
    parentPid: (pid) => all[pid]?.parent,
    namespace: (pid) => (all[pid] === undefined ? undefined : (all[pid].namespace ?? 'pid:[1]')),
    isNested: (pid) => (all[pid] === undefined ? undefined : all[pid].namespace !== undefined),
    command: (pid) => all[pid]?.command?.split(' '),
  };
}

describe('a process', () => {
  test.each<[string, Record<number, Process>, string]>([
    ['that carries the mark', { 7: { parent: 50, environment: 'A=b\0KUBOT_RUN_ID=x\0' } }, 'run'],
    ['that carries it first', { 7: { parent: 50, environment: 'KUBOT_RUN_ID=x\0' } }, 'run'],
    [
      'that cleared its environment below one that carries it',
      {
        7: { parent: 6, environment: '' },
        6: { parent: 5, environment: '' },
        5: { parent: AGENT, environment: 'KUBOT_RUN_ID=x\0' },
      },
      'run',
    ],
    ['of another namespace', { 7: { parent: 1, environment: '', namespace: 'pid:[2]' } }, 'run'],
    ['of the person’s own shell', { 7: { parent: 50, environment: 'HOME=/root\0' } }, 'none'],
    ['below somebody else’s', { 7: { parent: 6, environment: '' }, 6: { parent: 1 } }, 'none'],
    [
      'that only mentions it',
      { 7: { parent: 50, environment: 'NOTE=KUBOT_RUN_ID=x\0MY_KUBOT_RUN_ID=y\0' } },
      'none',
    ],
    ['that hides its environment', { 7: { parent: 50 } }, 'unknown'],
    ['that is gone', {}, 'unknown'],
  ])('%s', (_what, processes, expected) => {
    expect(findMembership(7, viewOf(processes), AGENT)).toBe(expected);
  });

  test('that is the agent itself is none', () => {
    expect(findMembership(AGENT, viewOf({}), AGENT)).toBe('none');
  });

  test('that our namespace cannot see is a run’s', () => {
    expect(findMembership(0, viewOf({}), AGENT)).toBe('run');
  });

  test('in a ring of parents ends the search', () => {
    const ring = { 7: { parent: 8, environment: '' }, 8: { parent: 7, environment: '' } };
    expect(findMembership(7, viewOf(ring), AGENT)).toBe('none');
  });
});

describe('a process of another user', () => {
  test.each<[string, Record<number, Process>, string]>([
    ['in a namespace below ours', { 7: { parent: 50, namespace: 'pid:[2]' } }, 'run'],
    [
      'that descends from an agent',
      {
        7: { parent: 6 },
        6: { parent: 5 },
        5: { parent: 1, command: 'node /opt/k/out/agent/cli.mjs agent --json' },
      },
      'run',
    ],
    [
      'that descends from a demo of a checkout',
      { 7: { parent: 5 }, 5: { parent: 1, command: 'node /src/cli/main.ts --home /h demo' } },
      'run',
    ],
    [
      'that descends from another command',
      { 7: { parent: 5 }, 5: { parent: 1, command: 'node /src/cli/main.ts logs x --follow' } },
      'none',
    ],
    [
      'that descends from another program with such words',
      { 7: { parent: 5 }, 5: { parent: 1, command: 'bash -c agent demo' } },
      'none',
    ],
    ['of their shell', { 7: { parent: 50 } }, 'none'],
    ['that is gone', {}, 'unknown'],
  ])('%s', (_what, processes, expected) => {
    expect(findForeignMembership(7, viewOf(processes))).toBe(expected);
  });

  test('that our namespace cannot see is a run’s', () => {
    expect(findForeignMembership(0, viewOf({}))).toBe('run');
  });
});

test('ps of macOS is read with its environments', () => {
  const view = parsePsView(
    '    1     0 /sbin/launchd\n  100     1 node kubot agent HOME=/Users/a\n  200   100 python3 x.py KUBOT_RUN_ID=r HOME=/tmp\n  201   200 sh -c x\n',
  );
  expect([200, 201, 100, 300].map((pid) => findMembership(pid, view, AGENT))).toEqual([
    'run',
    'run',
    'none',
    'unknown',
  ]);
});
