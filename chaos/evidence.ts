import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openJournalReadOnly } from '../src/agent/journal/open-journal.ts';
import type { AuditEntry, ProcessItem, TaskState } from '../src/platform/model.ts';
import type { Run } from '../src/shared/run.ts';
import type { CollectedLine } from '../test/helpers/collector.ts';
import type { AgentHost } from './agent-host.ts';
import { type FleetRobot, findRobot } from './fleet.ts';

/** What is known of a task, from the platform's side. */
export interface TaskEvidence {
  id: string;
  robot: FleetRobot;
  state: TaskState;
  ownerId: string | null;
  /** All that was ever appended, oldest first: from the audit, since the task's own log is bounded. */
  entries: { at: string; level: string; message: string }[];
  /** Its changes of state, by operation of the API. */
  moves: { at: string; operation: string; principalId: string }[];
}

/** What an agent's journal says of a run. */
export interface RunEvidence extends Run {
  host: number;
}

/** What a robot said of itself. */
export interface RobotWord {
  at: number;
  phase: 'start' | 'end';
  runId: string;
  taskId: string;
  /** How many it had printed. */
  rows: number;
}

export interface Evidence {
  tasks: TaskEvidence[];
  runs: RunEvidence[];
  words: RobotWord[];
  /** Ids of tasks whose next attempt is still to come. */
  waiting: string[];
}

export function gatherEvidence(options: {
  platformDir: string;
  hosts: readonly AgentHost[];
  lines: readonly CollectedLine[];
}): Evidence {
  const journals = options.hosts.map((host) => readJournal(host));
  return {
    tasks: readTasks(options.platformDir),
    runs: journals.flatMap(({ runs }) => runs),
    waiting: journals.flatMap(({ waiting }) => waiting),
    words: options.lines.map(({ at, text }) => ({ ...(JSON.parse(text) as Omit<RobotWord, 'at'>), at })),
  };
}

/** Reads the platform's own store: nothing stands between it and the judge. */
function readTasks(platformDir: string): TaskEvidence[] {
  const database = new DatabaseSync(join(platformDir, 'platform.db'), { readOnly: true });
  try {
    const items = database
      .prepare("SELECT document FROM resources WHERE kind = 'item' ORDER BY rowid")
      .all()
      .map((row) => JSON.parse(String(row.document)) as ProcessItem);
    const tasks = new Map(
      items.flatMap(({ id, ownerId, task }) => {
        if (task === null) return [];
        const robot = findRobot(task.definitionCode);
        const found: TaskEvidence = { id, robot, state: task.state, ownerId, entries: [], moves: [] };
        return [[id, found] as const];
      }),
    );
    for (const row of database.prepare('SELECT document FROM audit ORDER BY seq').iterate()) {
      const { at, operation, resource, after, principalId } = JSON.parse(String(row.document)) as AuditEntry;
      const task = tasks.get(resource.replace('item/', ''));
      if (!task) continue;
      if (operation === 'appendProcessItemTaskLog')
        task.entries.push({ at, ...(after as { entry: { level: string; message: string } }).entry });
      else if (/^(claim|assign|complete)/.test(operation)) task.moves.push({ at, operation, principalId });
    }
    return [...tasks.values()];
  } finally {
    database.close();
  }
}

function readJournal({ home, number }: AgentHost): { runs: RunEvidence[]; waiting: string[] } {
  const path = join(home, 'journal.db');
  if (!existsSync(path)) return { runs: [], waiting: [] };
  const journal = openJournalReadOnly(path);
  try {
    return {
      runs: journal.runs.list({ limit: 1_000_000 }).map((run) => ({ ...run, host: number })),
      waiting: journal.host
        .listNextTries()
        .filter(({ kind }) => kind === 'retry')
        .map(({ taskId }) => taskId),
    };
  } finally {
    journal.close();
  }
}
