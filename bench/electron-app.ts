import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensureDesktop } from '../scripts/build-desktop.ts';
import type { RunningPlatform } from '../src/platform/start-platform.ts';
import { cleanEnvironment, ELECTRON_FLAGS, openScreen } from '../test/helpers/desktop.ts';
import { agentCommand } from './host.ts';
import type { Workbench } from './workbench.ts';

const ROOT = resolve(import.meta.dirname, '..');
export const BARE_APP = join(import.meta.dirname, 'bare', 'electron');
export const NO_ELECTRON = 'npm run desktop downloads one, or KUBOT_TEST_ELECTRON names one';
const KB_PER_MB = 1024;

/** What an app with a window needs: a screen, and a configuration of its own. */
export async function openDesktop(workbench: Workbench): Promise<{
  environment(): Record<string, string>;
  close(): void;
}> {
  const screen = await openScreen();
  return {
    // A profile of its own for each start: no app finds what another left, or waits for its lock.
    environment: () => ({
      ...cleanEnvironment(),
      XDG_CONFIG_HOME: workbench.folder('config'),
      ...(screen && { DISPLAY: screen.display }),
    }),
    close: () => screen?.process.kill(),
  };
}

/** Ours, built, for an agent of its own that works for `platform`. */
export function shellCommand(workbench: Workbench, platform: RunningPlatform) {
  ensureDesktop();
  const { env, home } = agentCommand(platform, workbench.folder('shell'));
  const { PATH: _path, HOME: _home, TMPDIR: _temporary, ...settings } = env;
  return {
    args: [...ELECTRON_FLAGS, ROOT, '--lang=en-GB'],
    env: { ...settings, KUBOT_HOME: home, KUBOT_NODE: process.execPath },
  };
}

/**
 * Memory that an app's processes made, in MB, what several of them share counted once. The files of Electron that are
 * mapped are left out: all apps have the same, and share them with whichever others run.
 * Processes of Node.js in it are left out: they are the agent. NaN where the system does not tell.
 */
export function appMb({ pid }: ChildProcess): number {
  const children = childrenByParent();
  let sum = 0;
  const add = (id: number) => {
    if (linkOf(id) === process.execPath) return;
    sum += proportionalKb(id);
    for (const child of children.get(id) ?? []) add(child);
  };
  if (pid !== undefined) add(pid);
  return sum / KB_PER_MB;
}

function childrenByParent(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    // The name of the program, in brackets, may hold anything: the parent is the second word after it.
    const parent = Number(readText(`/proc/${name}/stat`).split(') ').at(-1)?.split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}

function proportionalKb(pid: number): number {
  const made = [...readText(`/proc/${pid}/smaps_rollup`).matchAll(/^Pss_(?:Anon|Shmem):\s+(\d+) kB$/gm)];
  return made.reduce((sum, [, kilobytes]) => sum + Number(kilobytes), 0);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended.
    return '';
  }
}

function linkOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}
