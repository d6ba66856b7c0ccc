import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Removes a folder whose parts may be read-only; one that is not there is no error. */
export async function removeTree(dir: string): Promise<void> {
  // First of all: `rm` that fails goes on in the background, and what looks after it trips over what it removes.
  await openFolders(dir);
  await rm(dir, { recursive: true, force: true });
}

/** Lets its owner into every folder; what is not ours is left for `rm` to complain about. */
async function openFolders(path: string): Promise<void> {
  const info = await lstat(path).catch(() => null);
  if (!info?.isDirectory()) return;
  if ((info.mode & 0o700) !== 0o700) await chmod(path, 0o700).catch(() => {});
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await openFolders(join(path, entry.name));
}
