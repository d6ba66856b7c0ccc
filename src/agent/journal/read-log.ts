import { join } from 'node:path';
import type { LogLine } from '../../shared/run.ts';
import { readRunLog } from '../logs/read-run-log.ts';
import { findRun } from './find-run.ts';
import type { Journal } from './open-journal.ts';

/**
 * The lines of a run's log, by the run's id or its task's.
 * @param follow goes on with what comes until the run has ended or this aborts; null: what is there
 * @param last only so many lines of what is there; all unless told
 * @throws AgentError RUN_NOT_FOUND, AMBIGUOUS_ID
 */
export async function* readLog(
  journal: Journal,
  runsDir: string,
  id: string,
  follow: AbortSignal | null,
  last?: number,
): AsyncGenerator<LogLine> {
  const run = findRun(journal, id, { tasks: true });
  const isLive = () => {
    const state = journal.runs.find(run.id)?.state;
    return state !== undefined && state !== 'ended';
  };
  const portions = readRunLog(join(runsDir, run.id, 'run.log'), {
    ...(follow !== null && { follow: { signal: follow, isLive } }),
    ...(last !== undefined && { last }),
  });
  for await (const lines of portions) yield* lines;
}
