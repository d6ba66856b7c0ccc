import type { AgentClient } from '../shared/client/agent-client.ts';
import { NOTICE_SETTINGS, type NoticeKind } from './notices.ts';

const KINDS = Object.keys(NOTICE_SETTINGS) as NoticeKind[];

/** Which notices are wanted, as the agent's settings are now; what it said last, where it does not answer. */
export class NoticeSwitches {
  readonly #client: Pick<AgentClient, 'call'>;
  readonly #known = new Map<NoticeKind, boolean>();

  constructor(client: Pick<AgentClient, 'call'>) {
    this.#client = client;
  }

  /** For a time when the agent answers no more: its end is told too. */
  async learn(): Promise<void> {
    await Promise.all(KINDS.map((kind) => this.isOn(kind)));
  }

  async isOn(kind: NoticeKind): Promise<boolean> {
    try {
      const { value } = await this.#client.call('configGet', { key: NOTICE_SETTINGS[kind] });
      this.#known.set(kind, value !== false);
    } catch {
      // It is away, or older than the switch.
    }
    return this.#known.get(kind) ?? true;
  }
}
