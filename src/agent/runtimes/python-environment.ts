import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { AgentError } from '../../shared/errors.ts';
import type { RunCommand } from '../process/run-command.ts';
import { PIP_SCRIPT } from './asset-store.ts';
import { rewritePth, SITE_CUSTOMIZE } from './embeddable-pth.ts';
import { runToEnd } from './run-to-end.ts';
import type { InstalledRuntime } from './runtime-store.ts';

export interface PythonEnvironmentOptions {
  runtime: InstalledRuntime;
  /** Its final path: a venv holds absolute paths and cannot be moved. */
  dir: string;
  platform: NodeJS.Platform;
  runCommand: RunCommand;
  /** For the tools that make it. */
  env: Record<string, string>;
  /** For get-pip.py, which downloads: post-install's, with the package indexes. */
  installEnv: () => Record<string, string>;
  cwd: string;
  timeoutMs: number;
  signal: AbortSignal;
  log: (line: string) => void;
}

const SITE_FOLDER = 'kubot-site';

/** The environment's python and the folder of its console scripts. */
export function pythonFolders(
  dir: string,
  runtime: Pick<InstalledRuntime, 'embeddable' | 'modules' | 'root' | 'executable'>,
  platform: NodeJS.Platform,
): { executable: string; binDir: string } {
  const binDir = join(dir, platform === 'win32' ? 'Scripts' : 'bin');
  const executable = isCopied(runtime)
    ? join(dir, relative(runtime.root, runtime.executable))
    : join(binDir, platform === 'win32' ? 'python.exe' : 'python');
  return { executable, binDir };
}

/**
 * A Python environment with pip in it: a venv, or, where the runtime has no venv module (Windows embeddable), a
 * copy of it. pip comes from ensurepip, else from the runtime's own, else from the platform.
 * @throws AgentError RUNTIME_BROKEN, INTERRUPTED
 */
export async function buildPythonEnvironment(options: PythonEnvironmentOptions): Promise<void> {
  const { runtime, dir, platform } = options;
  const { ensurepip, pip } = runtime.modules ?? ALL_MODULES;
  if (isCopied(runtime)) {
    copyRuntime(runtime.root, dir);
    const { executable } = pythonFolders(dir, runtime, platform);
    if (ensurepip && !pip) await runTool(options, [executable, '-m', 'ensurepip'], 'installing pip');
  } else {
    const withoutPip = ensurepip ? [] : ['--without-pip'];
    await runTool(options, [runtime.executable, '-m', 'venv', ...withoutPip, dir], 'making its environment');
    if (!ensurepip && pip) await copyOwnPip(options);
  }
  if (runtime.pipDir !== null) await installPip(options, runtime.pipDir);
}

const ALL_MODULES = { venv: true, ensurepip: true, pip: true };

function isCopied({ embeddable, modules }: Pick<InstalledRuntime, 'embeddable' | 'modules'>): boolean {
  return embeddable || !(modules ?? ALL_MODULES).venv;
}

function copyRuntime(root: string, dir: string): void {
  copyTree(root, dir);
  const pth = readdirSync(dir).find((name) => /^python\d+\._pth$/i.test(name));
  if (pth === undefined) return;
  const original = readFileSync(join(dir, pth), 'utf8');
  mkdirSync(join(dir, SITE_FOLDER));
  writeFileSync(join(dir, SITE_FOLDER, 'sitecustomize.py'), SITE_CUSTOMIZE);
  rmSync(join(dir, pth)); // read-only, as all of the runtime
  writeFileSync(join(dir, pth), rewritePth(original, SITE_FOLDER));
}

/** What is shared is read-only and would stay so in a copy, in whose folders pip is to write. */
function copyTree(from: string, to: string): void {
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  makeFoldersWritable(to);
}

function makeFoldersWritable(dir: string): void {
  chmodSync(dir, 0o755);
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) makeFoldersWritable(join(dir, entry.name));
  }
}

/** pip as the runtime has it, for builds that left ensurepip out. */
async function copyOwnPip(options: PythonEnvironmentOptions): Promise<void> {
  const { executable } = pythonFolders(options.dir, options.runtime, options.platform);
  const code = 'import os, pip; print(os.path.dirname(os.path.dirname(pip.__file__)))';
  const from = (
    await runTool(options, [options.runtime.executable, '-I', '-c', code], 'finding its pip')
  ).trim();
  const to = await sitePackages(options, executable);
  for (const name of readdirSync(from)) {
    if (/^pip(-.*\.dist-info)?$/.test(name)) copyTree(join(from, name), join(to, name));
  }
}

/** pip from the platform: a wheel that was unpacked, or get-pip.py. */
async function installPip(options: PythonEnvironmentOptions, pipDir: string): Promise<void> {
  const { executable } = pythonFolders(options.dir, options.runtime, options.platform);
  const script = join(pipDir, PIP_SCRIPT);
  if (existsSync(script)) {
    await runTool({ ...options, env: options.installEnv() }, [executable, script], 'installing pip');
    return;
  }
  const to = await sitePackages(options, executable);
  mkdirSync(to, { recursive: true });
  copyTree(pipDir, to);
}

async function sitePackages(options: PythonEnvironmentOptions, executable: string): Promise<string> {
  const code = "import sysconfig; print(sysconfig.get_paths()['purelib'])";
  return (await runTool(options, [executable, '-c', code], 'finding its packages')).trim();
}

/** Runs a tool of Python's to its end. @returns what it printed */
async function runTool(options: PythonEnvironmentOptions, command: string[], what: string): Promise<string> {
  const [file = '', ...args] = command;
  let output = '';
  const result = await runToEnd(options.runCommand, {
    shell: { file, args },
    cwd: options.cwd,
    env: options.env,
    timeoutMs: options.timeoutMs,
    signal: options.signal,
    onOutput: (_stream, chunk) => {
      output = (output + chunk.toString('utf8')).slice(-4000);
    },
  });
  if (result.exitCode === 0) return output;
  options.log(output.trim());
  const reason = output.trim().split('\n').at(-1);
  throw new AgentError(
    'RUNTIME_BROKEN',
    `Python ${options.runtime.version} failed at ${what}: ${reason || `exit code ${result.exitCode ?? result.signal}`}.`,
  );
}
