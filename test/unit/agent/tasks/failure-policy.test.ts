import { describe, expect, test } from 'vitest';
import { endOfError, type RunEnd } from '../../../../src/agent/runs/outcome.ts';
import { chooseSettleAction, type FailurePolicy } from '../../../../src/agent/tasks/failure-policy.ts';
import { AgentError, type ErrorCode } from '../../../../src/shared/errors.ts';

const policy: FailurePolicy = {
  failurePolicy: 'keep',
  handOverTo: null,
  retryAttempts: 3,
  retryBackoffMs: 60_000,
};
const succeeded: RunEnd = { outcome: 'succeeded', error: null, exitCode: 0, signal: null };
const ended = (code: ErrorCode) => endOfError(new AgentError(code, 'x'));
const choose = (end: RunEnd, over: Partial<FailurePolicy> = {}, attempt = 1, completedByRobot = false) =>
  chooseSettleAction({ end, attempt, policy: { ...policy, ...over }, completedByRobot });

describe('the failure policy', () => {
  test('completes what succeeded, whatever the policy', () => {
    for (const failurePolicy of ['keep', 'hand-over', 'retry'] as const)
      expect(choose(succeeded, { failurePolicy }).action).toBe('completed');
  });

  test('keeps, hands over or retries each kind of failure', () => {
    const codes = [
      'ROBOT_EXIT',
      'RUN_TIMEOUT',
      'MANIFEST_INVALID',
      'OPERATION_NOT_FOUND',
      'AGENT_CRASHED',
    ] as const;
    for (const code of codes) {
      expect(choose(ended(code)).action).toBe('kept');
      expect(choose(ended(code), { failurePolicy: 'hand-over', handOverTo: 'a@b.c' }).action).toBe(
        'handed-over',
      );
      expect(choose(ended(code), { failurePolicy: 'retry' }).action).toBe('retry');
    }
  });

  test('keeps what an operator cancelled and leaves alone what the platform ended', () => {
    expect(choose(ended('CANCELLED_BY_OPERATOR'), { failurePolicy: 'retry' }).action).toBe('kept');
    expect(choose(ended('CANCELLED_BY_PLATFORM'), { failurePolicy: 'retry' }).action).toBe('none');
  });

  test('leaves alone a task that the robot completed before it failed', () => {
    expect(choose(ended('ROBOT_EXIT'), { failurePolicy: 'retry' }, 1, true).action).toBe('none');
    expect(choose(succeeded, {}, 1, true).action).toBe('completed');
  });

  test('doubles the wait between attempts and keeps the task after the last', () => {
    const waits = [1, 2, 3].map((attempt) =>
      choose(ended('ROBOT_EXIT'), { failurePolicy: 'retry' }, attempt),
    );
    expect(waits.map((choice) => [choice.action, choice.retryInMs])).toEqual([
      ['retry', 60_000],
      ['retry', 120_000],
      ['kept', null],
    ]);
  });

  test('keeps the task and says so when there is nobody to hand over to', () => {
    expect(choose(ended('ROBOT_EXIT'), { failurePolicy: 'hand-over' })).toMatchObject({
      action: 'kept',
      warning: expect.stringContaining('handOverTo'),
    });
  });
});
