import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { Outcome } from './arena.ts';
import type { ExtractJob } from './extractor.ts';

/** An archive of a megabyte is unpacked in milliseconds; what takes so long hangs, on however slow a machine. */
const DEADLINE_MS = 30_000;
/** Of JavaScript's memory: what needs more holds what it should stream. */
const HEAP_MB = 128;

/** Unpacks in a process of its own, and tells how that process ended where it did. */
export class ExtractorHost {
  #child: ChildProcess | null = null;

  extract(job: ExtractJob): Promise<Outcome> {
    this.#child ??= fork(join(import.meta.dirname, 'extractor.ts'), [], {
      execArgv: [`--max-old-space-size=${HEAP_MB}`],
      env: {},
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const child = this.#child;
    return new Promise((resolve) => {
      const end = (outcome: Outcome) => {
        clearTimeout(deadline);
        child.off('message', end);
        child.off('exit', onExit);
        resolve(outcome);
      };
      const onExit = (code: number | null, signal: string | null) => {
        this.#child = null;
        end({ kind: 'broken', error: `the process ended with ${code ?? signal}` });
      };
      const deadline = setTimeout(() => {
        child.off('exit', onExit);
        this.#child = null;
        child.once('exit', () => end({ kind: 'broken', error: `it hung for ${DEADLINE_MS / 1000} s` }));
        child.kill('SIGKILL');
      }, DEADLINE_MS);
      child.on('message', end);
      child.on('exit', onExit);
      child.send(job);
    });
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.disconnect();
    await gone;
  }
}
