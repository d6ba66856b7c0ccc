import { createHash } from 'node:crypto';
import { constants, cpSync, existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { AgentError } from '../../shared/errors.ts';
import type { Manifest } from '../packages/manifest.ts';
import type { RunCommand } from '../process/run-command.ts';
import { runPostInstall } from './post-install.ts';
import { buildPythonEnvironment, compilePython } from './python-environment.ts';
import { removeTree } from './remove-tree.ts';
import type { InstalledRuntime } from './runtime-store.ts';
import { isUntouched, protectTree } from './shared-files.ts';
import { writeShims } from './shims.ts';

/** Raised when what an environment is made of changes, so that old ones are not taken for new. */
const BUILD_FORMAT = 1;
const MARKER = 'environment.json';

/** Package + runtimes + what post-install made, ready to run; shared by all runs of a revision, read-only. */
export interface Environment {
  key: string;
  dir: string;
  /** The package as post-install left it: the model of every working copy. */
  packageDir: string;
  /** PATH of a run, the strongest first. */
  binDirs: string[];
  /** What post-install left in its home; null: nothing. */
  homeDir: string | null;
  /** Folders of the package that runs link instead of copying: node_modules. */
  sharedEntries: string[];
  /** By what `runtimes` of a run shows. */
  runtimes: Record<string, string>;
}

export interface EnvironmentSpec {
  packageDigest: string;
  packageDir: string;
  manifest: Manifest;
  runtimes: InstalledRuntime[];
  /** What post-install sees, once its folders are known. */
  variables: (folders: PostInstallFolders) => Record<string, string>;
  signal: AbortSignal;
  onStep: (step: { name: string }) => void;
  log: (line: string) => void;
  warn: (message: string) => void;
}

export interface PostInstallFolders {
  binDirs: string[];
  homeDir: string;
  tmpDir: string;
  workDir: string;
}

export interface EnvironmentStore {
  /**
   * The environment of a package and its runtimes: made once at its final path, then only looked at.
   * @throws AgentError POST_INSTALL_FAILED, RUNTIME_BROKEN, HOST_DISK, INTERRUPTED; nothing half made stays
   */
  ensureEnvironment(spec: EnvironmentSpec): Promise<Environment>;
  /** True while an environment is whole and nobody wrote into it. */
  isUsable(environment: Environment): Promise<boolean>;
}

export interface EnvironmentStoreOptions {
  dir: string;
  runCommand: RunCommand;
  stepTimeoutMs: number;
  platform: NodeJS.Platform;
}

const MarkerSchema = z.object({
  homeDir: z.string().nullable(),
  sharedEntries: z.array(z.string()),
  stamps: z.array(z.object({ path: z.string(), mtimeMs: z.number(), entries: z.number() })),
});
type Marker = z.infer<typeof MarkerSchema>;

/** Environments under `<dir>/<key>/`, ready only once their marker is written. */
export function createEnvironmentStore(options: EnvironmentStoreOptions): EnvironmentStore {
  const making = new Map<string, Promise<Environment>>();

  async function ensure(spec: EnvironmentSpec, key: string): Promise<Environment> {
    const dir = join(options.dir, key);
    const marker = await readMarker(dir);
    if (marker && isUntouched(marker.stamps)) return environmentOf(spec, key, dir, marker);
    if (marker) spec.warn('A run wrote into the shared environment, which was made anew.');
    await removeTree(dir);
    try {
      const built = await build(spec, dir);
      await writeMarker(dir, built);
      return environmentOf(spec, key, dir, built);
    } catch (error) {
      await removeTree(dir);
      throw toBuildError(error);
    }
  }

  async function build(spec: EnvironmentSpec, dir: string): Promise<Marker> {
    const folders = foldersOf(dir);
    for (const folder of [folders.homeDir, folders.tmpDir])
      await mkdir(folder, { recursive: true, mode: 0o700 });
    cpSync(spec.packageDir, folders.packageDir, { recursive: true, mode: constants.COPYFILE_FICLONE });
    const python = spec.runtimes.find((runtime) => runtime.kind === 'python');
    const nodejs = spec.runtimes.find((runtime) => runtime.kind === 'nodejs');
    if (python) {
      spec.onStep({ name: 'making the Python environment' });
      await buildPythonEnvironment({ runtime: python, dir: folders.pythonDir, ...tool(spec, dir) });
    }
    await writeShims(
      folders.shimsDir,
      { python: python && pythonBin(folders.pythonDir, python), nodejs: nodejs?.binDir },
      options.platform,
    );
    const binDirs = binDirsOf(spec, dir);
    for (const step of spec.manifest.postInstall) {
      spec.onStep({ name: `post-install: ${step.name}` });
      await runPostInstall({
        step,
        cwd: folders.packageDir,
        variables: spec.variables({
          binDirs,
          homeDir: folders.homeDir,
          tmpDir: folders.tmpDir,
          workDir: folders.packageDir,
        }),
        runCommand: options.runCommand,
        timeoutMs: options.stepTimeoutMs,
        platform: options.platform,
        signal: spec.signal,
        log: spec.log,
      });
    }
    if (python) {
      spec.onStep({ name: 'compiling Python modules' });
      await compilePython({
        runtime: python,
        dir: folders.pythonDir,
        packageDir: folders.packageDir,
        ...tool(spec, dir),
      });
    }
    await rm(folders.tmpDir, { recursive: true, force: true });
    const sharedEntries = existsSync(join(folders.packageDir, 'node_modules')) ? ['node_modules'] : [];
    const shared = [
      ...sharedEntries.map((entry) => join(folders.packageDir, entry)),
      ...(python ? [folders.pythonDir] : []),
    ];
    const left = await readdir(folders.homeDir);
    return {
      homeDir: left.length > 0 ? folders.homeDir : null,
      sharedEntries,
      stamps: shared.flatMap((folder) => protectTree(folder)),
    };
  }

  /** What tools that make the environment run by. */
  function tool(spec: EnvironmentSpec, dir: string) {
    const { homeDir, tmpDir } = foldersOf(dir);
    return {
      runCommand: options.runCommand,
      env: {
        PATH: ['/usr/bin', '/bin'].join(delimiter),
        HOME: homeDir,
        TMPDIR: tmpDir,
        LANG: 'C.UTF-8',
        PYTHONUTF8: '1',
        PIP_DISABLE_PIP_VERSION_CHECK: '1',
      },
      timeoutMs: options.stepTimeoutMs,
      signal: spec.signal,
      log: spec.log,
    };
  }

  return {
    ensureEnvironment: (spec) => {
      const key = environmentKey(spec, options.platform);
      const going = making.get(key);
      if (going) return going;
      const made = ensure(spec, key).finally(() => making.delete(key));
      making.set(key, made);
      return made;
    },
    isUsable: async (environment) => {
      const marker = await readMarker(environment.dir);
      return marker !== null && isUntouched(marker.stamps);
    },
  };
}

/** Package + runtimes + platform + build format: no variables, which may hold secrets and change. */
export function environmentKey(
  spec: Pick<EnvironmentSpec, 'packageDigest' | 'runtimes'>,
  platform: NodeJS.Platform,
): string {
  const runtimes = spec.runtimes.map((runtime) => `${runtime.kind}:${runtime.digest}`).sort();
  return createHash('sha256')
    .update(JSON.stringify([BUILD_FORMAT, spec.packageDigest, runtimes, platform]))
    .digest('hex')
    .slice(0, 32);
}

function foldersOf(dir: string) {
  return {
    packageDir: join(dir, 'package'),
    shimsDir: join(dir, 'bin'),
    pythonDir: join(dir, 'python'),
    homeDir: join(dir, 'home'),
    tmpDir: join(dir, 'tmp'),
  };
}

function environmentOf(spec: EnvironmentSpec, key: string, dir: string, marker: Marker): Environment {
  return {
    key,
    dir,
    packageDir: foldersOf(dir).packageDir,
    binDirs: binDirsOf(spec, dir),
    homeDir: marker.homeDir,
    sharedEntries: marker.sharedEntries,
    runtimes: Object.fromEntries(spec.runtimes.map((runtime) => [runtime.kind, runtime.version])),
  };
}

/** Shims first, then the environment's own programs: console scripts of what was installed. */
function binDirsOf(spec: EnvironmentSpec, dir: string): string[] {
  const { shimsDir, pythonDir, packageDir } = foldersOf(dir);
  const python = spec.runtimes.find((runtime) => runtime.kind === 'python');
  const nodejs = spec.runtimes.find((runtime) => runtime.kind === 'nodejs');
  return [
    shimsDir,
    ...(python ? [pythonBin(pythonDir, python)] : []),
    ...(nodejs ? [join(packageDir, 'node_modules', '.bin'), nodejs.binDir] : []),
  ];
}

/** A venv's programs; of a Windows embeddable copy, the folder itself. */
function pythonBin(pythonDir: string, runtime: InstalledRuntime): string {
  if (runtime.embeddable) return pythonDir;
  return join(pythonDir, process.platform === 'win32' ? 'Scripts' : 'bin');
}

async function readMarker(dir: string): Promise<Marker | null> {
  try {
    return MarkerSchema.parse(JSON.parse(await readFile(join(dir, MARKER), 'utf8')));
  } catch {
    return null; // not there, half written or not ours: made anew
  }
}

/** Last and synced: an environment without it never existed. */
async function writeMarker(dir: string, marker: Marker): Promise<void> {
  const file = await open(join(dir, MARKER), 'w', 0o600);
  try {
    await writeFile(file, JSON.stringify(marker));
    await file.sync();
  } finally {
    await file.close();
  }
}

function toBuildError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new AgentError('HOST_DISK', 'The disk was full while an environment was made.', { cause: error });
}
