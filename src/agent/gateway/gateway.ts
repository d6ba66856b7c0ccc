import type { Agent } from 'node:http';
import type { Server } from 'node:net';
import { ensureCertificates, isLeafDue, type RunNode, renewLeaf } from './certificate-authority.ts';
import { BufferCollector } from './collect-buffers.ts';
import type { GatewayLog } from './gateway-log.ts';
import { type HostAuthorization, handleCall } from './handle-call.ts';
import { DEFAULT_LIMITS, type GatewayLimits } from './limits.ts';
import { listen } from './listener.ts';
import { OpenRun, type OpenRunOptions } from './open-run.ts';
import { API_VERSION, type OperationId } from './operations.ts';
import { RunTokens } from './run-tokens.ts';
import { createUpstream, createUpstreamAgent } from './upstream.ts';

export interface GatewayOptions {
  /** URL of the real API, with or without the version path. */
  upstream: string;
  authorization: HostAuthorization;
  /** Where the authority and the leaf are kept: `<home>/gateway`. */
  certificateDir: string;
  runNode: RunNode;
  log: GatewayLog;
  now: () => number;
  /** Connections to the API, when it lies behind a proxy; else plain kept-alive ones. */
  agent?: Agent;
  limits?: Partial<GatewayLimits>;
}

export interface RunAccess {
  /** KUFLOW_API_TOKEN of the run: 256 random bits, known to nobody else. */
  readonly token: string;
  /** True while a call of this operation on this id is on its way: a completion not yet told to `onCall`. */
  isCalling(operationId: OperationId, id: string): boolean;
  /** Ends the token: calls on their way are cut, later ones get 401. */
  close(): void;
}

export interface Gateway {
  readonly port: number;
  /** KUFLOW_API_ENDPOINT of every run. */
  readonly endpoint: string;
  /** Goes into the trust bundle. */
  readonly caCertPem: string;
  /** `onCall` is told of each call that carried the run's token, once, when it ended. */
  openRun(run: Omit<OpenRunOptions, 'allowance'>): RunAccess;
  /** Serves the connections that `door` accepts as well; the requests in them name `127.0.0.1:<port>` like all others. */
  serve(door: Server): void;
  /** Renews the leaf if it has under 30 days left and gives it to the live listener; true if it did. */
  renewIfDue(): Promise<boolean>;
  /** Cuts every call and stops listening. */
  close(): Promise<void>;
}

/** Hourly and against the wall clock: a timer of a day stands still while a laptop sleeps. */
const RENEWAL_CHECK_MS = 60 * 60 * 1000;

/**
 * Starts the API that robots see: TLS on a free port of 127.0.0.1, a token for each run, and the host's
 * credentials towards KuFlow.
 * @throws AgentError of ensureCertificates; the listener's own error if 127.0.0.1 cannot be listened on
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { log, now } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const authority = { dir: options.certificateDir, runNode: options.runNode, now };
  let certificates = await ensureCertificates(authority);
  const tokens = new RunTokens<OpenRun>();
  const runs = new Set<OpenRun>();
  const agent = options.agent ?? createUpstreamAgent(options.upstream);
  const context = {
    tokens,
    upstream: createUpstream(options.upstream, agent),
    authorization: options.authorization,
    limits,
    collector: new BufferCollector(),
    log,
    now,
    host: () => `127.0.0.1:${listener.port}`,
  };
  const listener = await listen({
    leaf: certificates.leaf,
    limits,
    now,
    onRequest: (request, response) => handleCall(request, response, context),
  });

  async function renewIfDue(): Promise<boolean> {
    if (!isLeafDue(certificates, now())) return false;
    certificates = await renewLeaf(authority);
    listener.setLeaf(certificates.leaf);
    const validUntil = new Date(certificates.leafExpiresAtMs).toISOString();
    log.info('Gateway certificate renewed', { validUntil });
    return true;
  }
  const renewal = setInterval(() => {
    renewIfDue().catch((error: unknown) =>
      log.warn('Gateway certificate could not be renewed', { message: String(error) }),
    );
  }, RENEWAL_CHECK_MS).unref();

  function endRun(run: OpenRun): void {
    tokens.revoke(run);
    runs.delete(run);
    run.cut();
  }

  return {
    port: listener.port,
    endpoint: `https://127.0.0.1:${listener.port}/${API_VERSION}`,
    caCertPem: certificates.caCertPem,
    openRun: (options) => {
      const run = new OpenRun({ ...options, allowance: limits });
      runs.add(run);
      return {
        token: tokens.issue(run),
        isCalling: (operationId, id) => run.isCalling(operationId, id),
        close: () => endRun(run),
      };
    },
    serve: (door) => listener.serve(door),
    renewIfDue,
    close: async () => {
      clearInterval(renewal);
      for (const run of runs) endRun(run);
      await listener.close();
      agent.destroy();
    },
  };
}
