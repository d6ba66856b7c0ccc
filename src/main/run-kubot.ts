import { spawn } from 'node:child_process';
import { AgentError } from '../shared/errors.ts';
import type { ShellPlaces } from './shell-places.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunKubotOptions {
  readonly environment: Environment;
  /** For its stdin: a secret. */
  readonly input?: string | null;
  readonly signal?: AbortSignal;
}

/**
 * Runs one command of the command line to its end, on the agent's own Node.
 * @throws AgentError INTERRUPTED when `signal` aborts, UNEXPECTED when it cannot be started
 */
export async function runKubot(
  { nodePath, cliPath }: Pick<ShellPlaces, 'nodePath' | 'cliPath'>,
  args: readonly string[],
  { environment, input = null, signal }: RunKubotOptions,
): Promise<Finished> {
  const child = spawn(nodePath, [cliPath, ...args], {
    env: { ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const leave = () => void child.kill('SIGKILL');
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted) leave();
  // One that never read it is told of by its exit.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    stdout += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    stderr = `${stderr}${part}`.slice(-8192);
  });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (signal?.aborted) throw new AgentError('INTERRUPTED', 'It was given up.');
    return { code, stdout, stderr };
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw new AgentError('UNEXPECTED', `The program ${nodePath} could not be started.`, { cause: error });
  } finally {
    signal?.removeEventListener('abort', leave);
  }
}

/** What a command said last to people, without its name before it. */
export function lastSentence({ stderr }: Finished): string {
  return stderr
    .trim()
    .replace(/^kubot: /, '')
    .split('\n', 1)
    .join('');
}
