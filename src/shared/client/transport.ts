import type { ControlMethod } from '../control-api.ts';

/** How the renderer reaches the agent: over HTTP in a browser, through the bridge in the window. */
export interface Transport {
  /** @throws AgentError what the method throws; AGENT_NOT_RUNNING when nobody answers */
  call(method: ControlMethod, input: unknown): Promise<unknown>;
  /** Values as they come, several at a time; ends with `signal`. */
  stream(method: ControlMethod, input: unknown, signal: AbortSignal): AsyncIterable<readonly unknown[]>;
}
