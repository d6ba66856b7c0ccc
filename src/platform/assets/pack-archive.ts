import { chmod, lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { create } from 'tar';

/**
 * Packs `<stageDir>/<rootName>` into a tar.gz at `path`, the same bytes for the same content: sorted
 * entries, one fixed time, no owner. It appears under its name only when whole.
 */
export async function packArchive(stageDir: string, rootName: string, path: string): Promise<void> {
  const entries = await listSorted(stageDir, rootName);
  for (const entry of entries) await setPlainMode(join(stageDir, entry));
  const partialPath = join(stageDir, 'archive.partial');
  await create(
    {
      cwd: stageDir,
      file: partialPath,
      gzip: { level: 6 },
      portable: true,
      noDirRecurse: true,
      mtime: FIXED_TIME,
    },
    entries,
  );
  await rename(partialPath, path);
  await rm(join(stageDir, rootName), { recursive: true, force: true });
}

/** The time that npm gives to every entry of its packages; 0 makes some tools warn. */
const FIXED_TIME = new Date('1985-10-26T08:15:00Z');

async function listSorted(stageDir: string, rootName: string): Promise<string[]> {
  const entries = await readdir(join(stageDir, rootName), { recursive: true });
  return [rootName, ...entries.map((entry) => `${rootName}/${entry.replaceAll('\\', '/')}`)].sort();
}

/** Permissions without the traces of the umask under which the files were made. */
async function setPlainMode(path: string): Promise<void> {
  const info = await lstat(path);
  if (info.isSymbolicLink()) return;
  await chmod(path, info.isDirectory() || (info.mode & 0o100) !== 0 ? 0o755 : 0o644);
}
