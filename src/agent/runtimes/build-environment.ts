import { constants, cpSync, existsSync, lstatSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunCommand } from '../process/run-command.ts';
import { compileModules } from './compile-python.ts';
import type { EnvironmentSpec } from './environment-store.ts';
import { buildNodeEnvironment, ensureNpmrc, nodeFolders } from './node-environment.ts';
import { runPostInstall } from './post-install.ts';
import { buildPythonEnvironment, pythonFolders } from './python-environment.ts';
import { removeTree } from './remove-tree.ts';
import { type FileStamp, protectTree } from './shared-files.ts';
import { writeShims } from './shims.ts';

export interface BuildOptions {
  runCommand: RunCommand;
  stepTimeoutMs: number;
  platform: NodeJS.Platform;
  /** What programs of this system cannot start without, such as SystemRoot. */
  toolVariables?: Record<string, string>;
  /** Lines of npm's configuration that say where this host's packages come from. */
  npmrc?: readonly string[];
}

export interface BuiltEnvironment {
  /** What post-install left in its home; null: nothing. */
  homeDir: string | null;
  /** Folders of the package that runs link instead of copying. */
  sharedEntries: string[];
  /** What is shared, as it is now. */
  stamps: FileStamp[];
}

/** The parts of an environment. */
export function environmentFolders(dir: string) {
  return {
    packageDir: join(dir, 'package'),
    shimsDir: join(dir, 'bin'),
    pythonDir: join(dir, 'python'),
    homeDir: join(dir, 'home'),
    tmpDir: join(dir, 'tmp'),
  };
}

/**
 * Makes an environment at its final path: the package's copy, the runtimes' environments, shims, post-install.
 * @throws AgentError RUNTIME_BROKEN, POST_INSTALL_FAILED, INTERRUPTED; the caller removes what is half made
 */
export async function buildEnvironment(
  spec: EnvironmentSpec,
  dir: string,
  options: BuildOptions,
): Promise<BuiltEnvironment> {
  const { platform } = options;
  const folders = environmentFolders(dir);
  for (const folder of [folders.homeDir, folders.tmpDir])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  cpSync(spec.packageDir, folders.packageDir, { recursive: true, mode: constants.COPYFILE_FICLONE });
  const { python, nodejs } = runtimesOf(spec);
  const runCommand = commandOf(spec, dir, options);
  // A sandbox binds what is there.
  if (python) await mkdir(folders.pythonDir, { recursive: true });
  const env = { ...toolVariables(folders), ...options.toolVariables };
  const postInstallVariables = () =>
    spec.variables({
      binDirs: binDirsOf(spec, dir, platform),
      homeDir: folders.homeDir,
      tmpDir: folders.tmpDir,
      workDir: folders.packageDir,
    });
  if (python) {
    spec.onStep({ name: 'making the Python environment' });
    await buildPythonEnvironment({
      runtime: python,
      dir: folders.pythonDir,
      platform,
      runCommand,
      env,
      installEnv: postInstallVariables,
      cwd: folders.tmpDir,
      timeoutMs: options.stepTimeoutMs,
      signal: spec.signal,
      log: spec.log,
    });
  }
  const executable = python && pythonFolders(folders.pythonDir, python, platform).executable;
  await writeShims(
    folders.shimsDir,
    { python: executable, nodejs: nodejs && (await buildNodeEnvironment(nodejs, dir, platform)) },
    platform,
  );
  if (nodejs) await ensureNpmrc(dir, platform, options.npmrc ?? []);
  for (const step of spec.manifest.postInstall) {
    spec.onStep({ name: `post-install: ${step.name}` });
    await runPostInstall({
      step,
      cwd: folders.packageDir,
      variables: postInstallVariables(),
      ...(spec.secrets && { secrets: spec.secrets }),
      runCommand,
      timeoutMs: options.stepTimeoutMs,
      platform,
      signal: spec.signal,
      log: spec.log,
    });
  }
  if (executable !== undefined) {
    spec.onStep({ name: 'compiling Python modules' });
    const tool = {
      executable,
      cwd: folders.tmpDir,
      runCommand,
      env,
      signal: spec.signal,
    };
    await compileModules(tool, [folders.pythonDir], 'unchecked');
    await compileModules(tool, [folders.packageDir], 'checked');
  }
  await removeTree(folders.tmpDir);
  return await finish(folders, [
    folders.shimsDir,
    ...(python ? [folders.pythonDir] : []),
    ...(nodejs ? [nodeFolders(dir, platform).prefix] : []),
  ]);
}

/**
 * Runs tools for an environment in the robot's sandbox. They write to its parts and never to its folder: who may
 * put another `package` or a link into their place would have the agent itself follow it.
 */
function commandOf(spec: EnvironmentSpec, dir: string, { runCommand, platform }: BuildOptions): RunCommand {
  const { packageDir, pythonDir, homeDir, tmpDir } = environmentFolders(dir);
  const { python, nodejs } = runtimesOf(spec);
  const places = {
    write: [
      ...[packageDir, homeDir, tmpDir],
      ...(python ? [pythonDir] : []),
      ...(nodejs ? [nodeFolders(dir, platform).prefix] : []),
    ],
    read: [dir, ...spec.runtimes.flatMap(({ root, pipDir }) => (pipDir === null ? [root] : [root, pipDir]))],
    tmpDir,
  };
  return (step) => {
    const there = places.write.filter((place) => existsSync(place));
    return runCommand({ ...step, robot: { code: spec.robotCode, places: { ...places, write: there } } });
  };
}

/** PATH of what runs in an environment: shims first, then the programs of what was installed. */
export function binDirsOf(
  spec: Pick<EnvironmentSpec, 'runtimes'>,
  dir: string,
  platform: NodeJS.Platform,
): string[] {
  const { shimsDir, pythonDir, packageDir } = environmentFolders(dir);
  const { python, nodejs } = runtimesOf(spec);
  return [
    shimsDir,
    ...(python ? [pythonFolders(pythonDir, python, platform).binDir] : []),
    ...(nodejs
      ? [join(packageDir, 'node_modules', '.bin'), nodeFolders(dir, platform).binDir, nodejs.binDir]
      : []),
  ];
}

function runtimesOf({ runtimes }: Pick<EnvironmentSpec, 'runtimes'>) {
  return {
    python: runtimes.find((runtime) => runtime.kind === 'python'),
    nodejs: runtimes.find((runtime) => runtime.kind === 'nodejs'),
  };
}

/** What the tools that make the environment see. */
function toolVariables({ homeDir, tmpDir }: { homeDir: string; tmpDir: string }): Record<string, string> {
  return {
    PATH: '/usr/bin:/bin',
    HOME: homeDir,
    TMPDIR: tmpDir,
    LANG: 'C.UTF-8',
    PYTHONUTF8: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
  };
}

/** Runs share what was installed, read-only. */
async function finish(
  { packageDir, homeDir }: ReturnType<typeof environmentFolders>,
  installed: readonly string[],
): Promise<BuiltEnvironment> {
  // One that is a link leads to what is not ours to protect; it is copied as the link that it is.
  const modules = lstatSync(join(packageDir, 'node_modules'), { throwIfNoEntry: false });
  const sharedEntries = modules?.isDirectory() ? ['node_modules'] : [];
  const shared = [...sharedEntries.map((entry) => join(packageDir, entry)), ...installed];
  const left = await readdir(homeDir);
  return {
    homeDir: left.length > 0 ? homeDir : null,
    sharedEntries,
    stamps: shared.flatMap((folder) => protectTree(folder)),
  };
}
