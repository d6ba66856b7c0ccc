import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Where a path leads, links and all: /tmp is /private/tmp on macOS. Of what is not there yet, as far as it is. */
export function realPathOf(path: string, read: (path: string) => string = realpathSync.native): string {
  try {
    return read(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPathOf(parent, read), basename(path));
  }
}
