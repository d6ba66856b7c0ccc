// Makes a checkout ready and runs a script under Node 24: `node set-up.mjs [--print-node] [-- SCRIPT ARGS…]`.
// Plain JavaScript for any Node ≥ 20, with nothing installed. Silent and instant when all is in place; what it
// has to say goes to stderr, since stdout belongs to the script.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR = 24;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const npmLockPath = join(root, 'package-lock.json');
const markerPath = join(root, 'node_modules', '.kubot-set-up');
// Not under node_modules, which npm ci empties.
const lockPath = join(root, '.cache', 'set-up.lock');

/** A Node without these: they are for the caller's programs and would break ours, or reach robots. */
const { NODE_OPTIONS: _options, NODE_PATH: _path, ...environment } = process.env;

await main();

async function main() {
  const separator = process.argv.indexOf('--');
  const own = process.argv.slice(2, separator === -1 ? undefined : separator);
  const [script, ...args] = separator === -1 ? [] : process.argv.slice(separator + 1);
  try {
    if (!isSetUp()) await setUp();
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
  const node = findNode();
  if (own.includes('--print-node')) process.stdout.write(`${node}\n`);
  if (script !== undefined) run(node, [...nodeOptions(script), resolve(root, script), ...args]);
}

/** What npm installed is what the lock file says. */
function isSetUp() {
  if (!existsSync(markerPath)) return false;
  if (readFileSync(markerPath, 'utf8') !== lockHash()) return false;
  // bin/kubot compares times alone: a checkout that only touched the file costs it one look.
  if (statSync(npmLockPath).mtimeMs > statSync(markerPath).mtimeMs) {
    try {
      utimesSync(markerPath, new Date(), new Date());
    } catch {
      // A checkout that belongs to another user: it works all the same.
    }
  }
  return true;
}

function lockHash() {
  return createHash('sha256').update(readFileSync(npmLockPath)).digest('hex');
}

async function setUp() {
  await takeLock();
  try {
    if (isSetUp()) return;
    say('Setting up KuBot Runner: installing its libraries with npm (once, about a minute) …');
    installLibraries();
    writeFileSync(markerPath, lockHash());
    say('Set-up is done.');
  } finally {
    rmSync(lockPath, { force: true });
  }
}

/** Waits while another set-up of this checkout runs. */
async function takeLock() {
  mkdirSync(dirname(lockPath), { recursive: true });
  let said = false;
  for (;;) {
    try {
      writeFileSync(lockPath, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (removeStaleLock()) continue;
    if (!said) say(`Another set-up of this checkout is running; waiting for it (${lockPath}) …`);
    said = true;
    await sleep(200);
  }
}

/** Takes away the lock of a process that died. Moved first, so that of two that try only one does. */
function removeStaleLock() {
  const holder = readHolder(lockPath);
  if (holder === null || isAlive(holder)) return false;
  const aside = `${lockPath}.${process.pid}`;
  try {
    renameSync(lockPath, aside);
  } catch {
    return true;
  }
  const moved = readHolder(aside);
  rmSync(aside, { force: true });
  // Somebody took it between the look and the move: give it back.
  if (moved !== null && moved !== holder) writeFileSync(lockPath, String(moved), { flag: 'wx' });
  return true;
}

/** null: it is gone, or its holder has not written its id yet. */
function readHolder(path) {
  try {
    return Number(readFileSync(path, 'utf8')) || null;
  } catch {
    return null;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function installLibraries() {
  const viaNpm = environment.npm_execpath;
  const isScript = viaNpm !== undefined && /npm-cli\.c?js$/.test(viaNpm);
  const [command, first] = isScript ? [process.execPath, [viaNpm]] : ['npm', []];
  const result = spawnSync(command, [...first, 'ci', '--loglevel=error'], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 2, 2],
    // npm is a .cmd on Windows; the arguments are constants.
    shell: !isScript && process.platform === 'win32',
  });
  if (result.error) throw new Error(`npm could not be started: ${result.error.message}.`);
  if (result.signal !== null) throw new Error(`npm ci was ended by ${result.signal}.`);
  if (result.status !== 0) {
    throw new Error(`npm ci failed with exit code ${result.status}; its messages are above.`);
  }
}

/** The Node that everything of ours runs on. */
function findNode() {
  const named = environment.KUBOT_NODE;
  if (named) return named;
  const os = process.platform === 'win32' ? 'win' : process.platform;
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const packaged = join(root, 'node_modules', `node-${os}-${process.arch}`, 'bin', file);
  if (existsSync(packaged)) return packaged;
  if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR) return process.execPath;
  const onPath = spawnSync('node', ['-p', 'process.execPath + "\\n" + process.versions.node'], {
    env: environment,
    encoding: 'utf8',
  });
  const [path, version] = (onPath.stdout ?? '').split('\n');
  if (path && Number.parseInt(version ?? '', 10) >= NODE_MAJOR) return path;
  return fail(
    `KuBot Runner needs Node.js ${NODE_MAJOR} or newer; this is ${process.versions.node}, and there is no package of it for ${process.platform} ${process.arch}. Install it, or name one in KUBOT_NODE.`,
  );
}

/** Of the command line, as bin/kubot starts it, which says why. */
function nodeOptions(script) {
  return script === 'src/cli/main.ts' ? ['--max-semi-space-size=4'] : [];
}

function run(node, args) {
  const child = spawn(node, args, { stdio: 'inherit', env: environment });
  const signals = process.platform === 'win32' ? ['SIGINT'] : ['SIGINT', 'SIGTERM', 'SIGHUP'];
  // A terminal sends its signals to both of us; the program counts the same one twice within 500 ms once.
  const forward = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  child.on('error', (error) => fail(`${node} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => {
    for (const name of signals) process.off(name, forward);
    if (signal === null) process.exitCode = code ?? 1;
    else process.kill(process.pid, signal);
  });
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(message) {
  say(message);
  process.exit(1);
}
