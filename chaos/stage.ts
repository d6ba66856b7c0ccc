import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { removeAtOnce } from '../test/helpers/remove-at-once.ts';
import { carriers, killNow } from './processes.ts';

/** Where all of it happens: folders and processes that are gone when this process is, however it ends. */
export interface Stage {
  readonly root: string;
  /** In the environment of all that is started here, robots included: `CHAOS_ID=<id>`. */
  readonly id: string;
  /** A new, empty folder. */
  folder(name: string): string;
  /** A process in a group of its own. */
  spawn(file: string, args: readonly string[], options: SpawnOptions): ChildProcess;
}

/** What was killed may write for a moment longer. */
const CLEAR_TRIES = 40;
const CLEAR_PAUSE_MS = 50;

/** Opens the stage of this process. It is cleared on `exit`, which signals lead to as well. */
export function openStage(): Stage {
  const root = mkdtempSync(join(tmpdir(), 'kubot-chaos-'));
  const id = basename(root);
  process.env.CHAOS_ID = id;
  // What the product and its children make for a moment lies here too.
  process.env.TMPDIR = root;
  process.on('exit', () => clear(root, id));
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.on(signal, () => process.exit(exitCode));
  }
  return {
    root,
    id,
    folder: (name) => {
      const dir = join(root, name);
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      return dir;
    },
    spawn: (file, args, options) => spawn(file, args, { ...options, detached: true }),
  };
}

function clear(root: string, id: string): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; tries < CLEAR_TRIES; tries++) {
    if (tries > 0) Atomics.wait(pause, 0, 0, CLEAR_PAUSE_MS);
    const left = carriers('CHAOS_ID', id).filter((pid) => pid !== process.pid);
    for (const pid of left) killNow(pid);
    removeAtOnce(root);
    if (left.length === 0 && !existsSync(root)) return;
  }
}
