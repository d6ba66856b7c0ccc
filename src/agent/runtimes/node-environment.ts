import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../home/replace-file.ts';
import type { InstalledRuntime } from './runtime-store.ts';
import type { NodeTargets } from './shims.ts';

/** Folders of a Node.js environment: the runtime is shared, only what is installed globally is its own. */
export function nodeFolders(
  dir: string,
  platform: NodeJS.Platform,
): { prefix: string; binDir: string; npmrc: string } {
  const prefix = join(dir, 'npm-global');
  return { prefix, binDir: platform === 'win32' ? prefix : join(prefix, 'bin'), npmrc: join(dir, 'npmrc') };
}

/** Finds the runtime's programs, and makes room for what is installed globally. */
export async function buildNodeEnvironment(
  runtime: InstalledRuntime,
  dir: string,
  platform: NodeJS.Platform,
): Promise<NodeTargets> {
  const { prefix, npmrc } = nodeFolders(dir, platform);
  // npm itself refuses to start where the folder of global modules is missing.
  await mkdir(platform === 'win32' ? join(prefix, 'node_modules') : join(prefix, 'lib'), { recursive: true });
  return {
    node: runtime.executable,
    npm: findScript(runtime.root, 'npm'),
    npx: findScript(runtime.root, 'npx'),
    npmrc,
  };
}

/**
 * Writes npm's global configuration for an environment: where global modules go, and where the host's packages come
 * from, which may be another place than when the environment was made.
 */
export async function ensureNpmrc(
  dir: string,
  platform: NodeJS.Platform,
  lines: readonly string[],
): Promise<void> {
  const { prefix, npmrc } = nodeFolders(dir, platform);
  // Quoted: a path may hold what begins a comment there.
  const text = [`prefix=${JSON.stringify(prefix)}`, ...lines, ''].join('\n');
  if ((await readFile(npmrc, 'utf8').catch(() => null)) !== text) await replaceFile(npmrc, text, 0o644);
}

/** npm's own files: beside the libraries, on Windows beside node.exe, on Debian in a place of its own. */
function findScript(root: string, name: string): string | null {
  const places = ['lib/node_modules', 'node_modules', 'share/nodejs'];
  const paths = places.map((place) => join(root, place, 'npm', 'bin', `${name}-cli.js`));
  return paths.find((path) => existsSync(path)) ?? null;
}
