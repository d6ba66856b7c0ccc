import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AgentError } from '../shared/errors.ts';
import type { Terminal } from './terminal.ts';

/**
 * Where the built page lies. A checkout builds it when it is not there or older than its sources.
 * @throws AgentError UNEXPECTED when it cannot be built
 */
export async function findPageFiles(terminal: Pick<Terminal, 'note'>): Promise<string> {
  // Of the bundle out/agent/cli.mjs or of a chunk below it.
  for (const path of ['../renderer', '../../renderer']) {
    const beside = resolve(import.meta.dirname, path);
    if (existsSync(join(beside, 'assets'))) return beside;
  }
  const root = resolve(import.meta.dirname, '../..');
  const built = join(root, 'out/renderer');
  if (isNewer(join(built, 'index.html'), [join(root, 'src/renderer'), join(root, 'src/shared')]))
    return built;
  terminal.note('Building the page (a few seconds) …');
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const child = spawn(
    process.execPath,
    [vite, 'build', '-c', 'vite.renderer.config.ts', '--logLevel', 'warn'],
    // Under the tests' own mode React would come with its development checks.
    { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, NODE_ENV: 'production' } },
  );
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new AgentError('UNEXPECTED', 'The page could not be built; the reasons are above.');
  return built;
}

function isNewer(file: string, folders: readonly string[]): boolean {
  const made = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  if (made === undefined) return false;
  return folders.every((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).every(
      (name) => statSync(join(folder, name)).mtimeMs <= made,
    ),
  );
}
