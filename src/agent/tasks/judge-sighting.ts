import type { ActiveRun } from '../runs/active-run.ts';
import type { RunServices } from '../runs/run-services.ts';
import type { TaskSighting } from './task-check.ts';

/**
 * What a look at a running task means: a task that somebody else completed, cancelled or took ends its run. A
 * completion that passed the run's own gateway is the robot's.
 */
export function judgeSighting(
  sighting: TaskSighting,
  live: readonly ActiveRun[],
  services: Pick<RunServices, 'principalId' | 'decider' | 'log'>,
): void {
  const active = live.find(({ run }) => run.taskId === sighting.taskId);
  if (!active?.taken || active.run.state !== 'running' || active.termination !== null) return;
  const ours = services.principalId();
  const moved =
    sighting.state === 'CLAIMED' && ours !== null && sighting.ownerId !== null && sighting.ownerId !== ours;
  if (sighting.state === 'CLAIMED' && !moved) return;
  if (sighting.state === 'COMPLETED') {
    active.completedByRobot ||= active.mayBeCompletedByRobot;
    if (active.completedByRobot || active.isCompleting()) return;
  }
  active.platformState = moved ? 'that it was given to somebody else' : sighting.state;
  services.decider.onRun(active.run, {
    decision: 'skipped',
    code: 'CANCELLED_BY_PLATFORM',
    message: `The run is cancelled: on the platform the task is ${moved ? 'given to somebody else' : sighting.state}.`,
  });
  services.log.warn('Task is no longer ours', { runId: active.id, state: sighting.state });
  active.terminate('cancelled-by-platform');
}
