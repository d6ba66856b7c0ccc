import type { AgentEnd } from '../agent-host.ts';
import type { Evidence, RobotWord, RunEvidence, TaskEvidence } from '../evidence.ts';
import { RETRY_ATTEMPTS } from '../fleet.ts';
import type { Violation } from './violation.ts';

export interface RunFacts {
  evidence: Evidence;
  /** How each agent ended, each time. */
  endsOf: (host: number) => readonly AgentEnd[];
}

/** Clocks of two processes of one machine, and a word that was under way. */
const SLACK_MS = 1500;

/** Each run came to one definite end, and each robot was started once per attempt and no more often than policy says. */
export function checkRuns({ evidence, endsOf }: RunFacts): Violation[] {
  const { runs, tasks, words } = evidence;
  const ids = new Set(runs.map(({ id }) => id));
  const strangers = words.filter(({ phase, runId }) => phase === 'start' && !ids.has(runId));
  return [
    ...strangers.map(({ runId, taskId }) =>
      of(runId, `a robot was started for task ${taskId}, but no journal knows the run`),
    ),
    ...runs.flatMap((run) =>
      judgeRun(run, words, endsOf(run.host)).map((problem) =>
        of(run.id, `${problem} (task ${run.taskId}, agent ${run.host})`),
      ),
    ),
    ...tasks.flatMap((task) =>
      judgeStarts(task, evidence, endsOf).map((problem) => of(task.id, `${problem} (${task.robot.code})`)),
    ),
  ];
}

function judgeRun(run: RunEvidence, words: readonly RobotWord[], ends: readonly AgentEnd[]): string[] {
  const problems: string[] = [];
  const count = (phase: RobotWord['phase']) =>
    words.filter((word) => word.runId === run.id && word.phase === phase).length;
  const [started, ended] = [count('start'), count('end')];
  if (run.state !== 'ended') problems.push(`it is ${run.state} at the end of all`);
  if (started > 1) problems.push(`its robot was started ${started} times`);
  const known = run.outcome === 'succeeded' || run.outcome === 'failed' || run.outcome === 'timed-out';
  if (known && started === 0) problems.push(`it is ${run.outcome}, but its robot never was started`);
  if (run.outcome === 'succeeded' && ended === 0)
    problems.push('it succeeded, but its robot never came to its end');
  if (run.outcome === 'lost' && !wasKilledDuring(run, ends))
    problems.push(
      `it is lost between ${run.requestedAt} and ${run.endedAt}, but its agent was not killed then`,
    );
  return problems;
}

function wasKilledDuring(run: RunEvidence, ends: readonly AgentEnd[]): boolean {
  const from = Date.parse(run.requestedAt) - SLACK_MS;
  const to = run.endedAt === null ? Number.POSITIVE_INFINITY : Date.parse(run.endedAt) + SLACK_MS;
  return ends.some(({ atMs, by }) => by !== null && atMs >= from && atMs <= to);
}

function judgeStarts(task: TaskEvidence, { words, runs }: Evidence, endsOf: RunFacts['endsOf']): string[] {
  const problems: string[] = [];
  const starts = words
    .filter(({ taskId, phase }) => taskId === task.id && phase === 'start')
    .sort((a, b) => a.at - b.at);
  const most = task.robot.settings?.failurePolicy === 'retry' ? RETRY_ATTEMPTS : 1;
  const list = starts.map((start) => `${start.runId} at ${new Date(start.at).toISOString()}`).join(', ');
  if (new Set(starts.map(({ runId }) => runId)).size > most)
    problems.push(`its robot was started ${starts.length} times where ${most} is the most: ${list}`);
  for (const [index, start] of starts.entries()) {
    const before = starts[index - 1];
    if (before === undefined || before.runId === start.runId) continue;
    if (!wasOver(before, start.at, { words, runs }, endsOf))
      problems.push(`two of its robots ran at a time: ${list}`);
  }
  return problems;
}

/** Whether a robot had come to its end, or to that of its agent, before another was started. */
function wasOver(
  start: RobotWord,
  atMs: number,
  { words, runs }: Pick<Evidence, 'words' | 'runs'>,
  endsOf: RunFacts['endsOf'],
): boolean {
  const ended = words.find(({ runId, phase }) => runId === start.runId && phase === 'end');
  if (ended && ended.at <= atMs) return true;
  const run = runs.find(({ id }) => id === start.runId);
  if (run === undefined) return false;
  if (run.endedAt !== null && Date.parse(run.endedAt) <= atMs) return true;
  return endsOf(run.host).some((end) => end.atMs >= start.at && end.atMs <= atMs + SLACK_MS);
}

function of(about: string, message: string): Violation {
  return { check: 'run', about, message };
}
