import { Driver, type Finding } from './driver.ts';
import type { Workbench } from './workbench.ts';

/** What bare/requests.mjs sends. */
export interface BareRequest {
  method: string;
  /** Below the version path, with the query. */
  path: string;
  body?: string;
  /** A file that is the body. */
  bodyPath?: string;
  contentType?: string;
}

/** Where a platform is and who asks it. */
export interface PlatformAccess {
  url: string;
  clientId: string;
  clientSecret: string;
}

export interface BareClient {
  /** Sends one after the other. @throws when one is refused */
  send(
    way: 'http' | 'fetch',
    to: PlatformAccess,
    requests: readonly BareRequest[],
  ): Promise<Required<Pick<Finding, 'ms' | 'cpuMs'>>>;
  close(): Promise<void>;
}

export function startBareClient(workbench: Workbench): BareClient {
  const driver = new Driver(workbench.fork('bare/requests.mjs'));
  return {
    send: async (way, { url, clientId, clientSecret }, requests) => {
      const endpoint = `${url}/v2024-06-14`;
      const { ms, cpuMs } = await driver.ask({ way, endpoint, clientId, clientSecret, requests });
      return { ms, cpuMs: cpuMs ?? Number.NaN };
    },
    close: () => driver.close(),
  };
}

const actions = (taskId: string) => `/process-items/${taskId}/task/~actions`;

export const readTask = (taskId: string): BareRequest => ({
  method: 'GET',
  path: `/process-items/${taskId}`,
});
export const claimTask = (taskId: string): BareRequest => ({
  method: 'POST',
  path: `${actions(taskId)}/claim`,
});
export const appendEntry = (taskId: string, message: string): BareRequest => ({
  method: 'POST',
  path: `${actions(taskId)}/append-log`,
  body: JSON.stringify({ message, level: 'INFO' }),
});
