import { type ChildProcess, fork, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeAtOnce } from '../test/helpers/remove-at-once.ts';

/** Where rows work: folders and processes that are gone when the bench is, however it ends. */
export interface Workbench {
  /**
   * A new, empty folder. What rounds write stays until the bench ends: ext4 without a journal, as virtual machines have
   * it, passes over each inode that was freed in the last minutes, so that deleting much makes creating ten times slower.
   */
  folder(name: string): string;
  /** A process in a group of its own. */
  spawn(file: string, args: readonly string[], options?: SpawnOptions): ChildProcess;
  /** A Node.js process of a script in bench/ that answers messages; see driver.ts. */
  fork(script: string, args?: readonly string[], node?: NodeOptions): ChildProcess;
}

/** What a Node.js process is started with, beside its script. */
export interface NodeOptions {
  nodeArgs?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** Children that were killed may write for a moment longer. */
const CLEAR_TRIES = 40;
const CLEAR_PAUSE_MS = 50;

/**
 * Opens the workbench of this process. It clears itself up on `exit`, which signals lead to as well: only then can
 * nothing of ours start anything more.
 */
export function openWorkbench(): Workbench {
  const root = mkdtempSync(join(tmpdir(), 'kubot-bench-'));
  const children = new Set<ChildProcess>();
  let folders = 0;
  // What the product and its children make for a moment lies in ours too.
  process.env.TMPDIR = root;
  process.on('exit', () => {
    for (const child of children) kill(child);
    process.stderr.write('clearing up\n');
    clearNow(root);
  });
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => process.exit(exitCode));
  }
  const keep = (child: ChildProcess) => {
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  return {
    folder: (name) => {
      const dir = join(root, `${name}-${++folders}`);
      mkdirSync(dir, { mode: 0o700 });
      return dir;
    },
    spawn: (file, args, options = {}) =>
      keep(spawn(file, args, { ...options, detached: process.platform !== 'win32' })),
    fork: (script, args = [], { nodeArgs = [], env } = {}) =>
      keep(
        fork(join(import.meta.dirname, script), args, {
          detached: process.platform !== 'win32',
          execArgv: [...process.execArgv, ...nodeArgs],
          env: { ...process.env, ...env },
        }),
      ),
  };
}

function kill(child: ChildProcess): void {
  try {
    if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // It ended by itself.
  }
}

function clearNow(root: string): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; existsSync(root) && tries < CLEAR_TRIES; tries++) {
    if (tries > 0) Atomics.wait(pause, 0, 0, CLEAR_PAUSE_MS);
    removeAtOnce(root);
  }
}
