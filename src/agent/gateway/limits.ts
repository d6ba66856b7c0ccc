const SECOND = 1000;
const MB = 1024 * 1024;
const GB = 1024 * MB;

/** What a robot may make the gateway hold or wait for. Durations in milliseconds, sizes in bytes. */
export interface GatewayLimits {
  /** All headers of a request; a larger set gets 431. */
  maxHeaderBytes: number;
  /** From the connection's first byte to the end of the headers; then 408. */
  headersTimeoutMs: number;
  /** Body of a call that uploads a document; then 413. Bodies are streamed, never held. */
  maxUploadBytes: number;
  /** Body of any other call: JSON. */
  maxBodyBytes: number;
  /** A call in which no byte moves, in neither direction, is given up: 408 or 504. */
  idleTimeoutMs: number;
  /** How long a robot may send its body slower than `minBodyBytesPerSecond`; then 408. */
  slowBodyMs: number;
  minBodyBytesPerSecond: number;
  /** Connections of all robots together; more are closed at once. */
  maxConnections: number;
  /** Calls of one run that are on their way at the same time; more get 429. */
  maxCallsAtOnce: number;
  /** Calls of one run, on average; more get 429. */
  callsPerSecond: number;
  /** Calls that a run may make at once before the average counts. */
  callsInReserve: number;
}

export const DEFAULT_LIMITS: Readonly<GatewayLimits> = {
  maxHeaderBytes: 32 * 1024,
  headersTimeoutMs: 15 * SECOND,
  maxUploadBytes: 5 * GB,
  maxBodyBytes: 64 * MB,
  idleTimeoutMs: 300 * SECOND,
  slowBodyMs: 30 * SECOND,
  minBodyBytesPerSecond: 100,
  maxConnections: 1024,
  maxCallsAtOnce: 64,
  callsPerSecond: 100,
  callsInReserve: 1000,
};
