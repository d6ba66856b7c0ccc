import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunsQuery } from '../../shared/control-api.ts';
import { AgentError } from '../../shared/errors.ts';
import type { Run, RunDetails, Why } from '../../shared/run.ts';
import { listFiles } from '../runs/list-files.ts';
import { findRun } from './find-run.ts';
import type { Journal } from './open-journal.ts';

/** Runs as a listing asks for them, newest first; `before` and `robot` as people write them. */
export function listRuns(journal: Journal, query: RunsQuery): Run[] {
  const robot = journal.host.listRobots().find((view) => view.id === query.robot)?.code ?? query.robot;
  return journal.runs.list({
    limit: query.limit,
    before: query.before === null ? undefined : findRun(journal, query.before, { tasks: false }).id,
    state: query.state ?? undefined,
    robot: robot ?? undefined,
    standing: query.standing ?? undefined,
    text: query.text ?? undefined,
  });
}

/** A run with its timeline, who signed its package, and what its robot touched. */
export async function describeRun(journal: Journal, run: Run, runsDir: string): Promise<RunDetails> {
  const dir = join(runsDir, run.id);
  const { usage, signature, hostsRecorded } = journal.touched.find(run.id);
  const [out, home] = [await filesOf(dir, 'out'), await filesOf(dir, 'home')];
  return {
    ...run,
    timeline: journal.runs.timeline(run.id),
    apiCalls: journal.touched.listCalls(run.id),
    files: [...out, ...home],
    signature,
    touched: {
      api: journal.touched.sumUpCalls(run.id),
      filesLeft: existsSync(dir) ? { out: out.length, home: home.length } : null,
      hosts: hostsRecorded ? journal.touched.listHosts(run.id) : null,
      programs: usage?.programs ?? null,
      peakMemoryBytes: usage?.peakMemoryBytes ?? null,
      cpuTimeMs: usage?.cpuTimeMs ?? null,
    },
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

async function filesOf(runDir: string, area: 'out' | 'home'): Promise<RunDetails['files']> {
  return (await listFiles(join(runDir, area))).map((file) => ({ area, ...file }));
}
