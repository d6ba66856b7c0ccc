import { AgentError, isAgentError } from '../../shared/errors.ts';
import type { RunCommand, RunCommandResult } from '../process/run-command.ts';
import { runToEnd } from './run-to-end.ts';
import type { RuntimeKind } from './runtime-layout.ts';

export interface RuntimeProbe {
  kind: RuntimeKind;
  executable: string;
  binDir: string;
  /** In messages: "Python 3.11.4". */
  what: string;
  runCommand: RunCommand;
  /** What programs of this system cannot start without. */
  env: Record<string, string>;
  signal: AbortSignal;
}

/** What of Python's own tools an installed runtime has, by its own word: builds leave some out. */
export interface PythonModules {
  venv: boolean;
  ensurepip: boolean;
  pip: boolean;
}

const PROBE_TIMEOUT_MS = 60_000;

/**
 * The runtime's own word for its version, which also proves that it runs on this machine.
 * @throws AgentError RUNTIME_BROKEN, INTERRUPTED
 */
export async function probeVersion(probe: RuntimeProbe): Promise<string> {
  const output = await ask(probe, ['--version']);
  const version = /(?<![\d.])(\d+\.\d+(?:\.\d+\S*)?)/.exec(output)?.[1];
  if (version === undefined) throw broken(probe, `its --version says ${JSON.stringify(output.trim())}`);
  return version;
}

/** Found by import, since builds keep their library in different places. @throws as `probeVersion` */
export async function probePythonModules(probe: RuntimeProbe): Promise<PythonModules> {
  const code =
    'import importlib.util as u; print(*(n for n in ("venv", "ensurepip", "pip") if u.find_spec(n)))';
  const names = (await ask(probe, ['-I', '-c', code])).split(/\s+/);
  return { venv: names.includes('venv'), ensurepip: names.includes('ensurepip'), pip: names.includes('pip') };
}

async function ask(probe: RuntimeProbe, args: string[]): Promise<string> {
  let output = '';
  let result: RunCommandResult;
  try {
    result = await runToEnd(probe.runCommand, {
      shell: { file: probe.executable, args },
      cwd: probe.binDir,
      env: probe.env,
      timeoutMs: PROBE_TIMEOUT_MS,
      signal: probe.signal,
      onOutput: (_stream, chunk) => {
        output += chunk.toString('utf8');
      },
    });
  } catch (error) {
    if (isAgentError(error) && error.code !== 'RUNTIME_BROKEN') throw error; // nothing against the runtime
    throw broken(probe, error instanceof Error ? error.message : String(error), error);
  }
  if (result.exitCode === 0) return output;
  const how = result.timedOut
    ? 'it does not answer'
    : `exit code ${result.exitCode ?? result.signal ?? 'unknown'}`;
  throw broken(probe, output.trim().split('\n').at(-1) || how);
}

function broken({ what }: RuntimeProbe, reason: string, cause?: unknown): AgentError {
  const message = `${what} was installed but does not run on this machine: ${reason.replace(/\.$/, '')}.`;
  return new AgentError('RUNTIME_BROKEN', message, cause === undefined ? {} : { cause });
}
