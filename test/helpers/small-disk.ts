import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A file system of a few megabytes in memory. */
export interface SmallDisk {
  /** Where it is for programs that are started by `enter`. */
  readonly dir: string;
  /** Where it is for the test. */
  readonly seenDir: string;
  /** What to put before a command. */
  readonly enter: readonly string[];
  /** Writes until nothing fits any more but `leaveBytes`. */
  fill(leaveBytes?: number): void;
  /** Takes that back. */
  free(): void;
  close(): Promise<void>;
}

/** Root mounts it for all; anybody else in a mount namespace of their own. Linux alone has either. */
export async function openSmallDisk(megabytes: number): Promise<SmallDisk> {
  const dir = mkdtempSync(join(tmpdir(), 'kubot-disk-'));
  const mount = ['mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', dir];
  try {
    return process.getuid?.() === 0 ? mountForAll(dir, mount) : await mountInNamespace(dir, mount);
  } catch (cause) {
    rmdirSync(dir);
    throw new Error('No small disk can be had here: mount and unshare are both refused', { cause });
  }
}

function mountForAll(dir: string, [file = '', ...args]: string[]): SmallDisk {
  execFileSync(file, args, { stdio: 'pipe' });
  return {
    ...diskAt(dir, dir, []),
    close: async () => {
      // What runs on it may take a moment to be gone.
      for (let tries = 0; ; tries++) {
        try {
          execFileSync('umount', [dir], { stdio: 'pipe' });
          break;
        } catch (error) {
          if (tries === 100) throw error;
          await delay(50);
        }
      }
      rmdirSync(dir);
    },
  };
}

async function mountInNamespace(dir: string, mount: readonly string[]): Promise<SmallDisk> {
  // Ends with its input: also when the test dies.
  const keeper = spawn('unshare', ['-rm', 'sh', '-c', '"$@" && echo mounted && exec cat', 'sh', ...mount], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const exit = once(keeper, 'exit');
  const mounted = await Promise.race([once(keeper.stdout, 'data').then(() => true), exit.then(() => false)]);
  if (!mounted) throw new Error('unshare or mount failed');
  const pid = String(keeper.pid);
  const enter = ['nsenter', '--target', pid, '--user', '--mount', '--preserve-credentials'];
  return {
    ...diskAt(dir, `/proc/${pid}/root${dir}`, enter),
    close: async () => {
      keeper.kill('SIGKILL');
      await exit;
      rmdirSync(dir);
    },
  };
}

function diskAt(dir: string, seenDir: string, enter: readonly string[]): Omit<SmallDisk, 'close'> {
  const fillPath = join(seenDir, 'filled');
  return {
    dir,
    seenDir,
    enter,
    fill: (leaveBytes = 0) => {
      const file = openSync(fillPath, 'a');
      try {
        for (;;) writeSync(file, Buffer.alloc(64 * 1024));
      } catch {
        ftruncateSync(file, Math.max(0, fstatSync(file).size - leaveBytes));
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(fillPath, { force: true }),
  };
}
