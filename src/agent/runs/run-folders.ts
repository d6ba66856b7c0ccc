import {
  constants,
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  type Stats,
  symlinkSync,
} from 'node:fs';
import { chmod, cp, lstat } from 'node:fs/promises';
import { join } from 'node:path';

const COPY = { recursive: true, mode: constants.COPYFILE_FICLONE, verbatimSymlinks: true } as const;

export interface RunFolders {
  dir: string;
  /** The working copy of the package: cwd and KUFLOW_ROBOT_HOME_PATH. */
  workDir: string;
  homeDir: string;
  tmpDir: string;
  /** KUFLOW_EXECUTION_OUTDIR. */
  outDir: string;
  runLogPath: string;
}

/** The folders of a run, by its id; pure. */
export function runFolders(runsDir: string, runId: string): RunFolders {
  const dir = join(runsDir, runId);
  return {
    dir,
    workDir: join(dir, 'work'),
    homeDir: join(dir, 'home'),
    tmpDir: join(dir, 'tmp'),
    outDir: join(dir, 'out'),
    runLogPath: join(dir, 'run.log'),
  };
}

/** Makes the folders that every run has. */
export function makeRunFolders(folders: RunFolders): void {
  for (const dir of [folders.workDir, folders.homeDir, folders.tmpDir, folders.outDir]) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }
}

/**
 * Fills the working copy from an environment: reflinks where the file system has them, else copies; never hard
 * links, through which a run would write into the environment. `shared` folders (node_modules) are linked.
 */
export async function fillWorkingCopy(
  packageDir: string,
  workDir: string,
  shared: readonly string[],
): Promise<void> {
  const clones = canClone(packageDir, workDir);
  // A folder as a whole takes half the time of one entry after the other.
  if (!clones && shared.length === 0) cpSync(packageDir, workDir, COPY);
  else copyEntries(packageDir, workDir, { clones, shared });
}

/** `fs.cpSync` never clones what lies in a folder, so where files can be cloned the folders are gone through here. */
function copyEntries(
  fromDir: string,
  toDir: string,
  { clones, shared }: { clones: boolean; shared: readonly string[] },
): void {
  for (const entry of readdirSync(fromDir, { withFileTypes: true })) {
    if (!isCopied(entry)) continue;
    const [from, to] = [join(fromDir, entry.name), join(toDir, entry.name)];
    if (shared.includes(entry.name)) {
      symlinkSync(from, to, process.platform === 'win32' ? 'junction' : 'dir');
    } else if (clones && entry.isDirectory()) {
      mkdirSync(to);
      copyEntries(from, to, { clones, shared: [] });
    } else {
      cpSync(from, to, COPY);
    }
  }
}

/** Pipes and sockets that programs left are theirs alone, and no copy can be made of them. */
function isCopied(entry: Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink'>): boolean {
  return entry.isFile() || entry.isDirectory() || entry.isSymbolicLink();
}

/** Tried with the one file that every package has. */
function canClone(packageDir: string, workDir: string): boolean {
  try {
    const name = 'kubot.yaml';
    // Post-install may have put a link there, and this copy would follow it out of the sandbox.
    if (!lstatSync(join(packageDir, name)).isFile()) return false;
    copyFileSync(join(packageDir, name), join(workDir, name), constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    return false;
  }
}

/** Gives a run the home that post-install left: a browser it downloaded, a cache it filled. */
export async function fillHome(environmentHome: string | null, homeDir: string): Promise<void> {
  if (environmentHome === null) return;
  await cp(environmentHome, homeDir, { ...COPY, filter: async (path) => isCopied(await lstat(path)) });
  await chmod(homeDir, 0o700);
}
