import { describe, expect, test } from 'vitest';
import { checkTasks } from '../../../../chaos/checks/check-tasks.ts';
import type { RunEvidence, TaskEvidence } from '../../../../chaos/evidence.ts';
import { AGENT_PRINCIPAL, at, runOf, TASK_ID, taskOf } from './evidence.ts';

function judge(
  task: TaskEvidence,
  runs: RunEvidence[],
  more: { waiting?: string[]; takenAway?: string[] } = {},
) {
  return checkTasks({
    evidence: { tasks: [task], runs, words: [], waiting: more.waiting ?? [] },
    principals: new Set([AGENT_PRINCIPAL]),
    personId: 'Ada',
    takenAway: new Set(more.takenAway),
    appendOnEnded: true,
  }).map(({ message }) => message);
}

const kept = (code: string, outcome: string, changes: Partial<TaskEvidence> = {}) =>
  taskOf(code, {
    state: 'CLAIMED',
    entries: [{ at: at(5), level: 'ERROR', message: `It ended.\n1 line.\n[end ${outcome}] ·deadbeef/2` }],
    moves: [],
    ...changes,
  });

describe('the state of a task', () => {
  test.each([
    ['completed by a run that succeeded', taskOf('NUMBERS'), [runOf('NUMBERS')]],
    ['kept after a failure', kept('FAILS', 'failed'), [runOf('FAILS', { outcome: 'failed' })]],
    ['kept after its agent was lost', kept('NUMBERS', 'lost'), [runOf('NUMBERS', { outcome: 'lost' })]],
    [
      'handed over',
      kept('FAILS_TO_ADA', 'failed', { ownerId: 'Ada' }),
      [runOf('FAILS_TO_ADA', { outcome: 'failed' })],
    ],
    [
      'kept after the last attempt',
      kept('FAILS_AGAIN', 'failed'),
      [runOf('FAILS_AGAIN', { outcome: 'failed', attempt: 3 })],
    ],
    [
      'completed by a robot that was lost then',
      taskOf('COMPLETES'),
      [runOf('COMPLETES', { outcome: 'lost' })],
    ],
  ])('%s is right', (_name, task, runs) => {
    expect(judge(task, runs)).toEqual([]);
  });

  test.each([
    ['nobody took', taskOf('NUMBERS', { state: 'READY', moves: [] }), [], 'nobody took it'],
    ['is claimed by nobody’s run', kept('NUMBERS', 'lost'), [], 'no journal has a run of it'],
    [
      'is COMPLETED after a loss',
      taskOf('NUMBERS'),
      [runOf('NUMBERS', { outcome: 'lost' })],
      'it is COMPLETED, but its last run',
    ],
    [
      'is claimed after a success',
      kept('NUMBERS', 'succeeded'),
      [runOf('NUMBERS')],
      'it is CLAIMED, but its last run',
    ],
    [
      'ended as its robot never does',
      kept('NUMBERS', 'failed'),
      [runOf('NUMBERS', { outcome: 'failed' })],
      'where succeeded is right',
    ],
    [
      'has no last entry',
      kept('FAILS', 'failed', { entries: [] }),
      [runOf('FAILS', { outcome: 'failed' })],
      'without an [end …]',
    ],
    [
      'got no further attempt',
      kept('FAILS_AGAIN', 'failed'),
      [runOf('FAILS_AGAIN', { outcome: 'failed' })],
      'attempt 1 ended failed, and there was no other',
    ],
    [
      'was not handed over',
      kept('FAILS_TO_ADA', 'failed'),
      [runOf('FAILS_TO_ADA', { outcome: 'failed' })],
      'it was not handed over',
    ],
    [
      'belongs to a stranger',
      kept('FAILS', 'failed', { ownerId: 'Eve' }),
      [runOf('FAILS', { outcome: 'failed' })],
      'it is owned by Eve',
    ],
  ])('a task that %s is a violation', (_name, task, runs, message) => {
    expect(judge(task, runs)).toContainEqual(expect.stringContaining(message));
  });

  const withTake = (message: string) => {
    const { entries } = kept('FAILS', 'failed');
    return kept('FAILS', 'failed', { entries: [...entries, { at: at(9), level: 'INFO', message }] });
  };

  test.each(['again', 'over'])('a task that was taken %s without an end is nobody’s', (how) => {
    const task = withTake(`Taken ${how} by vm [take 1 2 after 3 of 4]`);
    expect(judge(task, [runOf('FAILS', { outcome: 'failed' })])).toEqual([
      expect.stringContaining(`without an [end …]: 2026-01-01T10:00:09.000Z "Taken ${how} by vm`),
    ]);
  });

  test('a host that looked at the READY task and was too slow to take it changes nothing', () => {
    const task = withTake('Taken by vm [take 1 2 after nothing of 4]');
    expect(judge(task, [runOf('FAILS', { outcome: 'failed' })])).toEqual([]);
  });

  test('a take that a proxy delivers once more, after the end, changes nothing', () => {
    const message = 'Taken again by vm, attempt 2 [take 1 2 after 3 of 4]';
    const { entries } = kept('FAILS', 'failed');
    const task = kept('FAILS', 'failed', {
      entries: [{ at: at(1), level: 'INFO', message }, ...entries, { at: at(9), level: 'INFO', message }],
    });
    expect(judge(task, [runOf('FAILS', { outcome: 'failed' })])).toEqual([]);
  });

  test('a task that was taken and never told of is nobody’s', () => {
    const entries = [{ at: at(1), level: 'INFO', message: 'Taken by vm [take 1 2 after nothing of 4]' }];
    expect(judge(kept('FAILS', 'failed', { entries }), [runOf('FAILS', { outcome: 'failed' })])).toEqual([
      expect.stringContaining('without an [end …]: 2026-01-01T10:00:01.000Z "Taken by vm'),
    ]);
  });

  test('a task that an outsider gave away may be anybody’s, its run cancelled', () => {
    const task = kept('CHATTY', 'cancelled', { ownerId: 'Ada' });
    const run = runOf('CHATTY', { outcome: 'cancelled' });
    expect(judge(task, [run], { takenAway: [TASK_ID] })).toEqual([]);
    expect(judge(task, [run])).not.toEqual([]);
  });

  test('an attempt that is still to come is a violation', () => {
    const task = kept('FAILS_AGAIN', 'failed');
    const run = runOf('FAILS_AGAIN', { outcome: 'failed', attempt: 3 });
    expect(judge(task, [run], { waiting: [TASK_ID] })).toEqual(['its next attempt never came (FAILS_AGAIN)']);
  });
});
