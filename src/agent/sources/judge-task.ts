import type { DecisionKind } from '../../shared/run.ts';
import type { Route } from '../../shared/settings.ts';
import type { NextTry } from '../journal/host-records.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';
import type { Reason } from './appetite.ts';

/** What this host remembers of a task. */
export interface TaskHistory {
  hasLiveRun(taskId: string): boolean;
  isExcluded(taskId: string): boolean;
  /** The try that this task waits for, unless what it waits for is over. */
  findNextTry(taskId: string, robot: CatalogueRobot): NextTry | undefined;
  /** A take of another host, or of ours that came to nothing, is in its log since a moment ago. */
  isResting(taskId: string): boolean;
  highestAttempt(taskId: string): number;
  now(): number;
}

export type InboxVerdict =
  | { kind: 'run'; robot: CatalogueRobot; attempt: number }
  | { kind: 'nothing-new' }
  | { kind: 'no'; decision: DecisionKind; code: string; message: string };

/** Whether a READY task is for this host now, with the reason when it is not. */
export function judgeTask(input: {
  task: { id: string; definitionCode: string };
  route: Route;
  robots: readonly CatalogueRobot[];
  history: TaskHistory;
  /** Why no more of a robot's tasks are wanted now; null: they are. */
  reasonToLeave: (robotCode: string) => Reason | null;
}): InboxVerdict {
  const { task, route, history } = input;
  // Why a task was excluded was said when it was.
  if (history.hasLiveRun(task.id) || history.isExcluded(task.id)) return { kind: 'nothing-new' };
  const robot = input.robots.find(
    (candidate) => candidate.code === route.robot || candidate.id === route.robot,
  );
  if (robot?.state !== 'unprepared') {
    const reason = robot?.reason ?? 'The platform lists no such robot as READY.';
    return no(
      'skipped',
      'ROBOT_NOT_HERE',
      `${task.definitionCode} is routed to ${route.robot}, which this host does not serve. ${reason}`,
    );
  }
  const next = history.findNextTry(task.id, robot);
  if (next && next.dueAtMs > history.now()) return { kind: 'nothing-new' };
  if (history.isResting(task.id)) return { kind: 'nothing-new' };
  const reason = input.reasonToLeave(robot.code);
  if (reason !== null) return no('postponed', reason.code, reason.message);
  return { kind: 'run', robot, attempt: history.highestAttempt(task.id) + 1 };
}

function no(decision: DecisionKind, code: string, message: string): InboxVerdict {
  return { kind: 'no', decision, code, message };
}
