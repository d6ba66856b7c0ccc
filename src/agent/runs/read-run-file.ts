import { constants } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { AgentError } from '../../shared/errors.ts';
import { listFiles } from './list-files.ts';

/** Which file of a run: one that `files` of the run names. */
export interface RunFile {
  readonly area: 'out' | 'home';
  readonly path: string;
}

const CHUNK_BYTES = 192 * 1024;

/**
 * A file that a run left, piece by piece. Only one that is listed of its folder, and that lies there still when it is
 * open: a robot at work may put links in the way.
 * @throws AgentError FILE_NOT_FOUND
 */
export async function* readRunFile(runDir: string, { area, path }: RunFile): AsyncGenerator<Buffer> {
  const base = join(runDir, area);
  const isListed = (await listFiles(base)).some((file) => file.path === path);
  const file = isListed ? await openWithin(base, path) : null;
  if (file === null) throw new AgentError('FILE_NOT_FOUND', `The run left no file ${path} in ${area}.`);
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function openWithin(base: string, path: string): Promise<FileHandle | null> {
  const full = join(base, path);
  // Windows has neither; what is opened is looked at on every system.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const file = await open(full, flags).catch(() => null);
  if (file === null) return null;
  try {
    const [opened, real, there] = await Promise.all([file.stat(), realpath(full), lstat(full)]);
    const isHere =
      opened.isFile() &&
      opened.ino === there.ino &&
      opened.dev === there.dev &&
      real === join(await realpath(base), path);
    if (isHere) return file;
  } catch {
    // It was taken away under our hands.
  }
  await file.close();
  return null;
}
