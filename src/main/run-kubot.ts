import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { z } from 'zod';
import { AgentError } from '../shared/errors.ts';
import type { StopMessage } from '../shared/stop-message.ts';
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

export type KubotProcess = ChildProcessWithoutNullStreams;

/**
 * Starts the command line on the agent's own Node, with what is for its stdin: a secret. It can be told to stop
 * (`tellToStop`).
 */
export function startKubot(
  { nodePath, cliPath }: Pick<ShellPlaces, 'nodePath' | 'cliPath'>,
  args: readonly string[],
  { environment, input = null }: Pick<RunKubotOptions, 'environment' | 'input'>,
): KubotProcess {
  // The types know no channel beside three pipes.
  const child = spawn(nodePath, [cliPath, ...args], {
    env: { ...environment },
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    windowsHide: true,
  }) as KubotProcess;
  // One that never read it is told of by its exit.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  return child;
}

/** Asks it to end by itself. A signal would do so too, but on Windows it kills. */
export function tellToStop(child: KubotProcess, message: StopMessage): void {
  if (child.connected) child.send(message, () => undefined);
  // It is gone, or cannot be told any more.
  else child.kill('SIGTERM');
}

/**
 * Runs one command of the command line to its end, on the agent's own Node.
 * @throws AgentError INTERRUPTED when `signal` aborts, UNEXPECTED when it cannot be started
 */
export async function runKubot(
  places: Pick<ShellPlaces, 'nodePath' | 'cliPath'>,
  args: readonly string[],
  { signal, ...options }: RunKubotOptions,
): Promise<Finished> {
  const child = startKubot(places, args, options);
  const leave = () => void child.kill('SIGKILL');
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted) leave();
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    stdout += part;
  });
  const stderr = lastWordsOf(child);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (signal?.aborted) throw new AgentError('INTERRUPTED', 'It was given up.');
    return { code, stdout, stderr: stderr() };
  } catch (error) {
    if (error instanceof AgentError) throw error;
    throw notStarted(places.nodePath, error);
  } finally {
    signal?.removeEventListener('abort', leave);
  }
}

/** What it has written to its stderr last. */
export function lastWordsOf(child: KubotProcess): () => string {
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    stderr = `${stderr}${part}`.slice(-8192);
  });
  return () => stderr;
}

export function notStarted(nodePath: string, cause: unknown): AgentError {
  return new AgentError('UNEXPECTED', `The program ${nodePath} could not be started.`, { cause });
}

/** Long for a question to the system: it is asked again. */
const ANSWER_MS = 5000;

/** What a program of the system writes; null: it is not here, failed, or took too long. */
export function readOutput(file: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(file, [...args], { timeout: ANSWER_MS, windowsHide: true }, (error, stdout) =>
      resolve(error === null ? stdout : null),
    );
  });
}

const Failed = z.object({ error: z.object({ message: z.string() }) });

/** The message of the error document that a command's output ends with; null: it ends with none. */
export function errorMessageIn(stdout: string): string | null {
  return Failed.safeParse(parseOutput(stdout.trimEnd().split('\n').pop() ?? '')).data?.error.message ?? null;
}

/** The document that a command wrote; null: it is none. */
export function parseOutput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What a command that failed said to people, without its name before it. */
export function sentenceFor({ stderr }: Pick<Finished, 'stderr'>): string {
  return stderr
    .trim()
    .replace(/^kubot: /, '')
    .split('\n', 1)
    .join('');
}
