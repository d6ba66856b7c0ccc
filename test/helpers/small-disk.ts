import { execFile, execFileSync } from 'node:child_process';
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
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, test } from 'vitest';

const VITEST = resolve(import.meta.dirname, '../../node_modules/vitest/vitest.mjs');
/** Set for tests that have a mount namespace of their own. */
const INSIDE = 'KUBOT_TEST_MAY_MOUNT';

/** A file system of a few megabytes in memory. */
export interface SmallDisk {
  readonly dir: string;
  /** Writes until nothing fits any more but `leaveBytes`. */
  fill(leaveBytes?: number): void;
  /** Takes that back. */
  free(): void;
  close(): Promise<void>;
}

/**
 * Describes what needs small disks. Whoever may not mount (nobody but root may) runs the file once more in a user and
 * mount namespace; where that is refused too, it fails. Linux alone has either.
 */
export function describeWithSmallDisks(name: string, filePath: string, define: () => void): void {
  if (process.platform !== 'linux') describe.skip(name, define);
  else if (process.env[INSIDE] === '1' || mayMount()) describe(name, define);
  else {
    test(`${name}, in a namespace of its own`, { timeout: 600_000 }, async () => {
      const args = ['-rm', process.execPath, VITEST, 'run', '--project', 'integration', filePath];
      await promisify(execFile)('unshare', args, { env: { ...process.env, [INSIDE]: '1' } });
    });
  }
}

function mayMount(): boolean {
  try {
    const { dir } = mount(1);
    execFileSync('umount', [dir]);
    rmdirSync(dir);
    return true;
  } catch {
    return false;
  }
}

function mount(megabytes: number): { dir: string } {
  const dir = mkdtempSync(join(tmpdir(), 'kubot-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', dir], {
      stdio: 'pipe',
    });
  } catch (error) {
    rmdirSync(dir);
    throw error;
  }
  return { dir };
}

export function openSmallDisk(megabytes: number): SmallDisk {
  const { dir } = mount(megabytes);
  const fillPath = join(dir, 'filled');
  return {
    dir,
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
    close: async () => {
      // What ran on it may take a moment to be gone.
      for (let tries = 1; !unmounted(dir, tries === 100); tries++) await delay(50);
      rmdirSync(dir);
    },
  };
}

function unmounted(dir: string, isLastTry: boolean): boolean {
  try {
    execFileSync('umount', [dir], { stdio: 'pipe' });
    return true;
  } catch (error) {
    if (isLastTry) throw error;
    return false;
  }
}
