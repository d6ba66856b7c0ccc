import type { ChildProcess } from 'node:child_process';

/** What one of our scripts can be asked, by name; runs in that script, `argument` as the parent sent it. */
export type Calls = Record<string, (argument: never) => unknown>;

interface Question {
  id: number;
  name: string;
  argument: unknown;
}

type Message = { id: number; value?: unknown; error?: string } | { event: unknown };

/** In the script: answers its parent until that is gone, then ends. */
export function answerCalls(calls: Calls): void {
  process.on('message', ({ id, name, argument }: Question) => {
    Promise.resolve()
      .then(() => calls[name]?.(argument as never))
      .then(
        (value) => process.send?.({ id, value }),
        (error: unknown) => process.send?.({ id, error: String(error) }),
      );
  });
  process.on('disconnect', () => process.exit());
}

/** In the script: tells the parent something unasked. */
export function tellParent(event: unknown): void {
  process.send?.({ event });
}

/** In the parent: the other end, over a `fork` with `serialization: 'advanced'`. */
export class ProcessCalls {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  #calls = 0;
  #over = false;

  constructor(child: ChildProcess, onEvent: (event: never) => void = () => {}) {
    this.#child = child;
    child.on('message', (message: Message) => {
      if ('event' in message) {
        onEvent(message.event as never);
        return;
      }
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error === undefined) waiting?.resolve(message.value as never);
      else waiting?.reject(new Error(message.error));
    });
    child.once('exit', (code, signal) => {
      this.#over = true;
      for (const { reject } of this.#waiting.values())
        reject(new Error(`${child.spawnargs[1]} ended with ${code ?? signal}`));
      this.#waiting.clear();
    });
  }

  /** @throws what went wrong there, or that it ended */
  call<T = void>(name: string, argument?: unknown): Promise<T> {
    if (this.#over) return Promise.reject(new Error(`${this.#child.spawnargs[1]} has ended`));
    const id = ++this.#calls;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, name, argument } satisfies Question);
    });
  }

  /** Ends the script. */
  async close(): Promise<void> {
    if (this.#over) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.connected) this.#child.disconnect();
    await ended;
  }
}
