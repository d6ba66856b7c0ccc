import type { Evidence, RunEvidence, TaskEvidence } from '../evidence.ts';
import { RETRY_ATTEMPTS } from '../fleet.ts';
import { markOfEntry } from './told-log.ts';
import type { Violation } from './violation.ts';

export interface TaskFacts {
  evidence: Evidence;
  /** Principals of the agents. */
  principals: ReadonlySet<string>;
  /** Who gets tasks that are handed over. */
  personId: string;
  /** Tasks that an outsider gave to that person, perhaps after their end. */
  takenAway: ReadonlySet<string>;
  appendOnEnded: boolean;
}

/** Every task is in the one state that its robot and the failure policy lead to. */
export function checkTasks(facts: TaskFacts): Violation[] {
  const runs = Map.groupBy(facts.evidence.runs, ({ taskId }) => taskId ?? '');
  return facts.evidence.tasks.flatMap((task) =>
    judgeTask(task, latestFirst(runs.get(task.id) ?? []), facts).map((message) => ({
      check: 'task',
      about: task.id,
      message: `${message} (${task.robot.code})`,
    })),
  );
}

function judgeTask(task: TaskEvidence, runs: readonly RunEvidence[], facts: TaskFacts): string[] {
  const problems: string[] = [];
  const [latest] = runs;
  const completions = task.moves.filter(({ operation }) => operation === 'completeProcessItemTask').length;
  if (task.state === 'COMPLETED' && completions !== 1) problems.push(`it was completed ${completions} times`);
  if (task.state === 'READY') return [...problems, `nobody took it${tellRuns(runs)}`];
  if (latest === undefined)
    return [...problems, `it is ${task.state}, but no journal has a run of it: ${newest(task)}`];
  if (task.state === 'CLAIMED' && facts.evidence.waiting.includes(task.id))
    problems.push('its next attempt never came');
  for (const run of runs) problems.push(...judgeOutcome(run, task, facts));
  problems.push(...judgeState(task, latest, facts));
  return problems;
}

function judgeOutcome(run: RunEvidence, task: TaskEvidence, { takenAway }: TaskFacts): string[] {
  const { outcome } = run;
  if (outcome === null || outcome === 'lost' || outcome === task.robot.ends) return [];
  if (outcome === 'cancelled' && takenAway.has(task.id)) return [];
  return [
    `run ${run.id} ended ${outcome} (${run.error?.code ?? ''} ${run.error?.message ?? ''}), where ${task.robot.ends} is right`,
  ];
}

function judgeState(task: TaskEvidence, latest: RunEvidence, facts: TaskFacts): string[] {
  const { outcome, attempt } = latest;
  const { robot, state, ownerId } = task;
  const moved = facts.takenAway.has(task.id);
  const told = `its last run ${latest.id} ended ${outcome}`;
  if (state === 'COMPLETED') {
    if (outcome === 'succeeded' || robot.completesItself) return [];
    return [`it is COMPLETED, but ${told}`];
  }
  if (state === 'CANCELLED') return ['it is CANCELLED, which nobody did'];
  const problems: string[] = [];
  if (outcome === 'succeeded' && !moved) problems.push(`it is CLAIMED, but ${told}`);
  const handsOver = robot.settings?.failurePolicy === 'hand-over';
  if (handsOver || moved) {
    if (handsOver && !moved && ownerId !== facts.personId)
      problems.push(`it was not handed over, but ${told}`);
  } else if (!facts.principals.has(ownerId ?? '')) problems.push(`it is owned by ${ownerId}`);
  const retries = robot.settings?.failurePolicy === 'retry';
  if (retries && !moved && outcome !== 'succeeded' && attempt < RETRY_ATTEMPTS)
    problems.push(`attempt ${attempt} ended ${outcome}, and there was no other`);
  if (!hasEndEntry(task) && (facts.appendOnEnded || !moved))
    problems.push(`it is CLAIMED without an [end …]: ${newest(task)}`);
  return problems;
}

/** The newest entry of an agent that means something tells an end. */
function hasEndEntry({ entries }: TaskEvidence): boolean {
  const messages = entries.map(({ message }) => message);
  const last = messages.findLast((message, at) => isMeant(message, messages.slice(0, at)));
  return last !== undefined && /\[end [a-z-]+\] ·/.test(last);
}

/**
 * An agent's entry, by its mark or its take, that is neither a twin that came late nor the take of a host that was too
 * slow: once a run tells of itself, the task is not READY any more, and only `Taken again` or `Taken over` can win it.
 */
function isMeant(message: string, before: readonly string[]): boolean {
  if (before.includes(message)) return false;
  if (markOfEntry(message) !== undefined || /^Taken (again|over) by /.test(message)) return true;
  return message.includes('[take ') && !before.some((one) => markOfEntry(one) !== undefined);
}

function newest(task: TaskEvidence): string {
  const last = task.entries.at(-1);
  return last === undefined ? 'its log is empty' : `${last.at} ${JSON.stringify(last.message.slice(0, 200))}`;
}

function tellRuns(runs: readonly RunEvidence[]): string {
  return runs
    .map(({ id, host, state, outcome }) => `; run ${id} of agent ${host} is ${state} ${outcome ?? ''}`)
    .join('');
}

/** One task runs on one host after the other, so the time of the request orders its attempts. */
function latestFirst(runs: readonly RunEvidence[]): RunEvidence[] {
  return runs.toSorted((a, b) => b.requestedAt.localeCompare(a.requestedAt));
}
