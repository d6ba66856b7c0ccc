// `npm run desktop`: builds the shell where its sources are newer, finds an Electron, and starts the app; with the
// demo where nothing is configured.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { defaultHome } from '../src/agent/home/home-paths.ts';

const root = dirname(import.meta.dirname);
const { env } = process;

build();
const electron = findElectron();
const args = [root, ...(isConfigured() ? [] : ['--demo']), ...process.argv.slice(2)];
// Chromium's own sandbox refuses root.
if (process.getuid?.() === 0) args.unshift('--no-sandbox');
const child = spawn(electron, args, { stdio: 'inherit', env: { ...env, KUBOT_NODE: process.execPath } });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));

function build(): void {
  const built = join(root, 'out/shell/preload.cjs');
  const made = statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = ['src/main', 'src/preload', 'src/renderer', 'src/shared'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
      join(root, folder, name),
    ),
  );
  if (sources.every((source) => statSync(source).mtimeMs <= made)) return;
  process.stderr.write('Building the desktop app (a few seconds) …\n');
  for (const [config, mode] of [
    ['vite.renderer.config.ts', 'production'],
    ['vite.shell.config.ts', 'main'],
    ['vite.shell.config.ts', 'preload'],
  ] as const) {
    const vite = join(root, 'node_modules/vite/bin/vite.js');
    const { status } = spawnSync(
      process.execPath,
      [vite, 'build', '-c', config, '--mode', mode, '--logLevel', 'warn'],
      { cwd: root, stdio: ['ignore', 2, 2], env: { ...env, NODE_ENV: 'production' } },
    );
    if (status !== 0) process.exit(1);
  }
}

/** The one that KUBOT_TEST_ELECTRON names, else the one of the package, which is downloaded at first use. */
function findElectron(): string {
  if (env.KUBOT_TEST_ELECTRON) return env.KUBOT_TEST_ELECTRON;
  const folder = join(root, 'node_modules/electron');
  const pathFile = join(folder, 'path.txt');
  if (!existsSync(pathFile)) {
    process.stderr.write('Downloading Electron (once, about 120 MB) …\n');
    const { status } = spawnSync(process.execPath, [join(folder, 'install.js')], { stdio: ['ignore', 2, 2] });
    if (status !== 0 || !existsSync(pathFile)) {
      process.stderr.write(
        'Electron could not be downloaded. Name one in KUBOT_TEST_ELECTRON, or use the page: bin/kubot agent --http 127.0.0.1:0\n',
      );
      process.exit(1);
    }
  }
  return join(folder, 'dist', readFileSync(pathFile, 'utf8').trim());
}

function isConfigured(): boolean {
  if (env.KUBOT_CLIENT_ID) return true;
  const home = env.KUBOT_HOME || defaultHome(process.platform, env, homedir());
  try {
    return readFileSync(join(home, 'settings.json'), 'utf8').includes('"clientId"');
  } catch {
    return false;
  }
}
