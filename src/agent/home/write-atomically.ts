import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { partialPathOf } from './partial-files.ts';

/** Replaces a file as a whole: after a crash or on a full disk there is the old content or the new, never half. */
export function writeAtomically(path: string, content: string): void {
  const partialPath = partialPathOf(path);
  try {
    const descriptor = openSync(partialPath, 'wx', 0o600);
    try {
      // Not writeSync: on a disk that is nearly full it writes a part, and calls that a success.
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(partialPath, path);
  } catch (error) {
    rmSync(partialPath, { force: true });
    throw error;
  }
}
