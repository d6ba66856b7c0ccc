import { z } from 'zod';
import type { SampleSeed } from '../../platform/demo-samples.ts';
import type { ControlHandlers } from '../../shared/control-api.ts';
import { isAgentError } from '../../shared/errors.ts';
import type { RunDetails } from '../../shared/run.ts';
import { table } from '../table.ts';
import { duration, printable } from '../text.ts';

/** A task of the demo, as its seed says. */
export interface DemoTask {
  readonly id: string;
  readonly definition: string;
  readonly robot: string;
  readonly operation: string | null;
}

/** What became of a task; `view` is what `demo --json` prints. */
export interface DemoResult {
  readonly isCompleted: boolean;
  readonly runId: string | null;
  readonly view: {
    readonly robot: string;
    readonly operation: string | null;
    readonly outcome: RunDetails['outcome'];
    readonly durationMs: number | null;
    readonly logEntries: number;
    readonly documents: number;
  };
}

/** The tasks of a seed with the robots that their definitions name. */
export function listDemoTasks(seed: SampleSeed): DemoTask[] {
  const definitions = seed.processDefinitions.flatMap((definition) => definition.tasks);
  return seed.processes
    .flatMap((process) => process.tasks)
    .flatMap((task) => {
      const definition = definitions.find(({ code }) => code === task.definition);
      if (definition === undefined || task.id === undefined) return [];
      const operation = z.string().safeParse(definition.operation).data ?? null;
      return [{ id: task.id, definition: task.definition, robot: definition.robot, operation }];
    });
}

/** Asks what became of each task: its latest run, if there was one. */
export async function resultOfTasks(
  handlers: Pick<ControlHandlers, 'run'>,
  tasks: readonly DemoTask[],
): Promise<DemoResult[]> {
  return await Promise.all(tasks.map(async (task) => resultOf(task, await findRun(handlers, task.id))));
}

function resultOf(task: DemoTask, run: RunDetails | null): DemoResult {
  return {
    isCompleted: run?.outcome === 'succeeded' && run.settled?.action === 'completed',
    runId: run?.id ?? null,
    view: {
      robot: task.robot,
      operation: run?.operation ?? task.operation,
      outcome: run?.outcome ?? null,
      durationMs: run?.durationMs ?? null,
      logEntries: run?.log.entriesSent ?? 0,
      documents: run === null ? 0 : run.apiCalls.filter(isUpload).length,
    },
  };
}

function isUpload({ operationId, status }: RunDetails['apiCalls'][number]): boolean {
  return operationId === 'uploadProcessDocument' && status !== null && status < 300;
}

async function findRun(handlers: Pick<ControlHandlers, 'run'>, taskId: string): Promise<RunDetails | null> {
  try {
    return await handlers.run({ id: taskId });
  } catch (error) {
    if (isAgentError(error) && error.code === 'RUN_NOT_FOUND') return null;
    throw error;
  }
}

/** The closing table, and what to try next. */
export function closingLines(
  results: readonly DemoResult[],
  { ok, home, leftOut }: { ok: boolean; home: string; leftOut: LeftOut },
): string[] {
  const kubot = `bin/kubot --home ${quoted(home)}`;
  const worst = results.find(({ isCompleted }) => !isCompleted) ?? results[0];
  const runId = worst?.runId?.slice(-8) ?? null;
  return [
    '',
    ...table(results, COLUMNS),
    '',
    ok ? 'Every task was completed.' : 'Not every task was completed.',
    ...leftOut.map(({ robot, reason }) => printable(`${robot} was left out: ${reason}`)),
    '',
    'Try next',
    `  ${kubot} runs`,
    ...(runId === null ? [] : [`  ${kubot} logs ${runId}`, `  ${kubot} why ${runId}`]),
    '  bin/kubot --help',
    '  docs/write-a-robot.md   a robot of your own',
    '  docs/install.md         connect this machine to KuFlow',
  ];
}

type LeftOut = readonly { readonly robot: string; readonly reason: string }[];

const COLUMNS = [
  { title: 'ROBOT', cell: ({ view }: DemoResult) => view.robot },
  { title: 'OPERATION', cell: ({ view }: DemoResult) => view.operation ?? '–' },
  { title: 'OUTCOME', cell: ({ view }: DemoResult) => view.outcome ?? 'not run' },
  { title: 'DURATION', cell: ({ view }: DemoResult) => duration(view.durationMs), isNumber: true },
  { title: 'LOG ENTRIES', cell: ({ view }: DemoResult) => String(view.logEntries), isNumber: true },
  { title: 'DOCUMENTS', cell: ({ view }: DemoResult) => String(view.documents), isNumber: true },
];

/** For a shell. */
function quoted(path: string): string {
  return /^[\w./@-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
