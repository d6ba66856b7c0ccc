import { RUN_STANDINGS } from '../../../shared/control-api.ts';
import type { Run } from '../../../shared/run.ts';

export const RUN_FILTERS = ['all', ...RUN_STANDINGS] as const;
export type RunFilter = (typeof RUN_FILTERS)[number];

/** Whether a listing shows the run: by how it stands, and by words of its robot, operation, task or id. */
export function matchesRun(run: Run, filter: RunFilter, search: string): boolean {
  return fits(run, filter) && textOf(run).includes(search.trim().toLowerCase());
}

function fits({ state, outcome }: Run, filter: RunFilter): boolean {
  if (filter === 'all') return true;
  if (filter === 'live') return state !== 'ended';
  if (filter === 'succeeded') return outcome === 'succeeded';
  return state === 'ended' && outcome !== 'succeeded' && outcome !== 'cancelled';
}

function textOf({ robot, operation, id, taskId }: Run): string {
  return [robot.code, operation, id, taskId].join(' ').toLowerCase();
}
