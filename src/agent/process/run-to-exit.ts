import type { RunCommandResult, RunCommandSpec } from './run-command.ts';
import type { StartedProcess } from './start-process.ts';

/** Not KUBOT_RUN_ID: what prepares a robot belongs to no run. */
export const STEP_COOKIE = 'KUBOT_STEP_ID';

/** A tool's program: a shell line runs in `/bin/sh -c`, on Windows in `cmd.exe`. */
export function programOf({ shell }: Pick<RunCommandSpec, 'shell'>): { file: string; args: string[] } {
  if (typeof shell !== 'string') return shell;
  return process.platform === 'win32'
    ? { file: 'cmd.exe', args: ['/d', '/s', '/c', shell] }
    : { file: '/bin/sh', args: ['-c', shell] };
}

/** Waits for a tool's end, its output as it comes; all of it is killed when the time is up or `signal` aborts. */
export async function runToExit(
  child: StartedProcess,
  spec: Pick<RunCommandSpec, 'timeoutMs' | 'signal' | 'onOutput'>,
): Promise<RunCommandResult> {
  child.stdout.on('data', (chunk: Buffer) => spec.onOutput('stdout', chunk));
  child.stderr.on('data', (chunk: Buffer) => spec.onOutput('stderr', chunk));
  const kill = () => void child.kill('cancelled');
  const timer = setTimeout(() => void child.kill('timeout'), spec.timeoutMs);
  spec.signal.addEventListener('abort', kill, { once: true });
  if (spec.signal.aborted) kill();
  try {
    const { exitCode, signal, reason } = await child.exited;
    return { exitCode, signal, timedOut: reason === 'timeout' };
  } finally {
    clearTimeout(timer);
    spec.signal.removeEventListener('abort', kill);
  }
}
