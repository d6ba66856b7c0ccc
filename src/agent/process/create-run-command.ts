import { randomUUID } from 'node:crypto';
import type { Containment } from './containment.ts';
import type { RunCommand } from './run-command.ts';
import { startProcess } from './start-process.ts';

/** Not KUBOT_RUN_ID: what prepares a robot belongs to no run. */
const COOKIE_NAME = 'KUBOT_STEP_ID';

/**
 * Runs post-install steps and version probes to their end: output as it comes, nothing of theirs left behind, all
 * of it killed at once when the time is up or `signal` aborts. A shell line runs in `/bin/sh -c`, on Windows in
 * `cmd.exe`.
 */
export function createRunCommand({ containment }: { containment: Containment }): RunCommand {
  return async (spec) => {
    const { file, args } = typeof spec.shell === 'string' ? shellOf(spec.shell) : spec.shell;
    spec.signal.throwIfAborted();
    const child = await startProcess({
      file,
      args,
      cwd: spec.cwd,
      env: spec.env,
      cookie: { name: COOKIE_NAME, value: randomUUID() },
      containment,
    });
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
  };
}

function shellOf(line: string): { file: string; args: string[] } {
  return process.platform === 'win32'
    ? { file: 'cmd.exe', args: ['/d', '/s', '/c', line] }
    : { file: '/bin/sh', args: ['-c', line] };
}
