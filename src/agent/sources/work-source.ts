import type { RunSource } from '../../shared/run.ts';
import type { Reclaim } from '../tasks/take-attempt.ts';

/** What a source hands on. Nobody downstream asks where it came from. */
export interface RunRequest {
  /** Recognises a redelivery: inbox `<taskId>/<attempt>`, engine the activity's key, manual the client's UUID. */
  requestId: string;
  source: RunSource;
  robotId: string;
  /** null: the package's only one. */
  operation: string | null;
  processId: string | null;
  taskId: string | null;
  /** Variables given for this run alone; never journalled. */
  variables: Record<string, string>;
  attempt: number;
  requestedAt: string;
  /** Why a task that is CLAIMED by our principal already may be taken; null: it may not. */
  reclaim: Reclaim | null;
}

/** Where work comes from. */
export interface WorkSource {
  readonly name: string;
  /** Runs until `signal` aborts; never rejects. */
  start(signal: AbortSignal): Promise<void>;
  state(): { name: string; state: string; lastPollAt: string | null };
}
