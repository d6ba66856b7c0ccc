import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { AgentError } from '../../shared/errors.ts';

const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

/**
 * Runs a script of ours in a Node of its own (the agent's) and returns its stdout. Secrets go by `input` (stdin)
 * and stdout, never by `args`, which every user of the machine can read.
 * @throws AgentError UNEXPECTED when it cannot be started, exits other than 0 or takes longer than a minute; the
 *   message holds the end of its stderr, never its input or output
 */
export function runNodeScript(scriptPath: string, args: string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [scriptPath, ...args],
      { timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES, windowsHide: true },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new AgentError('UNEXPECTED', describeFailure(scriptPath, error, stderr)));
      },
    );
    // A script that ends early closes the pipe; its exit tells the reason.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

function describeFailure(scriptPath: string, error: Error, stderr: string): string {
  const how = 'killed' in error && error.killed === true ? 'was killed' : exitOf(error);
  const lastLines = stderr.trim().split('\n').slice(-5).join(' | ').slice(-500);
  return `The script ${basename(scriptPath)} ${how}${lastLines === '' ? '.' : `: ${lastLines}`}`;
}

function exitOf(error: Error): string {
  const code = 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? `ended with exit code ${code}` : `could not be run (${String(code)})`;
}
