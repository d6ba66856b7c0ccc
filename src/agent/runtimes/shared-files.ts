import { chmodSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** One folder of a shared tree: what a change of the files in it changes too. */
export interface FolderStamp {
  path: string;
  mtimeMs: number;
  entries: number;
}

/** Most folders whose stamps are compared before each reuse: the check must not grow with the environment. */
const MOST_STAMPED = 400;

/**
 * Makes a tree that runs share read-only, as far as modes go: folders 0555, files without write.
 * @returns the stamps of its upper folders, for `isUntouched`
 */
export function protectTree(root: string): FolderStamp[] {
  const stamps: FolderStamp[] = [];
  const folders = [root];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const entries = readdirSync(folder, { withFileTypes: true });
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) chmodSync(path, lstatSync(path).mode & 0o555);
    }
    chmodSync(folder, 0o555);
    if (stamps.length < MOST_STAMPED) stamps.push(stampOf(folder, entries.length));
  }
  return stamps;
}

/** False when a file came to or went from one of the stamped folders: somebody wrote where modes did not hold. */
export function isUntouched(stamps: readonly FolderStamp[]): boolean {
  return stamps.every((stamp) => {
    try {
      return lstatSync(stamp.path).mtimeMs === stamp.mtimeMs;
    } catch {
      return false;
    }
  });
}

function stampOf(path: string, entries: number): FolderStamp {
  return { path, mtimeMs: lstatSync(path).mtimeMs, entries };
}
