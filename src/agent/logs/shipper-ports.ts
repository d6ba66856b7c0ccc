import type { RunOutcome } from '../../shared/errors.ts';
import type { LogLevel } from '../../shared/run.ts';

/** A task as each append answers with it. */
export interface TaskAnswer {
  state: 'READY' | 'CLAIMED' | 'COMPLETED' | 'CANCELLED';
  ownerId: string | null;
  lastModifiedBy: string | null;
  /** Oldest first; the server keeps a bounded number. */
  logs: readonly { id: string; timestamp: string; message: string; level: LogLevel }[];
  /** The server's clock; null where it told none. */
  serverTimeMs: number | null;
}

/** The calls that the shipper makes; errors are AgentErrors. An append is not to be repeated by the port itself. */
export interface ShipperApi {
  appendLog(taskId: string, entry: { message: string; level: LogLevel }): Promise<TaskAnswer>;
  readTask(taskId: string): Promise<TaskAnswer>;
  uploadDocument(
    processId: string,
    document: { name: string; contentType: string; path: string },
  ): Promise<{ documentUri: string }>;
}

/** Where the shipper keeps how far it is: JSON, written before and after each append. */
export interface ShipperPosition {
  load(): unknown;
  save(position: unknown): void;
}

export interface ShipperOptions {
  runId: string;
  taskId: string;
  /** Null: the task's process is not known, so no document is uploaded. */
  processId: string | null;
  hostName: string;
  runLogPath: string;
  api: ShipperApi;
  position: ShipperPosition;
  maxEntries: number;
  entryBytes: number;
  intervalMs: number;
  heartbeatMs: number;
  documentMaxBytes: number;
  /** Longest time that the run may take. */
  runTimeoutMs: number;
  /** When the run began; on the clock of `now`. */
  startedAtMs: number;
  /** Goes on where an earlier agent stopped: what was not told is read from the run log, which must be ended. */
  resume?: boolean;
  /** How many entries the server is known to keep a task; null: not known yet. */
  knownBound: number | null;
  /** A clock that is never moved; where it begins does not matter. */
  now: () => number;
  /** Resolves after so long or when `signal` aborts, never rejects. */
  sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  random: () => number;
  /** Ends waiting for a server that does not answer: `finish` rejects with INTERRUPTED then. */
  signal?: AbortSignal;
  /** Links the document to the task for good (setting logDocumentPointer); where it is, for people, or null. */
  linkDocument?: (documentUri: string) => Promise<string | null>;
  /** Each answer about the task: who reads its state need not ask again. */
  onAnswer?: (answer: TaskAnswer) => void;
  /** The server dropped an entry and so told how many it keeps. */
  onServerBound?: (entries: number) => void;
  /** The task takes no more entries. Called once. */
  onStopped?: (stop: ShippingStop) => void;
  /** A call failed and is tried again after `waitMs`. */
  onRetry?: (retry: { what: string; message: string; waitMs: number }) => void;
}

export interface ShippingStop {
  /** Why the platform refused. */
  message: string;
  entriesSent: number;
  /** Lines so far that the task does not tell of. */
  linesUnsent: number;
}

export interface ShipperEnd {
  outcome: RunOutcome;
  /** One or a few sentences for the task's reader. */
  summary: string;
  /** Until when the run log stays on the host, ISO 8601; null: not known. */
  keepUntil: string | null;
}

export interface ShippedLog {
  entriesSent: number;
  linesLeftOut: number;
  documentUri: string | null;
}

export interface UploadedDocument {
  documentUri: string | null;
  /** Why there is none. */
  problem: string | null;
  /** Where it is linked for good. */
  link: string | null;
}
