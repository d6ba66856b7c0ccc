import type { AgentStore } from '../shared/client/agent-store.ts';
import type { CourtesyNext } from '../shared/courtesy.ts';
import { countdownKey } from './courtesy-notice.ts';
import type { Presence } from './presence.ts';

export interface CourtesyDeskOptions {
  readonly agent: Pick<AgentStore, 'view' | 'listen'>;
  readonly presence: Pick<Presence, 'tell'>;
  /** Tells the person of a countdown; resolves to how to take it back. */
  readonly tell: (next: CourtesyNext) => Promise<() => void>;
  /** A desktop run waits for the person, or none does any more. */
  readonly onWanted: (isWanted: boolean) => void;
  /** Presenting began or ended. */
  readonly onChange: () => void;
  readonly now: () => number;
}

/** Since when the person presents something, as they said; null `untilMs`: until they say otherwise. */
export type Presenting = { readonly untilMs: number | null } | null;

/** What the shell does for the person at the host: tells of countdowns, and the agent of presentations. */
export class CourtesyDesk {
  readonly #options: CourtesyDeskOptions;
  #presenting: Presenting = null;
  #end: NodeJS.Timeout | undefined;
  #told: string | null = null;
  #takeBack: Promise<() => void> | null = null;

  constructor(options: CourtesyDeskOptions) {
    this.#options = options;
    options.agent.listen(() => this.#look());
  }

  get presenting(): Presenting {
    return this.#presenting;
  }

  /** @param forMs null: until `stopPresenting` */
  present(forMs: number | null): void {
    clearTimeout(this.#end);
    this.#presenting = { untilMs: forMs === null ? null : this.#options.now() + forMs };
    if (forMs !== null) this.#end = setTimeout(() => this.stopPresenting(), forMs);
    this.#options.presence.tell({ presenting: true });
    this.#options.onChange();
  }

  stopPresenting(): void {
    clearTimeout(this.#end);
    this.#presenting = null;
    this.#options.presence.tell({ presenting: false });
    this.#options.onChange();
  }

  #look(): void {
    // A timer stands still while the machine sleeps.
    const { untilMs } = this.#presenting ?? { untilMs: null };
    if (untilMs !== null && untilMs <= this.#options.now()) this.stopPresenting();
    const { link, status } = this.#options.agent.view();
    const next = link.state === 'live' ? (status?.courtesy?.next ?? null) : null;
    this.#options.onWanted(next !== null);
    const key = countdownKey(next);
    if (key === this.#told) return;
    this.#told = key;
    // It would stay, and lie.
    void this.#takeBack?.then((takeBack) => takeBack());
    this.#takeBack = next === null || key === null ? null : this.#options.tell(next);
  }
}
