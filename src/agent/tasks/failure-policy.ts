import { assertNever } from '../../shared/errors.ts';
import type { SettleAction } from '../../shared/run.ts';
import type { RunEnd } from '../runs/outcome.ts';

export interface FailurePolicy {
  failurePolicy: 'keep' | 'hand-over' | 'retry';
  handOverTo: string | null;
  retryAttempts: number;
  retryBackoffMs: number;
}

export interface SettleChoice {
  action: SettleAction;
  /** Said to the operator and in the run log when the policy could not be followed. */
  warning: string | null;
  /** When the action is `retry`: from now to the next attempt. */
  retryInMs: number | null;
}

const choice = (action: SettleAction, warning: string | null = null): SettleChoice => ({
  action,
  warning,
  retryInMs: null,
});

/**
 * What becomes of a task when a run of it has ended. There is no failed state in KuFlow, so a failure is kept
 * (the task stays claimed, with its error), handed to a person, or tried again.
 */
export function chooseSettleAction(input: {
  end: RunEnd;
  attempt: number;
  policy: FailurePolicy;
  /** The robot completed the task itself, through the gateway. */
  completedByRobot: boolean;
}): SettleChoice {
  const { end, policy, attempt } = input;
  if (end.outcome === 'succeeded') return choice('completed');
  if (input.completedByRobot || end.error?.code === 'CANCELLED_BY_PLATFORM') return choice('none');
  if (end.outcome === 'cancelled') return choice('kept');
  switch (policy.failurePolicy) {
    case 'keep':
      return choice('kept');
    case 'hand-over':
      if (policy.handOverTo !== null) return choice('handed-over');
      return choice('kept', 'failurePolicy is hand-over, but handOverTo names nobody; the task is kept.');
    case 'retry':
      if (attempt >= policy.retryAttempts) return choice('kept');
      return {
        action: 'retry',
        warning: null,
        retryInMs: policy.retryBackoffMs * 2 ** Math.min(attempt - 1, 10),
      };
    default:
      return assertNever(policy.failurePolicy);
  }
}
