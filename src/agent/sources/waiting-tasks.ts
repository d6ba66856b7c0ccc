import type { Decision } from '../../shared/run.ts';
import type { WaitingTask } from '../../shared/waiting-task.ts';
import type { NextTry } from '../journal/host-records.ts';
import type { LeftTask } from './inbox.ts';

export interface WaitingParts {
  /** Soonest first. */
  readonly nextTries: readonly NextTry[];
  readonly left: readonly LeftTask[];
  hasLiveRun(taskId: string): boolean;
  decisionsOf(taskId: string): readonly Decision[];
}

/** Tasks without a run that wait here, each once. */
export function listWaiting({ nextTries, left, hasLiveRun, decisionsOf }: WaitingParts): WaitingTask[] {
  const tries = nextTries
    .filter(({ taskId }) => !hasLiveRun(taskId))
    .map(
      (next): WaitingTask => ({
        taskId: next.taskId,
        robot: next.robotCode,
        kind: next.kind === 'retry' ? 'again' : 'later',
        code: next.code,
        message:
          decisionsOf(next.taskId).findLast(({ decision }) => decision === 'postponed')?.message ?? null,
        dueAt: new Date(next.dueAtMs).toISOString(),
      }),
    );
  const known = new Set(tries.map(({ taskId }) => taskId));
  const lying = left
    .filter(({ taskId }) => !known.has(taskId) && !hasLiveRun(taskId))
    .map((task): WaitingTask => ({ ...task, kind: 'inbox', dueAt: null }));
  return [...tries, ...lying];
}
