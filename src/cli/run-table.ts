import type { Run } from '../shared/run.ts';
import { table } from './table.ts';
import { duration, localTime, printable, shortId } from './text.ts';

/** Runs as a table, one a line. */
export function runTable(runs: readonly Run[]): string[] {
  return table(runs, [
    { title: 'RUN', cell: (run) => shortId(run.id) },
    { title: 'ROBOT', cell: (run) => run.robot.code },
    { title: 'OPERATION', cell: (run) => run.operation ?? '–', maxWidth: 32 },
    { title: 'STATE', cell: stateInWords },
    { title: 'ATTEMPT', cell: (run) => String(run.attempt), isNumber: true },
    { title: 'ASKED FOR', cell: (run) => localTime(run.requestedAt) },
    { title: 'TOOK', cell: (run) => duration(run.durationMs), isNumber: true },
    { title: 'SOURCE', cell: (run) => run.source },
    { title: 'TASK', cell: (run) => (run.taskId === null ? '–' : shortId(run.taskId)) },
  ]);
}

/** `running`, or how it ended: `failed: ROBOT_EXIT`. */
export function stateInWords(run: Run): string {
  if (run.outcome === null) return run.state;
  return run.error === null ? run.outcome : `${run.outcome}: ${run.error.code}`;
}

/** A run in one sentence, safe to print. */
export function runSentence(run: Run): string {
  const operation = run.operation === null ? '' : ` “${run.operation}”`;
  const took = run.durationMs === null ? '' : ` after ${duration(run.durationMs)}`;
  const state = run.outcome === null ? `is ${run.state}` : `${run.outcome}${took}`;
  const reason = run.error === null ? '' : ` ${run.error.message}`;
  const attempt = run.attempt > 1 ? `, attempt ${run.attempt}` : '';
  return printable(`${run.robot.code}${operation} ${state} (run ${shortId(run.id)}${attempt}).${reason}`);
}
