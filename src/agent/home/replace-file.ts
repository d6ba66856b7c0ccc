import { open, rename, rm } from 'node:fs/promises';
import { partialPathOf } from './partial-files.ts';

/**
 * Replaces a file as a whole: readers see the old or the new content, also after a crash or on a full disk.
 * `mode` holds from the first byte on, whatever the umask.
 * @throws the file system's error; the old file is then untouched
 */
export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const partialPath = partialPathOf(path);
  try {
    const file = await open(partialPath, 'wx', mode & 0o700);
    try {
      await file.writeFile(content);
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partialPath, path);
  } catch (error) {
    await rm(partialPath, { force: true });
    throw error;
  }
}
