// `npm run package`: the app as this machine can pack it, into dist/. Arguments are electron-builder's (`--linux rpm`);
// two are ours, for where no Electron can be downloaded: `--electron DIR` and `--electron-version V`.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = dirname(import.meta.dirname);
/** electron-builder's names. */
const SYSTEMS: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'mac', win32: 'win' };

/** The first with Node 20, which has all that we use. */
const OLDEST_SHIPPED = 30;

const { values, tokens } = parseArgs({
  args: process.argv.slice(2),
  options: { electron: { type: 'string' }, 'electron-version': { type: 'string' } },
  strict: false,
  tokens: true,
});
const ours = new Set(
  tokens.flatMap((token) =>
    token.kind === 'option' && token.name.startsWith('electron')
      ? [token.index, ...(token.inlineValue === false ? [token.index + 1] : [])]
      : [],
  ),
);
const asked = process.argv.slice(2).filter((_argument, index) => !ours.has(index));

// npm is a script on Windows, which only a shell starts.
run('npm', ['run', '--silent', 'build'], { shell: process.platform === 'win32' });
layNode();
fillOldElectron();
run(process.execPath, [
  join(ROOT, 'node_modules/electron-builder/cli.js'),
  ...asked,
  '--publish',
  'never',
  ...givenElectron(),
]);

/** The Node that the packed agent runs on: the one that runs here, for this system and architecture alone. */
function layNode(): void {
  const target = join(ROOT, 'out', `node-${SYSTEMS[process.platform]}-${process.arch}`);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const nodePath = join(target, process.platform === 'win32' ? 'node.exe' : 'node');
  copyFileSync(process.execPath, nodePath);
  chmodSync(nodePath, 0o755);
}

/** A folder with an Electron in place of the download. An app that lies in it would be shipped along. */
function givenElectron(): string[] {
  const { electron, 'electron-version': version } = values;
  if (typeof electron !== 'string' || typeof version !== 'string') return [];
  const clean = join(ROOT, 'out/electron');
  rmSync(clean, { recursive: true, force: true });
  const appDir = join(electron, 'resources/app');
  cpSync(electron, clean, { recursive: true, filter: (source) => source !== appDir, verbatimSymlinks: true });
  return [`-c.electronDist=${clean}`, `-c.electronVersion=${version}`];
}

/** An Electron of the tests lacks what our libraries take for granted; no package for people is made with one. */
function fillOldElectron(): void {
  const version = Number.parseInt(String(values['electron-version'] ?? ''), 10);
  if (Number.isNaN(version) || version >= OLDEST_SHIPPED) return;
  const mainPath = join(ROOT, 'out/shell/main.cjs');
  const fill = readFileSync(join(ROOT, 'scripts/electron-for-tests/default-app/polyfills.js'), 'utf8');
  writeFileSync(mainPath, `${fill}\n${readFileSync(mainPath, 'utf8')}`);
}

function run(command: string, args: readonly string[], options: { shell?: boolean } = {}): void {
  const env = { ...process.env, NODE_ENV: 'production' };
  const { status } = spawnSync(command, args, { ...options, cwd: ROOT, stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}
