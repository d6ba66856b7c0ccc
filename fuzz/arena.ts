import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { ESCAPE } from './names.ts';

/** What an archive may unpack to here; small, so that every case is quick. */
export const LIMITS = {
  maxArchiveBytes: 1_000_000,
  maxEntries: 50,
  maxTotalBytes: 200_000,
  maxFileBytes: 100_000,
  maxRatio: 200,
};

/** What became of an archive. */
export type Outcome =
  | { kind: 'unpacked' }
  | { kind: 'refused'; code: string }
  | { kind: 'broken'; error: string };

/** Folders with an extraction's target in their midst; whatever else in them changes was not to. */
export class Arena {
  readonly dir: string;
  readonly targetDir: string;
  readonly archivePath: string;
  readonly #before: string;

  /** @param rootDir empty, and of nobody else */
  constructor(rootDir: string) {
    this.dir = join(rootDir, 'arena');
    this.targetDir = join(this.dir, 'homes', 'store', 'package');
    this.archivePath = join(rootDir, 'archive');
    mkdirSync(join(dirname(this.targetDir), 'neighbour'), { recursive: true });
    writeFileSync(join(this.dir, 'outside.txt'), 'outside');
    writeFileSync(join(dirname(this.targetDir), 'neighbour', 'file.txt'), 'neighbour');
    this.#before = this.#snapshot();
  }

  /** What should not be; null: nothing. Removes what was unpacked. */
  judge(outcome: Outcome, allowed: { codes: readonly string[]; links: boolean }): string | null {
    const problem = this.#problemOf(outcome, allowed);
    rmSync(this.targetDir, { recursive: true, force: true });
    return problem;
  }

  #problemOf(
    outcome: Outcome,
    { codes, links }: { codes: readonly string[]; links: boolean },
  ): string | null {
    const escaped = [dirname(this.dir), dirname(dirname(this.dir)), '/'].map((dir) => join(dir, ESCAPE));
    const out = escaped.find((path) => existsSync(path));
    if (out !== undefined) {
      rmSync(out, { recursive: true, force: true });
      return `something was written to ${out}`;
    }
    if (this.#snapshot() !== this.#before) return `something beside the target changed:\n${this.#snapshot()}`;
    switch (outcome.kind) {
      case 'broken':
        return outcome.error;
      case 'refused':
        if (existsSync(this.targetDir)) return 'the target is there after a refusal';
        return codes.includes(outcome.code) ? null : `it was refused as ${outcome.code}`;
      case 'unpacked':
        return problemInside(this.targetDir, links);
    }
  }

  /** Everything but the target, by path, kind, size and content. */
  #snapshot(): string {
    return walk(this.dir)
      .filter((path) => path !== this.targetDir && !path.startsWith(this.targetDir + sep))
      .map((path) => {
        const stat = lstatSync(path);
        const content = stat.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
        return `${relative(this.dir, path)} ${stat.mode.toString(8)} ${content}`;
      })
      .sort()
      .join('\n');
  }
}

/** What an unpacked archive may not hold; null: nothing of it. */
function problemInside(targetDir: string, links: boolean): string | null {
  let bytes = 0;
  const paths = walk(targetDir);
  const root = realpathSync(targetDir);
  for (const path of paths) {
    const stat = lstatSync(path);
    const name = relative(targetDir, path);
    if (stat.isSymbolicLink()) {
      if (!links) return `${name} is a symbolic link`;
      const problem = problemOfLink(path, root);
      if (problem !== null) return `${name} -> ${readlinkSync(path)} ${problem}`;
    } else if (!stat.isFile() && !stat.isDirectory()) return `${name} is neither file nor folder`;
    else if ((stat.mode & 0o7022) !== 0) return `${name} has the mode ${stat.mode.toString(8)}`;
    else if (stat.isFile() && stat.nlink !== 1) return `${name} is a hard link`;
    if (stat.isFile()) bytes += stat.size;
  }
  if (bytes > LIMITS.maxTotalBytes) return `${bytes} bytes were unpacked`;
  const folders = paths.filter((path) => lstatSync(path).isDirectory()).length;
  const most = Math.max(folders, paths.length - folders);
  return most > LIMITS.maxEntries ? `${most} files or folders were unpacked` : null;
}

function problemOfLink(path: string, root: string): string | null {
  if (readlinkSync(path).startsWith('/')) return 'is absolute';
  try {
    const real = realpathSync(path);
    return real === root || real.startsWith(root + sep) ? null : 'leads out';
  } catch (error) {
    // To nothing, or in a ring: whoever follows it gets nowhere.
    const code = error instanceof Error && 'code' in error ? error.code : null;
    return code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR'
      ? null
      : `cannot be followed: ${error}`;
  }
}

/** Everything below, links not followed. */
function walk(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? [path, ...walk(path)] : [path];
  });
}
