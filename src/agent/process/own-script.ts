import { existsSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';

/**
 * The path of a program of ours that runs in a Node of its own. In a checkout it lies beside the module that asks, and
 * Node runs it as it is. A bundle has it as an entry in its root, `.mjs`; the module may lie there too or in the folder
 * of chunks below. Joined rather than `new URL(…, import.meta.url)`, which bundlers rewrite into an asset.
 * @param module the asker's `import.meta`
 * @param file its name beside that module
 */
export function ownScript(module: Pick<ImportMeta, 'filename' | 'dirname'>, file: string): string {
  if (module.filename.endsWith('.ts')) return join(module.dirname, file);
  const entry = `${parse(file).name}.mjs`;
  const besidePath = join(module.dirname, entry);
  return existsSync(besidePath) ? besidePath : join(dirname(module.dirname), entry);
}
