import { RunsQuerySchema } from '../../shared/control-api.ts';
import { AgentError } from '../../shared/errors.ts';
import { RUN_STATES } from '../../shared/run.ts';
import type { Context } from '../context.ts';
import { withReader } from '../read-handlers.ts';
import { runTable } from '../run-table.ts';
import { orphans } from './orphans.ts';

export interface RunsOptions {
  limit: string;
  before?: string;
  state?: string;
  robot?: string;
  orphans?: boolean;
}

export async function runs(context: Context, _args: [], options: RunsOptions): Promise<number> {
  if (options.orphans) return await orphans(context);
  const { terminal } = context;
  const query = RunsQuerySchema.safeParse({
    limit: Number(options.limit),
    before: options.before ?? null,
    state: options.state ?? null,
    robot: options.robot ?? null,
  });
  if (!query.success) throw usage(String(query.error.issues[0]?.path[0]));
  const found = await withReader(context, (handlers) => handlers.runs(query.data));
  terminal.json(found);
  if (found.length === 0) terminal.line('No runs.');
  else terminal.lines(runTable(found));
  return 0;
}

const EXPECTED: Readonly<Record<string, string>> = {
  limit: 'a whole number from 1 to 1000',
  state: `one of ${RUN_STATES.join(', ')}`,
};

function usage(option: string): AgentError {
  return new AgentError('USAGE', `--${option} expects ${EXPECTED[option] ?? 'text'}.`);
}
