/** A wait that can be cut short: by a poke, or by a signal. */
export class Poke {
  readonly #waiting = new Set<() => void>();
  #pending = false;

  /** Ends the waits that are on, or the next one if there is none. */
  poke(): void {
    if (this.#waiting.size === 0) this.#pending = true;
    for (const wake of [...this.#waiting]) wake();
  }

  readonly wait = (milliseconds: number, signal: AbortSignal): Promise<void> => {
    if (this.#pending || signal.aborted) {
      this.#pending = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      signal.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
    });
  };
}
