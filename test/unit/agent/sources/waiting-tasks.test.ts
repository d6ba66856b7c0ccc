import { expect, test } from 'vitest';
import type { NextTry } from '../../../../src/agent/journal/host-records.ts';
import { listWaiting } from '../../../../src/agent/sources/waiting-tasks.ts';

const AT = '2026-01-02T03:04:05.000Z';
const nextTry = (taskId: string, over: Partial<NextTry> = {}): NextTry => ({
  taskId,
  dueAtMs: Date.parse(AT),
  kind: 'postponed',
  lasting: false,
  robotId: 'r',
  robotCode: 'INVOICES',
  operation: null,
  processId: null,
  code: 'DISK_LOW',
  ...over,
});
const left = (taskId: string) => ({ taskId, robot: 'PAYROLL', code: 'PAUSED', message: 'It is paused.' });
const postponed = (message: string) => ({
  at: AT,
  decision: 'postponed' as const,
  code: 'X',
  message,
  runId: null,
});

test('tasks that wait for their next try come first, with what was said last', () => {
  expect(
    listWaiting({
      nextTries: [nextTry('a'), nextTry('b', { kind: 'retry', code: 'ROBOT_FAILED' })],
      left: [left('c')],
      hasLiveRun: () => false,
      decisionsOf: (id) => (id === 'a' ? [postponed('no disk'), postponed('little disk')] : []),
    }),
  ).toEqual([
    { taskId: 'a', robot: 'INVOICES', kind: 'later', code: 'DISK_LOW', message: 'little disk', dueAt: AT },
    { taskId: 'b', robot: 'INVOICES', kind: 'again', code: 'ROBOT_FAILED', message: null, dueAt: AT },
    { taskId: 'c', robot: 'PAYROLL', kind: 'inbox', code: 'PAUSED', message: 'It is paused.', dueAt: null },
  ]);
});

test('a task waits once, and not while it has a run', () => {
  const waiting = listWaiting({
    nextTries: [nextTry('a'), nextTry('b')],
    left: [left('a'), left('b'), left('c'), left('d')],
    hasLiveRun: (taskId) => taskId === 'b' || taskId === 'd',
    decisionsOf: () => [],
  });
  expect(waiting.map(({ taskId }) => taskId)).toEqual(['a', 'c']);
});
