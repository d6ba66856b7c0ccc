import type { ActiveRun } from '../runs/active-run.ts';
import type { RunServices } from '../runs/run-services.ts';
import { findSuccessor } from './find-successor.ts';
import type { TaskSighting } from './task-check.ts';

/**
 * What a look at a running task means: a task that somebody else completed, cancelled or took ends its run. A
 * completion that passed the run's own gateway is the robot's.
 */
export function judgeSighting(
  sighting: TaskSighting,
  live: readonly ActiveRun[],
  services: Pick<RunServices, 'principalId' | 'decider' | 'journal' | 'log'>,
): void {
  const active = live.find(({ run }) => run.taskId === sighting.taskId);
  if (!active?.taken) return;
  noteSuccessor(active, sighting, services);
  if (active.run.state !== 'running' || active.termination !== null) return;
  const lost = reasonOfLoss(active, sighting, services.principalId());
  if (lost === null) return;
  active.platformState = lost.says;
  services.decider.onRun(active.run, {
    decision: 'skipped',
    code: 'CANCELLED_BY_PLATFORM',
    message: `The run is cancelled: ${lost.message}.`,
  });
  services.log.warn('Task is no longer ours', {
    runId: active.id,
    state: sighting.state,
    successor: active.successor,
  });
  active.terminate('cancelled-by-platform');
}

/** Remembers who took the task over; from then on neither the robot nor the agent changes anything of it. */
function noteSuccessor(
  active: ActiveRun,
  { logs }: TaskSighting,
  { journal }: Pick<RunServices, 'journal'>,
): void {
  const take = logs && active.successor === null ? journal.runs.loadTake(active.id) : null;
  const successor = take && logs ? findSuccessor(logs, take.nonce) : null;
  if (successor === null) return;
  active.successor = successor.host;
  active.loseAccess();
}

function reasonOfLoss(
  active: ActiveRun,
  { state, ownerId }: TaskSighting,
  ours: string | null,
): { says: string; message: string } | null {
  if (state === 'CLAIMED') {
    const by = active.successor;
    if (by !== null) return { says: `that ${by} took it over`, message: `${by} took the task over` };
    if (ours === null || ownerId === null || ownerId === ours) return null;
    const given = 'given to somebody else';
    return { says: `that it was ${given}`, message: `on the platform the task is ${given}` };
  }
  if (state === 'COMPLETED') {
    active.completedByRobot ||= active.mayBeCompletedByRobot;
    if (active.completedByRobot || active.isCompleting()) return null;
  }
  return { says: state, message: `on the platform the task is ${state}` };
}
