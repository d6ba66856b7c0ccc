// `npm run desktop`: builds the shell where its sources are newer, finds an Electron, and starts the app; with the
// demo where nothing is configured.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { defaultHome } from '../src/agent/home/home-paths.ts';
import { ensureDesktop } from './build-desktop.ts';
import { findElectron } from './find-electron.ts';

const root = dirname(import.meta.dirname);
const { env } = process;

ensureDesktop();
const electron = requireElectron();
const args = [root, ...(isConfigured() ? [] : ['--demo']), ...process.argv.slice(2)];
// Chromium's own sandbox refuses root.
if (process.getuid?.() === 0) args.unshift('--no-sandbox');
const child = spawn(electron, args, { stdio: 'inherit', env: { ...env, KUBOT_NODE: process.execPath } });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));

/** One that is here, else the one of the package, which is downloaded at first use. */
function requireElectron(): string {
  const found = findElectron();
  if (found !== null) return found;
  process.stderr.write('Downloading Electron (once, about 120 MB) …\n');
  const installer = join(root, 'node_modules/electron/install.js');
  spawnSync(process.execPath, [installer], { stdio: ['ignore', 2, 2] });
  const downloaded = findElectron();
  if (downloaded !== null) return downloaded;
  process.stderr.write(
    'Electron could not be downloaded. Name one in KUBOT_TEST_ELECTRON, or use the page: bin/kubot agent --http 127.0.0.1:0\n',
  );
  process.exit(1);
}

function isConfigured(): boolean {
  if (env.KUBOT_CLIENT_ID || env.KUBOT_OAUTH_CLIENT_ID) return true;
  const home = env.KUBOT_HOME || defaultHome(process.platform, env, homedir());
  try {
    return /"(clientId|oauthClientId)"/.test(readFileSync(join(home, 'settings.json'), 'utf8'));
  } catch {
    return false;
  }
}
