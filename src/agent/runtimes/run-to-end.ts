import { AgentError } from '../../shared/errors.ts';
import type { RunCommand, RunCommandResult, RunCommandSpec } from '../process/run-command.ts';

/**
 * Runs a tool or a step to its end, well or not.
 * @throws AgentError INTERRUPTED when `signal` ended it, RUNTIME_BROKEN when it cannot be started
 */
export async function runToEnd(runCommand: RunCommand, spec: RunCommandSpec): Promise<RunCommandResult> {
  const ended = () => new AgentError('INTERRUPTED', 'Preparing was ended.', { retryable: false });
  if (spec.signal.aborted) throw ended();
  const result = await runCommand(spec).catch((error: unknown) => {
    throw spec.signal.aborted ? ended() : error;
  });
  if (spec.signal.aborted && result.exitCode !== 0) throw ended();
  return result;
}
