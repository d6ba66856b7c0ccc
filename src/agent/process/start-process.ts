import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { AgentError } from '../../shared/errors.ts';
import { bwrapArguments, type Containment } from './containment.ts';
import { makeOutputPipes, type OutputPipeSource, type OutputPipes } from './output-pipes.ts';
import type { Cookie } from './process-table.ts';
import { type RobotProcess, watchProcess } from './robot-process.ts';

export type { RobotProcess };

export interface StartProcessOptions {
  file: string;
  args: readonly string[];
  cwd: string;
  /** The whole environment; nothing of the agent's is added but the cookie. */
  env: Record<string, string>;
  /** By what its processes are known in a sweep. */
  cookie: Cookie;
  containment: Containment;
  /** Pipes made beforehand; without, a pair is made now. */
  pipes?: OutputPipeSource;
}

/**
 * Starts a program in a group of its own, with no stdin and no descriptor but 0, 1 and 2. Call it from the main
 * thread only: on Linux a child dies with the thread that started it.
 * @throws AgentError RUNTIME_BROKEN when the file cannot be executed, CAPACITY when the system has no process,
 *   memory or descriptor left, UNEXPECTED else
 */
export async function startProcess(options: StartProcessOptions): Promise<RobotProcess> {
  const pipes = await (options.pipes?.take() ?? makeOutputPipes());
  try {
    return await start(options, pipes);
  } catch (error) {
    pipes?.stdout.destroy();
    pipes?.stderr.destroy();
    throw startFailure(options.file, error);
  } finally {
    pipes?.closeWriters();
  }
}

async function start(options: StartProcessOptions, pipes: OutputPipes | undefined): Promise<RobotProcess> {
  const { containment, cookie } = options;
  const contained = containment.kind === 'pid-namespace';
  const [out, err] = pipes?.descriptors ?? (['pipe', 'pipe'] as const);
  const child = spawn(
    contained ? containment.bwrapPath : options.file,
    contained ? bwrapArguments(options.file, options.args) : [...options.args],
    {
      cwd: options.cwd,
      env: { ...options.env, [cookie.name]: cookie.value },
      // Bash reads its start files when stdin is a socket. The fourth is for bwrap, which closes it.
      stdio: contained ? ['ignore', out, err, 'pipe'] : ['ignore', out, err],
      // On Windows it would open a console.
      detached: process.platform !== 'win32',
      windowsHide: true,
      // cmd.exe does not read a line as Node writes one for other programs.
      windowsVerbatimArguments: /(^|[\\/])cmd\.exe$/i.test(options.file),
    },
  );
  await started(child);
  return watchProcess({
    child,
    stdout: streamOf(pipes?.stdout ?? child.stdout),
    stderr: streamOf(pipes?.stderr ?? child.stderr),
    containment,
    cookie,
  });
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}

function streamOf(stream: Readable | null): Readable {
  if (stream === null) throw new Error('A child was started without its pipes');
  return stream;
}

function startFailure(file: string, error: unknown): AgentError {
  const systemCode = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error';
  const code = /^(ENOENT|EACCES|ENOEXEC|ENOTDIR)$/.test(systemCode)
    ? 'RUNTIME_BROKEN'
    : /^(EAGAIN|ENOMEM|EMFILE|ENFILE)$/.test(systemCode)
      ? 'CAPACITY'
      : 'UNEXPECTED';
  return new AgentError(code, `${file} could not be started: ${systemCode}.`, { cause: error });
}
