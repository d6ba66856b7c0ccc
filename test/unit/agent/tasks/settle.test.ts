import { describe, expect, test } from 'vitest';
import type { SettleChoice } from '../../../../src/agent/tasks/failure-policy.ts';
import { ownerOf, type SettleCalls, settleTask } from '../../../../src/agent/tasks/settle.ts';
import { AgentError, type ErrorCode } from '../../../../src/shared/errors.ts';

type Answer = 'ok' | ErrorCode;

/** A platform that answers as told, and what it was asked. */
function platform(answers: { complete?: Answer; assign?: Answer; state?: string | ErrorCode } = {}) {
  const asked: unknown[] = [];
  const answer = (name: string, what: Answer = 'ok') => {
    asked.push(name);
    if (what !== 'ok') throw new AgentError(what, `No: ${what}.`);
  };
  const calls: SettleCalls = {
    completeTask: async (taskId) => answer(`complete ${taskId}`, answers.complete),
    assignTask: async (taskId, owner) => answer(`assign ${taskId} ${JSON.stringify(owner)}`, answers.assign),
    retrieveTask: async (taskId) => {
      const state = answers.state ?? 'CLAIMED';
      const isState = /^[A-Z]+$/.test(state) && state !== 'UNAUTHORIZED';
      answer(`look ${taskId}`, isState ? 'ok' : (state as ErrorCode));
      return { state };
    },
  };
  return { asked, calls };
}

function settle(
  calls: SettleCalls,
  action: SettleChoice['action'],
  changes: { handOverTo?: string | null; completedByRobot?: boolean } = {},
) {
  const choice = { action, warning: null, retryInMs: null };
  return settleTask({
    calls,
    taskId: 't',
    choice,
    handOverTo: null,
    completedByRobot: false,
    ...changes,
  });
}

describe('a task whose run succeeded', () => {
  test('is completed', async () => {
    const { calls, asked } = platform();
    expect(await settle(calls, 'completed')).toEqual({ action: 'completed', refusal: null });
    expect(asked).toEqual(['complete t']);
  });

  test('that its robot completed is not completed again', async () => {
    const { calls, asked } = platform();
    expect(await settle(calls, 'completed', { completedByRobot: true })).toEqual({
      action: 'completed',
      refusal: null,
    });
    expect(asked).toEqual([]);
  });

  test('whose completion is refused counts as done where it is completed already', async () => {
    const { calls, asked } = platform({ complete: 'PLATFORM_REFUSED', state: 'COMPLETED' });
    expect(await settle(calls, 'completed')).toEqual({ action: 'completed', refusal: null });
    expect(asked).toEqual(['complete t', 'look t']);
  });

  test.each(['CLAIMED', 'CANCELLED', 'PLATFORM_REFUSED', 'TASK_NOT_FOUND'] as const)(
    'whose completion is refused, and the look at which finds %s, is left with the reason',
    async (state) => {
      const { calls } = platform({ complete: 'PLATFORM_REFUSED', state });
      expect(await settle(calls, 'completed')).toEqual({ action: 'none', refusal: 'No: PLATFORM_REFUSED.' });
    },
  );

  test.each(['PLATFORM_UNREACHABLE', 'PLATFORM_ERROR', 'RATE_LIMITED', 'UNAUTHORIZED'] as const)(
    'is not given up for %s, neither at the call nor at the look',
    async (code) => {
      await expect(settle(platform({ complete: code }).calls, 'completed')).rejects.toMatchObject({ code });
      const { calls } = platform({ complete: 'PLATFORM_REFUSED', state: code });
      await expect(settle(calls, 'completed')).rejects.toMatchObject({ code });
    },
  );
});

describe('a task that is handed over', () => {
  test.each([
    ['ada@example.com', { ownerEmail: 'ada@example.com' }],
    ['5f0e3c1a-9d7b-4b8e-8a52-0c7d1e2f3a4b', { ownerId: '5f0e3c1a-9d7b-4b8e-8a52-0c7d1e2f3a4b' }],
  ])('goes to %s', async (handOverTo, owner) => {
    const { calls, asked } = platform();
    expect(await settle(calls, 'handed-over', { handOverTo })).toEqual({
      action: 'handed-over',
      refusal: null,
    });
    expect(asked).toEqual([`assign t ${JSON.stringify(owner)}`]);
    expect(ownerOf(handOverTo)).toEqual(owner);
  });

  test('is kept where the platform refuses, with the reason', async () => {
    const { calls } = platform({ assign: 'PLATFORM_REFUSED' });
    expect(await settle(calls, 'handed-over', { handOverTo: 'nobody' })).toEqual({
      action: 'kept',
      refusal: 'No: PLATFORM_REFUSED.',
    });
  });
});

test.each(['kept', 'retry', 'none'] as const)('a task that is to be %s costs no call', async (action) => {
  const { calls, asked } = platform();
  expect(await settle(calls, action)).toEqual({ action, refusal: null });
  expect(asked).toEqual([]);
});
