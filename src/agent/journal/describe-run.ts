import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunsQuery } from '../../shared/control-api.ts';
import { AgentError } from '../../shared/errors.ts';
import type { Run, RunDetails, Why } from '../../shared/run.ts';
import { findRun } from './find-run.ts';
import type { Journal } from './open-journal.ts';

/** Most files listed of what a run left. */
const MOST_FILES = 200;

/** Runs as a listing asks for them, newest first; `before` and `robot` as people write them. */
export function listRuns(journal: Journal, query: RunsQuery): Run[] {
  const robot = journal.host.listRobots().find((view) => view.id === query.robot)?.code ?? query.robot;
  return journal.runs.list({
    limit: query.limit,
    before: query.before === null ? undefined : findRun(journal, query.before, { tasks: false }).id,
    state: query.state ?? undefined,
    robot: robot ?? undefined,
  });
}

/** A run with its timeline, its calls through the gateway and what it left in its folders. */
export async function describeRun(journal: Journal, run: Run, runsDir: string): Promise<RunDetails> {
  const dir = join(runsDir, run.id);
  return {
    ...run,
    timeline: journal.runs.timeline(run.id),
    apiCalls: journal.runs.listApiCalls(run.id),
    files: [...(await listFiles(join(dir, 'out'), 'out')), ...(await listFiles(join(dir, 'home'), 'home'))],
  };
}

/**
 * Why something happened, or did not: by a run's id, a task's, or a robot's id or code.
 * @throws AgentError RUN_NOT_FOUND when nothing was ever decided about it
 */
export function explainWhy(journal: Journal, text: string): Why {
  const robot = journal.host.listRobots().find((view) => view.code === text || view.id === text);
  if (robot) {
    const subject = { kind: 'robot' as const, id: robot.id };
    return { subject, decisions: journal.decisions.list(subject) };
  }
  const task = { kind: 'task' as const, id: text.trim().toLowerCase() };
  if (journal.decisions.has(task)) return { subject: task, decisions: journal.decisions.list(task) };
  const subject = { kind: 'run' as const, id: findRunOrSay(journal, text).id };
  return { subject, decisions: journal.decisions.list(subject) };
}

function findRunOrSay(journal: Journal, text: string): Run {
  try {
    return findRun(journal, text, { tasks: true });
  } catch (error) {
    if (error instanceof AgentError && error.code === 'RUN_NOT_FOUND') {
      throw new AgentError('RUN_NOT_FOUND', `This host never decided anything about ${text}.`, {
        hint: 'Give a task id, a run id or a robot code of this host: kubot runs, kubot robots.',
      });
    }
    throw error;
  }
}

async function listFiles(root: string, area: 'out' | 'home'): Promise<RunDetails['files']> {
  const files: RunDetails['files'] = [];
  const pending = [''];
  while (pending.length > 0 && files.length < MOST_FILES) {
    const folder = pending.pop() ?? '';
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) pending.push(path);
      else if (entry.isFile()) {
        const bytes = await stat(join(root, path)).then(
          (found) => found.size,
          () => 0,
        );
        files.push({ area, path, bytes });
      }
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1)).slice(0, MOST_FILES);
}
