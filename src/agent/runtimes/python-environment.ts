import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../../shared/errors.ts';
import type { RunCommand } from '../process/run-command.ts';
import { rewritePth, SITE_CUSTOMIZE } from './embeddable-pth.ts';
import type { InstalledRuntime } from './runtime-store.ts';

interface Tool {
  runCommand: RunCommand;
  env: Record<string, string>;
  timeoutMs: number;
  signal: AbortSignal;
  log: (line: string) => void;
}

export interface PythonEnvironmentOptions extends Tool {
  runtime: InstalledRuntime;
  /** Its final path: a venv holds absolute paths and cannot be moved. */
  dir: string;
}

const SITE_FOLDER = 'kubot-site';

/**
 * A Python environment: a venv, or, where the runtime has no venv module (Windows embeddable), a copy of it.
 * @throws AgentError RUNTIME_BROKEN
 */
export async function buildPythonEnvironment(options: PythonEnvironmentOptions): Promise<void> {
  const { runtime, dir } = options;
  if (runtime.embeddable) {
    copyEmbeddable(runtime.root, dir);
    return;
  }
  await runTool(options, [runtime.executable, '-m', 'venv', dir], 'making its environment');
}

/**
 * Compiles ahead, since runs may not write bytecode: what is shared without a check at import, the package's own
 * modules with one, because a run may rewrite them in its working copy.
 */
export async function compilePython(
  options: PythonEnvironmentOptions & { packageDir: string },
): Promise<void> {
  const { dir, packageDir, runtime } = options;
  const python = runtime.embeddable ? join(dir, 'python.exe') : join(dir, 'bin', 'python');
  const compile = (mode: string, folders: string[], extra: string[] = []) =>
    // Exit 1 means that some file is no valid Python of this version, which test data of libraries seldom is.
    runTool(
      options,
      [python, '-m', 'compileall', '-q', ...extra, '--invalidation-mode', mode, ...folders],
      'compiling',
      [0, 1],
    );
  await compile('unchecked-hash', [dir]);
  await compile('checked-hash', [packageDir], ['-x', '[/\\\\](node_modules|\\.git)[/\\\\]']);
}

function copyEmbeddable(root: string, dir: string): void {
  cpSync(root, dir, { recursive: true });
  const pth = readdirSync(dir).find((name) => /^python\d+\._pth$/i.test(name));
  if (pth === undefined) return;
  mkdirSync(join(dir, SITE_FOLDER));
  writeFileSync(join(dir, SITE_FOLDER, 'sitecustomize.py'), SITE_CUSTOMIZE);
  writeFileSync(join(dir, pth), rewritePth(readFileSync(join(dir, pth), 'utf8'), SITE_FOLDER));
}

async function runTool(
  options: PythonEnvironmentOptions,
  command: string[],
  what: string,
  good = [0],
): Promise<void> {
  const [file = '', ...args] = command;
  let output = '';
  const result = await options.runCommand({
    shell: { file, args },
    cwd: options.env.TMPDIR ?? options.runtime.root,
    env: options.env,
    timeoutMs: options.timeoutMs,
    signal: options.signal,
    onOutput: (_stream, chunk) => {
      output = (output + chunk.toString('utf8')).slice(-4000);
    },
  });
  if (output.trim() !== '') options.log(output.trim());
  if (result.exitCode !== null && good.includes(result.exitCode)) return;
  if (options.signal.aborted)
    throw new AgentError('INTERRUPTED', 'Preparing was ended.', { retryable: false });
  const reason = output.trim().split('\n').at(-1) ?? '';
  throw new AgentError(
    'RUNTIME_BROKEN',
    `Python ${options.runtime.version} failed at ${what}: ${reason || `exit code ${result.exitCode ?? result.signal}`}.`,
  );
}
