import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import type { RunNode } from '../../../src/agent/gateway/certificate-authority.ts';
import {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type RunAccess,
} from '../../../src/agent/gateway/gateway.ts';
import type { CallRecord } from '../../../src/agent/gateway/open-run.ts';
import { runNodeScript } from '../../../src/agent/process/run-node-script.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface AskOptions {
  token?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** A gateway before a plain HTTP server whose handler each test sets, one open run and what it was told. */
export interface Fixture {
  dir: string;
  gateway: Gateway;
  run: RunAccess;
  calls: CallRecord[];
  logged: string[];
  upstreamUrl: string;
  /** Connections that are open between gateway and upstream. */
  upstreamSockets: Set<Socket>;
  /** How many connections the gateway ever opened to the upstream. */
  countConnections(): number;
  answerWith(handler: Handler): void;
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>;
  /** A TLS connection on which a test writes its own bytes. */
  connect(): Promise<tls.TLSSocket>;
  /** Writes raw bytes and returns all that comes back until the gateway ends the connection. */
  exchange(bytes: string): Promise<string>;
  close(): Promise<void>;
}

export async function startFixture({
  caller = WITH_FULL_SCOPE,
  ...options
}: Partial<GatewayOptions> & { caller?: Caller } = {}): Promise<Fixture> {
  const dir = await mkdtemp(join(tmpdir(), 'kubot-gateway-'));
  const upstreamSockets = new Set<Socket>();
  let handler: Handler = (_request, response) => response.end('{}');
  const upstream = http.createServer({ requestTimeout: 0 }, (request, response) =>
    handler(request, response),
  );
  upstream.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    response.writeContinue();
    handler(request, response);
  });
  let connections = 0;
  upstream.on('connection', (socket) => {
    connections += 1;
    upstreamSockets.add(socket);
    socket.on('close', () => upstreamSockets.delete(socket));
  });
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const upstreamUrl = `http://127.0.0.1:${portOf(upstream)}`;
  const logged: string[] = [];
  const write = (message: string, fields: Record<string, unknown> = {}) => {
    logged.push(`${message} ${JSON.stringify(fields)}`);
  };
  const gateway = await createGateway({
    upstream: upstreamUrl,
    authorization: { header: async () => HOST_AUTHORIZATION, renew: async () => false },
    certificateDir: join(dir, 'gateway'),
    runNode: issueOnce,
    log: { debug: write, info: write, warn: write, error: write },
    now: Date.now,
    ...options,
  });
  await writeFile(join(dir, 'ca.pem'), gateway.caCertPem);
  const calls: CallRecord[] = [];
  const run = gateway.openRun({ ...caller, onCall: (call) => calls.push(call) });
  const agent = new https.Agent({ keepAlive: true, ca: gateway.caCertPem });

  const connect = async () => {
    const socket = tls.connect({ host: '127.0.0.1', port: gateway.port, ca: gateway.caCertPem });
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    return socket;
  };

  return {
    dir,
    gateway,
    run,
    calls,
    logged,
    upstreamUrl,
    upstreamSockets,
    countConnections: () => connections,
    answerWith: (next) => {
      handler = next;
    },
    ask: async (method, path, { token = run.token, headers = {}, body } = {}) => {
      const request = https.request(`${gateway.endpoint}${path}`, {
        method,
        agent,
        headers: { authorization: `Bearer ${token}`, ...headers },
      });
      request.end(body);
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) };
    },
    connect,
    exchange: async (bytes) => {
      const socket = await connect();
      let received = '';
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString('latin1');
      });
      const closed = once(socket, 'close');
      socket.write(Buffer.from(bytes, 'latin1'));
      await closed;
      return received;
    },
    close: async () => {
      agent.destroy();
      await gateway.close();
      upstream.close();
      upstream.closeAllConnections();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

type Caller = Omit<Parameters<Gateway['openRun']>[0], 'onCall'>;

/** A run that may call what the host may: what most tests are about is not what it reaches. */
export const WITH_FULL_SCOPE: Caller = {
  runId: 'run-1',
  scope: 'full',
  robotId: 'a-robot',
  robotCode: 'INVOICES',
  processId: null,
  taskId: null,
};

let issued: Promise<string> | undefined;
/** Certificates are made once a test file: a child process for each test would be most of the time it takes. */
const issueOnce: RunNode = (scriptPath, args, input) => {
  issued ??= runNodeScript(scriptPath, args, input);
  return issued;
};

/** What the upstream must see, and a robot never. */
export const HOST_AUTHORIZATION = 'Basic aG9zdDpzZWNyZXQ=';

/** Resolves once `condition` holds; looked at after each turn of the event loop, so no time is guessed. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

function portOf(server: http.Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
