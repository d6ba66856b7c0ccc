import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** A file replaced as a whole is written beside itself first. */
const PARTIAL = /\.partial-[0-9a-f]{12}$/;

/** Where the new content of `path` is written, until it is whole. */
export function partialPathOf(path: string): string {
  return `${path}.partial-${randomBytes(6).toString('hex')}`;
}

/** Removes what replacing a file of `dir` left when it was killed. Only while nobody else writes there. */
export function sweepPartialFiles(dir: string): void {
  for (const name of namesIn(dir)) {
    if (PARTIAL.test(name)) rmSync(join(dir, name), { force: true });
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
