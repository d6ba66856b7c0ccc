import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readRunLog } from '../../src/agent/logs/read-run-log.ts';
import type { Evidence, RunEvidence, TaskEvidence } from '../evidence.ts';
import { markOfEntry, readToldLog } from './told-log.ts';
import type { Violation } from './violation.ts';

export interface LogFacts {
  evidence: Evidence;
  /** Tasks of which an entry may be there twice, by the same mark. */
  deliveredLate: ReadonlySet<string>;
  /** Whether tasks that are over take entries. */
  appendOnEnded: boolean;
  homeOf: (host: number) => string;
  download: (processId: string, documentUri: string) => Promise<Buffer>;
}

export interface LogFigures {
  rows: number;
  leftOut: number;
}

/** Each line of a robot is told once and in order, or counted as left out; nothing of it is lost on the way. */
export async function checkLogs(facts: LogFacts): Promise<{ violations: Violation[]; figures: LogFigures }> {
  const violations: Violation[] = [];
  const figures: LogFigures = { rows: 0, leftOut: 0 };
  const tasks = new Map(facts.evidence.tasks.map((task) => [task.id, task]));
  const known = new Set(facts.evidence.runs.map(({ id }) => id.slice(-8)));
  for (const task of tasks.values()) {
    for (const { message } of task.entries) {
      const run = markOfEntry(message)?.run;
      if (run !== undefined && !known.has(run))
        violations.push(of(task.id, `an entry of a run that no journal knows: ${JSON.stringify(message)}`));
    }
  }
  for (const run of facts.evidence.runs) {
    const task = tasks.get(run.taskId ?? '');
    if (task === undefined) continue;
    const { problems, rows, leftOut } = await judgeRun(run, task, facts);
    violations.push(
      ...problems.map((problem) => of(run.id, `${problem} (task ${task.id}, agent ${run.host})`)),
    );
    figures.rows += rows;
    figures.leftOut += leftOut;
  }
  return { violations, figures };
}

async function judgeRun(run: RunEvidence, task: TaskEvidence, facts: LogFacts) {
  const problems: string[] = [];
  const own = task.entries.filter(({ message }) => markOfEntry(message)?.run === run.id.slice(-8));
  const told = readToldLog(
    own.map(({ message }) => message),
    facts.deliveredLate.has(task.id),
  );
  const shown = told.rows.map(({ number }) => number);
  const inOrder = told.rows.filter(({ late }) => !late).map(({ number }) => number);
  if (!isIncreasing(told.marks))
    problems.push(`its marks are not in order, or there twice: ${told.marks.join(' ')}`);
  if (!isIncreasing(inOrder)) problems.push(`rows are told twice or out of order: ${firstDisorder(inOrder)}`);
  if (new Set(shown).size < shown.length) problems.push(`rows are told twice: ${firstTwin(shown)}`);
  if (told.afterEnd > 0) problems.push(`${told.afterEnd} entries behind its last one`);
  const written = await rowsInRunLog(join(facts.homeOf(run.host), 'runs', run.id, 'run.log'));
  if (!isWhole(written))
    problems.push(`its run log has not every row once and in order: ${firstDisorder(written)}`);
  const word = facts.evidence.words.find(({ runId, phase }) => runId === run.id && phase === 'end');
  // What is still in the pipe when the agent is killed, nobody took.
  if (word && run.outcome !== 'lost' && word.rows !== written.length)
    problems.push(`the robot printed ${word.rows} rows, its run log has ${written.length}`);
  const strange = shown.find((number) => number > written.length);
  if (strange !== undefined)
    problems.push(`row ${strange} is told, but the run log ends at ${written.length}`);
  const [end] = told.ends;
  if (told.ends.length > 1)
    problems.push(
      `it has ${told.ends.length} last entries: ${told.ends.map(({ outcome }) => outcome).join(', ')}`,
    );
  if (end) {
    if (end.outcome !== run.outcome)
      problems.push(`its task is told ${end.outcome}, its journal says ${run.outcome}`);
    if (told.shown + end.leftOut !== end.lines)
      problems.push(`of ${end.lines} lines ${told.shown} are told and ${end.leftOut} said to be left out`);
    if (end.leftOut === 0 && shown.length !== written.length)
      problems.push(`${written.length} rows, ${shown.length} of them told, and none said to be left out`);
    if (end.leftOut > 0 && run.outcome === 'succeeded')
      problems.push(...(await judgeDocument(run, written.length, facts)));
  } else if (run.state === 'ended' && mustEnd(task, facts)) {
    problems.push(`it ended ${run.outcome}, but its task has no [end …] of it`);
  }
  return { problems, rows: shown.length, leftOut: end?.leftOut ?? 0 };
}

/** A task that is over, or somebody else's, may take no more entries. */
function mustEnd(task: TaskEvidence, { appendOnEnded }: LogFacts): boolean {
  return appendOnEnded || !task.robot.completesItself;
}

async function judgeDocument(run: RunEvidence, rows: number, facts: LogFacts): Promise<string[]> {
  const { documentUri } = run.log;
  if (documentUri === null) return ['lines are left out, but no document has them'];
  const text = gunzipSync(await facts.download(run.processId ?? '', documentUri)).toString();
  const found = [...text.matchAll(/\brow (\d+) of /g)].map(([, number]) => Number(number));
  if (found.length === rows && isWhole(found)) return [];
  return [`its document has ${found.length} of ${rows} rows: ${firstDisorder(found)}`];
}

async function rowsInRunLog(path: string): Promise<number[]> {
  const rows: number[] = [];
  for await (const lines of readRunLog(path)) {
    for (const { text, stream } of lines) {
      const row = stream === 'agent' ? undefined : /\brow (\d+) of /.exec(text)?.[1];
      if (row !== undefined) rows.push(Number(row));
    }
  }
  return rows;
}

function isIncreasing(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
}

function isWhole(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => number === index + 1);
}

function firstDisorder(numbers: readonly number[]): string {
  const at = numbers.findIndex((number, index) => index > 0 && number !== (numbers[index - 1] ?? 0) + 1);
  return at === -1 ? `starts at ${numbers[0]}` : `${numbers[at]} follows ${numbers[at - 1]}`;
}

function firstTwin(numbers: readonly number[]): string {
  return String(numbers.find((number, index) => numbers.indexOf(number) !== index));
}

function of(about: string, message: string): Violation {
  return { check: 'log', about, message };
}
