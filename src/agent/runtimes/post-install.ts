import { AgentError } from '../../shared/errors.ts';
import { SecretSet } from '../logs/masker.ts';
import { OutputMasker } from '../logs/output-masker.ts';
import { LineSplitter } from '../process/line-splitter.ts';
import type { RunCommand } from '../process/run-command.ts';
import { shellCommand } from '../runs/shell-command.ts';
import { runToEnd } from './run-to-end.ts';

export interface PostInstallOptions {
  step: { name: string; shell: string };
  cwd: string;
  variables: Record<string, string>;
  /** Masked in what is logged and in the failure. */
  secrets?: readonly string[];
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
  const { step, variables } = options;
  const command = shellCommand(step.shell, variables, options.platform);
  for (const warning of command.warnings) options.log(warning);
  const last: string[] = [];
  const keep = (lines: Buffer) => {
    if (lines.length === 0) return;
    for (const line of lines.toString('utf8').slice(0, -1).split('\n')) {
      options.log(line);
      if (line.trim() !== '') last.push(line);
      if (last.length > LAST_LINES) last.shift();
    }
  };
  const secrets = new SecretSet(options.secrets);
  const streamOf = () => ({
    masker: new OutputMasker(secrets, () => undefined),
    splitter: new LineSplitter(),
  });
  const streams = { stdout: streamOf(), stderr: streamOf() };
  const result = await runToEnd(options.runCommand, {
    shell: { file: command.file, args: command.args },
    cwd: options.cwd,
    env: variables,
    timeoutMs: options.timeoutMs,
    signal: options.signal,
    onOutput: (stream, chunk) => {
      const { masker, splitter } = streams[stream];
      keep(splitter.push(masker.push(chunk)));
    },
  });
  for (const { masker, splitter } of Object.values(streams)) {
    keep(splitter.push(masker.end()));
    keep(splitter.end());
  }
  if (result.exitCode === 0) return;
  const how = result.timedOut
    ? `took longer than ${options.timeoutMs / 1000} s`
    : `ended with ${result.signal === null ? `exit code ${result.exitCode}` : `signal ${result.signal}`}`;
  throw new AgentError(
    'POST_INSTALL_FAILED',
    `The post-install step "${step.name}" ${how}.${last.length > 0 ? ` Its last lines: ${last.slice(-3).join(' | ').slice(-600)}` : ''}`,
    { details: { step: step.name, exitCode: result.exitCode, signal: result.signal, lastLines: last } },
  );
}
