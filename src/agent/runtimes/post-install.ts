import { AgentError } from '../../shared/errors.ts';
import type { RunCommand } from '../process/run-command.ts';
import { shellCommand } from '../runs/shell-command.ts';

export interface PostInstallOptions {
  step: { name: string; shell: string };
  cwd: string;
  variables: Record<string, string>;
  runCommand: RunCommand;
  timeoutMs: number;
  platform: NodeJS.Platform;
  signal: AbortSignal;
  log: (line: string) => void;
}

/** Output lines that a failure carries: the cause is nearly always among the last. */
const LAST_LINES = 20;

/**
 * One step of `post-install`.
 * @throws AgentError POST_INSTALL_FAILED with the step, how it ended and its last lines; INTERRUPTED
 */
export async function runPostInstall(options: PostInstallOptions): Promise<void> {
  const { step, variables, signal } = options;
  const command = shellCommand(step.shell, variables, options.platform);
  const last: string[] = [];
  let rest = '';
  const keep = (line: string) => {
    options.log(line);
    last.push(line);
    if (last.length > LAST_LINES) last.shift();
  };
  const result = await options.runCommand({
    shell: { file: command.file, args: command.args },
    cwd: options.cwd,
    env: variables,
    timeoutMs: options.timeoutMs,
    signal,
    onOutput: (_stream, chunk) => {
      const lines = (rest + chunk.toString('utf8')).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) keep(line);
    },
  });
  if (rest !== '') keep(rest);
  if (result.exitCode === 0) return;
  if (signal.aborted) throw new AgentError('INTERRUPTED', 'Preparing was ended.', { retryable: false });
  const how = result.timedOut
    ? `took longer than ${Math.round(options.timeoutMs / 1000)} s`
    : `ended with ${result.signal === null ? `exit code ${result.exitCode}` : `signal ${result.signal}`}`;
  const lines = last.filter((line) => line.trim() !== '');
  throw new AgentError(
    'POST_INSTALL_FAILED',
    `The post-install step "${step.name}" ${how}.${lines.length > 0 ? ` Its last lines: ${lines.slice(-3).join(' | ').slice(-600)}` : ''}`,
    { details: { step: step.name, exitCode: result.exitCode, signal: result.signal, lastLines: lines } },
  );
}
