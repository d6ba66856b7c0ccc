import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MOST_FILES } from '../../shared/run.ts';

export interface FoundFile {
  /** From the folder listed, with `/`. */
  path: string;
  bytes: number;
}

/** The files below a folder, by path; at most 200. No links, and none of a folder that is not there. */
export async function listFiles(root: string): Promise<FoundFile[]> {
  const files: FoundFile[] = [];
  const pending = [''];
  while (pending.length > 0 && files.length < MOST_FILES) {
    const folder = pending.pop() ?? '';
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) pending.push(path);
      else if (entry.isFile()) {
        const bytes = await stat(join(root, path)).then(
          (found) => found.size,
          () => 0,
        );
        files.push({ path, bytes });
      }
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1)).slice(0, MOST_FILES);
}
