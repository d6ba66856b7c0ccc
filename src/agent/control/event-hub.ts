import type { ControlEvent } from '../../shared/control-api.ts';
import type { Run } from '../../shared/run.ts';
import type { Status } from '../../shared/status.ts';

/** Events a slow client may be behind before it is cut off; it comes back and gets a fresh snapshot. */
const MOST_WAITING = 10_000;

/** Tells every listener what changes: first a snapshot, then events. */
export class EventHub {
  readonly #listeners = new Set<(event: ControlEvent) => void>();
  readonly #snapshot: () => { status: Status; runs: Run[] };

  constructor(snapshot: () => { status: Status; runs: Run[] }) {
    this.#snapshot = snapshot;
  }

  send(event: ControlEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  listen(listener: (event: ControlEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A client's stream; ends with `closing`, or when the client is too far behind. */
  async *stream(closing: AbortSignal): AsyncGenerator<ControlEvent> {
    const waiting: ControlEvent[] = [{ type: 'snapshot', ...this.#snapshot() }];
    let wake = () => {};
    const rouse = () => wake();
    let behind = false;
    const stop = this.listen((event) => {
      behind = waiting.push(event) > MOST_WAITING;
      if (behind) {
        // At once: a client that has stopped reading may not be asked again for hours.
        stop();
        waiting.length = 0;
      }
      wake();
    });
    closing.addEventListener('abort', rouse);
    try {
      while (!closing.aborted && !behind) {
        const event = waiting.shift();
        if (event) yield event;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      stop();
      closing.removeEventListener('abort', rouse);
    }
  }
}
