import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const bundlePath = join(root, 'out', 'agent', 'cli.mjs');

/** The bundled command line, built anew where a source is newer. */
export function ensureBundle(): string {
  const builtMs = existsSync(bundlePath) ? statSync(bundlePath).mtimeMs : 0;
  if (newestSourceMs() <= builtMs) return bundlePath;
  process.stderr.write('building the bundle\n');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const { status, stderr } = spawnSync(process.execPath, [vite, 'build', '-c', 'vite.agent.config.ts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`The bundle could not be built: ${stderr}`);
  return bundlePath;
}

function newestSourceMs(): number {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const paths = [...sources.map((name) => join('src', name)), 'package-lock.json', 'vite.agent.config.ts'];
  return Math.max(...paths.map((path) => statSync(join(root, path)).mtimeMs));
}
