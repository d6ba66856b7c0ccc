import type { AgentClient } from '../shared/client/agent-client.ts';
import type { Screen } from '../shared/courtesy.ts';

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/**
 * Tells the agent that a person is here, and how their screen is, by a stream that is held open for as long as the
 * shell lives: it ends with the process. A changed screen is told by another stream before the first is left, so that
 * the person never counts as gone.
 */
export class Presence {
  readonly #client: Pick<AgentClient, 'stream'>;
  #screen: Screen = { locked: false, presenting: false };
  #stream: AbortController | null = null;
  #waitMs = FIRST_WAIT_MS;

  constructor(client: Pick<AgentClient, 'stream'>) {
    this.#client = client;
  }

  tell(change: Partial<Screen>): void {
    const { locked, presenting } = this.#screen;
    this.#screen = { ...this.#screen, ...change };
    if (this.#screen.locked !== locked || this.#screen.presenting !== presenting) this.renew();
  }

  /** Tells whoever answers now: the first time, and when it may be another agent. */
  renew(): void {
    void this.#open();
  }

  async #open(): Promise<void> {
    const before = this.#stream;
    const own = new AbortController();
    this.#stream = own;
    try {
      for await (const _heard of this.#client.stream('presence', { ...this.#screen }, own.signal)) {
        before?.abort();
        this.#waitMs = FIRST_WAIT_MS;
      }
    } catch {
      // The agent is away, or older than this.
    }
    before?.abort();
    if (this.#stream !== own) return;
    const again = setTimeout(() => {
      if (this.#stream === own) this.renew();
    }, this.#waitMs);
    again.unref();
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
  }
}
