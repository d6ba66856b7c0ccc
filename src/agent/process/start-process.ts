import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { AgentError } from '../../shared/errors.ts';
import { bwrapArguments, type Containment, type Enclosure } from './containment.ts';
import { makeOutputPipes, type OutputPipeSource, type OutputPipes } from './output-pipes.ts';
import type { Cookie } from './process-table.ts';
import { openChannel, type RobotChannel } from './robot-channel.ts';
import { type RobotProcess, watchProcess } from './robot-process.ts';

export type { RobotProcess };

/** A robot, or a program of ours that becomes one when it is told to by its channel. */
export interface StartedProcess extends RobotProcess {
  readonly channel?: RobotChannel;
}

export interface StartProcessOptions {
  file: string;
  args: readonly string[];
  cwd: string;
  /** The whole environment; nothing of the agent's is added but the cookie. */
  env: Record<string, string>;
  /** By what its processes are known in a sweep. */
  cookie: Cookie;
  containment: Containment;
  /** How a PID namespace is to be more than that. */
  enclosure?: Enclosure;
  /** Pipes made beforehand; without, a pair is made now. */
  pipes?: OutputPipeSource;
}

/**
 * Starts a program in a group of its own, with no stdin and no descriptor but 0, 1 and 2. Call it from the main
 * thread only: on Linux a child dies with the thread that started it.
 * @throws AgentError RUNTIME_BROKEN when the file cannot be executed, CAPACITY when the system has no process,
 *   memory or descriptor left, UNEXPECTED else
 */
export async function startProcess(options: StartProcessOptions): Promise<StartedProcess> {
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

async function start(options: StartProcessOptions, pipes: OutputPipes | undefined): Promise<StartedProcess> {
  const { containment, cookie } = options;
  const contained = containment.kind === 'pid-namespace';
  const enclosure = contained ? options.enclosure : undefined;
  const { file, args } = contained ? insideBwrap(containment.bwrapPath, options) : options;
  const [out, err] = pipes?.descriptors ?? (['pipe', 'pipe'] as const);
  const filter = enclosure?.openFilter?.();
  let child: ChildProcess;
  try {
    child = spawn(file, [...args], {
      cwd: options.cwd,
      env: { ...options.env, [cookie.name]: cookie.value },
      // Bash reads its start files when stdin is a socket. From the fourth on they are for bwrap, which closes them.
      stdio: [
        ...(['ignore', out, err] as const),
        ...(contained ? (['pipe'] as const) : []),
        ...(filter === undefined ? [] : [filter]),
        ...(enclosure?.channel ? (['ipc'] as const) : []),
      ],
      // On Windows it would open a console.
      detached: process.platform !== 'win32',
      windowsHide: true,
      // cmd.exe does not read a line as Node writes one for other programs.
      windowsVerbatimArguments: /(^|[\\/])cmd\.exe$/i.test(options.file),
    });
  } finally {
    if (filter !== undefined) closeSync(filter);
  }
  const channel = enclosure?.channel ? openChannel(child) : undefined;
  await started(child);
  const robot = watchProcess({
    child,
    stdout: streamOf(pipes?.stdout ?? child.stdout),
    stderr: streamOf(pipes?.stderr ?? child.stderr),
    containment,
    cookie,
  });
  return Object.assign(robot, channel && { channel });
}

/** A shell that enters the cgroup and becomes bwrap: nothing is born before it is in. */
const ENTER_CGROUP = 'echo $$ > "$0/cgroup.procs" && exec "$@"';

function insideBwrap(
  bwrapPath: string,
  { file, args, enclosure }: Pick<StartProcessOptions, 'file' | 'args' | 'enclosure'>,
): { file: string; args: readonly string[] } {
  const bwrap = bwrapArguments(file, args, enclosure);
  const dir = enclosure?.cgroupDir;
  return dir === undefined
    ? { file: bwrapPath, args: bwrap }
    : { file: '/bin/sh', args: ['-c', ENTER_CGROUP, dir, bwrapPath, ...bwrap] };
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
