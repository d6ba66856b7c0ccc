import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A program of ours that runs in a Node of its own: beside this file in a checkout, an entry of its own in a bundle. */
export function ownScript(name: string): string {
  const { filename, dirname: here } = import.meta;
  if (filename.endsWith('.ts')) return join(here, `${name}.mts`);
  const besidePath = join(here, `${name}.mjs`);
  return existsSync(besidePath) ? besidePath : join(dirname(here), `${name}.mjs`);
}
