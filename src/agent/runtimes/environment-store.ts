import { createHash } from 'node:crypto';
import { open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { diskError } from '../packages/disk.ts';
import type { Manifest } from '../packages/manifest.ts';
import { type BuildOptions, binDirsOf, buildEnvironment, environmentFolders } from './build-environment.ts';
import { ensureNpmrc } from './node-environment.ts';
import { removeTree } from './remove-tree.ts';
import type { InstalledRuntime } from './runtime-store.ts';
import { readStamps, SharedFiles, writeStamps } from './shared-files.ts';

/** Raised when what an environment is made of changes, so that old ones are not taken for new. */
const BUILD_FORMAT = 1;
const MARKER = 'environment.json';
const STAMPS = 'stamps.txt';

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
  /** In whose sandbox its steps run. */
  robotCode: string;
  packageDigest: string;
  packageDir: string;
  manifest: Manifest;
  runtimes: InstalledRuntime[];
  /** What post-install sees, once its folders are known. */
  variables: (folders: PostInstallFolders) => Record<string, string>;
  /** Never to be seen in what a step says, nor in its failure. */
  secrets?: readonly string[];
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
  /** Removes what a crash left half made, and what was given up. Only while no run is using any. */
  sweep(): Promise<void>;
}

export interface EnvironmentStoreOptions extends BuildOptions {
  dir: string;
}

const MarkerSchema = z.object({
  /** Where it was made: what is in it holds absolute paths, so after a move it is none. */
  dir: z.string(),
  homeDir: z.string().nullable(),
  sharedEntries: z.array(z.string()),
});
type Marker = z.infer<typeof MarkerSchema>;

/** Environments under `<dir>/<key>/`, ready only once their marker is written. */
export function createEnvironmentStore(options: EnvironmentStoreOptions): EnvironmentStore {
  const making = new Map<string, Promise<Environment>>();
  const watched = new Map<string, SharedFiles>();

  async function ensure(spec: EnvironmentSpec, key: string): Promise<Environment> {
    const places = [join(options.dir, key), join(options.dir, `${key}-2`)] as const;
    let [place] = places;
    for (const dir of places) {
      const marker = await readMarker(dir);
      if (!marker) continue;
      const touched = findTouched(dir);
      if (touched === undefined) {
        if (spec.runtimes.some(({ kind }) => kind === 'nodejs'))
          await ensureNpmrc(dir, options.platform, options.npmrc ?? []);
        return environmentOf(spec, key, dir, marker);
      }
      spec.warn(`A run wrote into the shared environment (${touched}), which is made anew.`);
      await rm(join(dir, MARKER), { force: true });
      // Runs that started in it keep it, so the new one is made beside it.
      place = dir === places[0] ? places[1] : places[0];
    }
    return await build(spec, key, place);
  }

  async function build(spec: EnvironmentSpec, key: string, dir: string): Promise<Environment> {
    watched.delete(dir);
    await removeTree(dir);
    try {
      const { stamps, ...built } = await buildEnvironment(spec, dir, options);
      const marker = { dir, ...built };
      writeStamps(join(dir, STAMPS), stamps);
      await writeMarker(dir, marker);
      return environmentOf(spec, key, dir, marker);
    } catch (error) {
      await removeTree(dir);
      throw diskError(error, 'an environment was made');
    }
  }

  /** A shared path that somebody wrote to; undefined: none of those that were due to be looked at. */
  function findTouched(dir: string): string | undefined {
    try {
      const files = watched.get(dir) ?? new SharedFiles(readStamps(join(dir, STAMPS)));
      watched.set(dir, files);
      return files.findTouched();
    } catch {
      return join(dir, STAMPS);
    }
  }

  function environmentOf(spec: EnvironmentSpec, key: string, dir: string, marker: Marker): Environment {
    return {
      key,
      dir,
      packageDir: environmentFolders(dir).packageDir,
      binDirs: binDirsOf(spec, dir, options.platform),
      homeDir: marker.homeDir,
      sharedEntries: marker.sharedEntries,
      runtimes: Object.fromEntries(spec.runtimes.map((runtime) => [runtime.kind, runtime.version])),
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
      return marker !== null && findTouched(environment.dir) === undefined;
    },
    sweep: async () => {
      for (const name of await readdir(options.dir).catch(() => [])) {
        const dir = join(options.dir, name);
        if (!(await readMarker(dir))) await removeTree(dir);
      }
    },
  };
}

/** Package + runtimes + platform + build format: no variables, which may hold secrets and change. */
export function environmentKey(
  spec: { packageDigest: string; runtimes: readonly Pick<InstalledRuntime, 'kind' | 'digest'>[] },
  platform: NodeJS.Platform,
): string {
  const runtimes = spec.runtimes.map((runtime) => `${runtime.kind}:${runtime.digest}`).sort();
  return createHash('sha256')
    .update(JSON.stringify([BUILD_FORMAT, spec.packageDigest, runtimes, platform]))
    .digest('hex')
    .slice(0, 32);
}

async function readMarker(dir: string): Promise<Marker | null> {
  try {
    const marker = MarkerSchema.parse(JSON.parse(await readFile(join(dir, MARKER), 'utf8')));
    return marker.dir === dir ? marker : null;
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
