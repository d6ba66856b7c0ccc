import type { ChildProcess } from 'node:child_process';

/** What a process of the bench found out. */
export interface Finding {
  ms: number;
  /** How much its memory grew at most; null where that is not told. */
  mb?: number | null;
  /** Time on a processor. */
  cpuMs?: number;
  /** Requests that it sent. */
  requests?: number;
}

/** Asks one of the bench's processes for one thing after the other. */
export class Driver {
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @throws what went wrong there */
  ask(question: unknown): Promise<Finding> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null, signal: string | null) => {
        child.off('message', onMessage);
        reject(new Error(`${child.spawnfile} ended with ${code ?? signal} before it answered`));
      };
      const onMessage = (answer: Finding | { error: string }) => {
        child.off('exit', onExit);
        if ('error' in answer) reject(new Error(answer.error));
        else resolve(answer);
      };
      child.once('exit', onExit);
      child.once('message', onMessage);
      child.send(question as never);
    });
  }

  async close(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.disconnect();
    await gone;
  }
}

/** An error with what caused it, for the process that asked. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? String(error.stack) : `${error.stack}: ${errorText(error.cause)}`;
}
