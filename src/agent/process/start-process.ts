import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { AgentError } from '../../shared/errors.ts';
import type { JobLimits } from '../native/job-layout.ts';
import { bwrapArguments, type Containment, type Enclosure, FILTER_FD, INFO_FD } from './containment.ts';
import { enterJob } from './enter-job.ts';
import { makeOutputPipes, type OutputPipeSource, type OutputPipes } from './output-pipes.ts';
import { ownScript } from './own-script.ts';
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
  /** What a job is to be held to; in other containments nothing. */
  jobLimits?: JobLimits;
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

const NO_JOB_LIMITS: JobLimits = { memoryBytes: null, processes: null, cpuPercent: null };

async function start(options: StartProcessOptions, pipes: OutputPipes | undefined): Promise<StartedProcess> {
  const { containment, cookie } = options;
  const contained = containment.kind === 'pid-namespace';
  const enclosure = contained ? options.enclosure : undefined;
  const job =
    containment.kind === 'job' ? containment.openJob(options.jobLimits ?? NO_JOB_LIMITS) : undefined;
  const ward = containment.kind === 'group' ? containment.watchdog?.expect(cookie) : undefined;
  const env = { ...options.env, [cookie.name]: cookie.value };
  // A program of ours waits for a word on its channel anyway.
  const gateFd = !contained || enclosure?.channel ? null : FILTER_FD + (enclosure?.openFilter ? 1 : 0);
  const { file, args } = programFor(options, gateFd);
  const hasChannel = enclosure?.channel === true || job !== undefined;
  const [out, err] = pipes?.descriptors ?? (['pipe', 'pipe'] as const);
  const filter = enclosure?.openFilter?.();
  try {
    const child = spawn(file, [...args], {
      cwd: options.cwd,
      // What the robot's environment does to a Node is not to happen to the stub, before it is in the job.
      env: job ? stubEnvironment(env) : env,
      // Bash reads its start files when stdin is a socket. From the fourth on they are for bwrap, which closes them.
      stdio: [
        ...(['ignore', out, err] as const),
        ...(contained ? (['pipe'] as const) : []),
        ...(filter === undefined ? [] : [filter]),
        ...(gateFd === null ? [] : (['pipe'] as const)),
        ...(hasChannel ? (['ipc'] as const) : []),
      ],
      // On Windows it would open a console.
      detached: process.platform !== 'win32',
      windowsHide: true,
      windowsVerbatimArguments: job === undefined && isCmd(options.file),
    });
    if (gateFd !== null) openGate(child, gateFd);
    const channel = hasChannel ? openChannel(child) : undefined;
    await started(child);
    const stdout = streamOf(pipes?.stdout ?? child.stdout);
    const stderr = streamOf(pipes?.stderr ?? child.stderr);
    const robot = watchProcess({ child, stdout, stderr, containment, cookie, ward, job });
    if (!job || !channel) return Object.assign(robot, channel && { channel });
    try {
      const { cwd } = options;
      const order = { file: options.file, args: [...options.args], cwd, env, verbatim: isCmd(options.file) };
      await enterJob(job, { pid: robot.pid, channel }, order);
      return robot;
    } catch (error) {
      stdout.resume();
      stderr.resume();
      // Not only by the job, which may not have taken it.
      child.kill('SIGKILL');
      pipes?.closeWriters();
      await robot.kill();
      throw error;
    }
  } catch (error) {
    ward?.over();
    job?.release();
    throw error;
  } finally {
    if (filter !== undefined) closeSync(filter);
  }
}

/** What is started for the robot: itself, or what holds it. */
function programFor(
  options: StartProcessOptions,
  gateFd: number | null,
): { file: string; args: readonly string[] } {
  switch (options.containment.kind) {
    case 'pid-namespace':
      return insideBwrap(options.containment.bwrapPath, options, gateFd);
    case 'job':
      return { file: process.execPath, args: ['--no-warnings', ownScript(import.meta, 'wait-in-job.mts')] };
    case 'group':
      return options;
  }
}

/** What Windows cannot start a program without. */
function stubEnvironment(env: Readonly<Record<string, string>>): Record<string, string> {
  const names = /^(SystemRoot|windir|SystemDrive|TEMP|TMP)$/i;
  return Object.fromEntries(Object.entries(env).filter(([name]) => names.test(name)));
}

/** cmd.exe does not read a line as Node writes one for other programs. */
function isCmd(file: string): boolean {
  return /(^|[\\/])cmd\.exe$/i.test(file);
}

/** A shell that enters the cgroup and becomes bwrap: nothing is born before it is in. */
const ENTER_CGROUP = 'echo $$ > "$0/cgroup.procs" && exec "$@"';

function insideBwrap(
  bwrapPath: string,
  { file, args, enclosure }: Pick<StartProcessOptions, 'file' | 'args' | 'enclosure'>,
  gateFd: number | null,
): { file: string; args: readonly string[] } {
  const bwrap = bwrapArguments(file, args, enclosure, gateFd);
  const dir = enclosure?.cgroupDir;
  return dir === undefined
    ? { file: bwrapPath, args: bwrap }
    : { file: '/bin/sh', args: ['-c', ENTER_CGROUP, dir, bwrapPath, ...bwrap] };
}

/** Lets the robot begin once bwrap has told that it is up. What ended before is seen by its exit. */
function openGate(child: ChildProcess, descriptor: number): void {
  const [info, gate] = [child.stdio[INFO_FD], child.stdio[descriptor]];
  if (!info || !(gate instanceof Socket)) throw new Error('A child was started without its gate');
  gate.on('error', () => undefined);
  info.once('close', () => gate.end('go\n'));
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
  const systemCode = reasonOf(error);
  const code = /^(ENOENT|EACCES|ENOEXEC|ENOTDIR)$/.test(systemCode)
    ? 'RUNTIME_BROKEN'
    : /^(EAGAIN|ENOMEM|EMFILE|ENFILE)$/.test(systemCode)
      ? 'CAPACITY'
      : 'UNEXPECTED';
  return new AgentError(code, `${file} could not be started: ${systemCode}.`, { cause: error });
}

/** The system's code, if it gave one. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown error';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
