import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const SOURCES = ['src/main', 'src/preload', 'src/renderer', 'src/shared'];
const OTHERS = ['vite.renderer.config.ts', 'vite.shell.config.ts', 'package-lock.json'];
const BUILDS = [
  ['vite.renderer.config.ts', 'production'],
  ['vite.shell.config.ts', 'main'],
  ['vite.shell.config.ts', 'preload'],
] as const;

/** Builds the window's page and the shell where a source is newer. @throws Error when one cannot be built */
export function ensureDesktop(): void {
  // What is built last.
  const built = statSync(join(root, 'out/shell/preload.cjs'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (newestSourceMs() <= built) return;
  process.stderr.write('Building the desktop app (a few seconds) …\n');
  for (const [config, mode] of BUILDS) {
    const { status } = spawnSync(
      process.execPath,
      [
        join(root, 'node_modules/vite/bin/vite.js'),
        'build',
        '-c',
        config,
        '--mode',
        mode,
        '--logLevel',
        'warn',
      ],
      { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, NODE_ENV: 'production' } },
    );
    if (status !== 0)
      throw new Error(`The desktop app could not be built: vite of ${config} ended with ${status}`);
  }
}

function newestSourceMs(): number {
  const sources = SOURCES.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  );
  return Math.max(...[...sources, ...OTHERS].map((path) => statSync(join(root, path)).mtimeMs));
}
