import type { ControlHandlers, Progress } from '../shared/control-api.ts';
import type { AgentError } from '../shared/errors.ts';
import type { Run } from '../shared/run.ts';

/** What a composition root drives. Made by create-agent.ts. */
export interface Agent {
  readonly handlers: ControlHandlers;
  /**
   * Takes the lock, opens the journal, listens, starts the loops.
   * @throws AgentError HOME_LOCKED, HOME_UNUSABLE, JOURNAL_UNUSABLE
   */
  start(): Promise<void>;
  /**
   * Until there is no work left (`agent --once`). `failed`: a run of this call ended other than succeeded;
   * `error`: the platform stayed away, or refused the credentials.
   */
  untilDone(options: { giveUpAfterMs: number }): Promise<{ failed: boolean; error: AgentError | null }>;
  /** No new work; what runs finishes; everything is reported. */
  drain(): Promise<void>;
  cancelAll(reason: string): Promise<void>;
  close(): Promise<void>;
  /** @returns how to stop listening */
  on(listener: (event: AgentEvent) => void): () => void;
}

/** What `agent --json` prints (but progress) and the demo shows, without its time. */
export type AgentEvent =
  | { event: 'registered'; worker: string }
  | { event: 'run-started'; run: Run }
  | { event: 'run-ended'; run: Run }
  | { event: 'progress'; progress: Progress }
  | { event: 'drained' };
