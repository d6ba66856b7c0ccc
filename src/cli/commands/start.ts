import { randomUUID } from 'node:crypto';
import type { ControlHandlers } from '../../shared/control-api.ts';
import { AgentError } from '../../shared/errors.ts';
import type { Run } from '../../shared/run.ts';
import type { Context } from '../context.ts';
import type { Environment } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import { requireAgent } from '../find-agent.ts';
import { logLineText } from '../log-lines.ts';
import { runSentence } from '../run-table.ts';
import { listenForStop } from '../stop-signals.ts';
import type { Terminal } from '../terminal.ts';

export interface StartOptions {
  env: string[];
  task?: string;
  wait?: boolean;
}

export async function start(
  context: Context,
  [robot, operation]: [string, string | undefined],
  options: StartOptions,
): Promise<number> {
  const { environment, terminal } = context;
  const input = {
    requestId: randomUUID(),
    robot,
    operation: operation ?? null,
    variables: parseVariables(options.env, environment),
    taskId: options.task ?? null,
  };
  const agent = await requireAgent(context);
  if (!options.wait) {
    const run = await agent.start(input);
    terminal.json(run);
    terminal.line(runSentence(run));
    return 0;
  }
  const run = await startAndWait(agent, input, terminal);
  terminal.json(run);
  terminal.line(runSentence(run));
  return run.outcome === 'succeeded' ? 0 : EXIT.runFailed;
}

/**
 * `K=V` as it is; `K` alone takes the caller's own value, the way for secrets, which would show in `ps`.
 * @throws AgentError USAGE
 */
export function parseVariables(texts: readonly string[], environment: Environment): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const text of texts) {
    const at = text.indexOf('=');
    const name = at === -1 ? text : text.slice(0, at);
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new AgentError('USAGE', '--env expects NAME=VALUE, or NAME for a variable of the caller.');
    }
    const value = at === -1 ? environment[name] : text.slice(at + 1);
    if (value === undefined) throw new AgentError('USAGE', `--env ${name}: the caller has no such variable.`);
    variables[name] = value;
  }
  return variables;
}

async function startAndWait(
  agent: ControlHandlers,
  input: Parameters<ControlHandlers['start']>[0],
  terminal: Terminal,
): Promise<Run> {
  const stop = listenForStop();
  const leaving = new AbortController();
  stop.first.then(() => leaving.abort(), undefined);
  try {
    // Listening before starting: no end can be missed.
    const events = agent.events(leaving.signal)[Symbol.asyncIterator]();
    await events.next();
    const run = await agent.start(input);
    const shown = terminal.isJson ? undefined : showLog(agent, run.id, terminal, leaving.signal);
    for (;;) {
      const { done, value } = await events.next();
      if (leaving.signal.aborted) throw interrupted(run);
      if (done) throw new AgentError('AGENT_NOT_RUNNING', 'The agent ended before the run did.');
      if (value.type !== 'run' || value.run.id !== run.id || value.run.state !== 'ended') continue;
      await shown;
      await events.return?.();
      return value.run;
    }
  } finally {
    stop.dispose();
    leaving.abort();
  }
}

/** Best effort: the log is there to read later, and the run's end is what is waited for. */
async function showLog(
  agent: ControlHandlers,
  id: string,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const line of agent.logs({ id, follow: true }, signal)) {
      terminal.line(logLineText(line, terminal));
    }
  } catch (error) {
    terminal.note(`The log cannot be followed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function interrupted(run: Run): AgentError {
  return new AgentError('INTERRUPTED', 'Interrupted; the run goes on.', {
    hint: `End it with: kubot cancel ${run.id}`,
  });
}
