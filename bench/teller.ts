import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { NodeOptions, Workbench } from './workbench.ts';

const LOOK_MS = 20;
const GIVE_UP_MS = 30_000;

/** Asks a Node.js process for something that only it knows; a script that is loaded before its own answers. */
export interface Teller<T> {
  /** What the process is to be started with. */
  readonly node: Required<NodeOptions>;
  ask(pid: number): Promise<T>;
}

/** Objects and buffers that a process keeps after all garbage is collected, in MB. */
export function createMemoryTeller(workbench: Workbench): Teller<{ heapMb: number }> {
  return createTeller(workbench, 'tell-memory.mjs');
}

/** What a process did with SQLite since it was asked last: how long it took, and how often something was committed. */
export function createJournalTeller(workbench: Workbench): Teller<{ ms: number; commits: number }> {
  return createTeller(workbench, 'tell-journal.mjs');
}

function createTeller<T>(workbench: Workbench, script: string): Teller<T> {
  const path = join(workbench.folder('told'), 'told.json');
  return {
    node: {
      nodeArgs: ['--import', join(import.meta.dirname, 'bare', script)],
      env: { BENCH_TOLD_FILE: path },
    },
    ask: async (pid) => {
      rmSync(path, { force: true });
      process.kill(pid, 'SIGUSR2');
      const giveUpMs = performance.now() + GIVE_UP_MS;
      while (!existsSync(path)) {
        if (performance.now() > giveUpMs) throw new Error(`Process ${pid} does not answer`);
        await delay(LOOK_MS);
      }
      return JSON.parse(readFileSync(path, 'utf8')) as T;
    },
  };
}
