import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Server as NetServer } from 'node:net';
import { answerError, answerErrorOn, type GatewayError } from './default-error.ts';
import type { CertifiedKey } from './issued-certificates.ts';
import type { GatewayLimits } from './limits.ts';

export interface ListenOptions {
  leaf: CertifiedKey;
  limits: GatewayLimits;
  now: () => number;
  /** Also for requests that expect `100 Continue`, which whoever handles them gives or refuses. */
  onRequest: (request: IncomingMessage, response: ServerResponse) => void;
}

export interface Listener {
  readonly port: number;
  /** For new connections; those that live keep the certificate they began with. */
  setLeaf(leaf: CertifiedKey): void;
  /** Serves the connections that `door` accepts as well: a sandbox without this machine's loopback has its own. */
  serve(door: NetServer): void;
  /** Ends every connection. */
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 60_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * Listens with TLS on a free port of 127.0.0.1.
 * @throws the listener's own error
 */
export async function listen({ leaf, limits, now, onRequest }: ListenOptions): Promise<Listener> {
  const server = createServer({
    ...contextOf(leaf),
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    // A missing Host is answered by us, in the form of the API's errors.
    requireHostHeader: false,
    insecureHTTPParser: false,
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    // Uploads take as long as they take; a call that stands still is ended by whoever forwards it.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(5000, limits.headersTimeoutMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
  // The last resort for connections on which nothing moves and nobody waits for an answer.
  server.setTimeout(limits.idleTimeoutMs + KEEP_ALIVE_MS);
  server.maxConnections = limits.maxConnections;
  answerRequests(server, now, onRequest);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: portOf(server),
    serve: (door) => {
      door.on('connection', (socket) => server.emit('connection', socket));
    },
    setLeaf: (renewed) => server.setSecureContext(contextOf(renewed)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function contextOf(leaf: CertifiedKey) {
  return { key: leaf.keyPem, cert: leaf.certPem, minVersion: 'TLSv1.2' } as const;
}

function answerRequests(
  server: Server,
  now: () => number,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  const used = new WeakSet<object>();
  const onAny = (request: IncomingMessage, response: ServerResponse) => {
    used.add(request.socket);
    onRequest(request, response);
  };
  server.on('request', onAny);
  server.on('checkContinue', onAny);
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    const message = 'Of all expectations only 100-continue is known here.';
    answerError(response, { status: 417, code: 'GATEWAY_BAD_REQUEST', message }, now());
  });
  server.on('clientError', (error, socket) => {
    // After a first request an answer may be under way, and these lines would be read as part of it.
    if (!socket.writable || used.has(socket)) socket.destroy();
    else answerErrorOn(socket, refusalOf(error), now());
  });
}

/** What the parser or its clock refused, as an answer. */
function refusalOf(error: Error): GatewayError {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'HPE_HEADER_OVERFLOW') {
    return { status: 431, code: 'GATEWAY_TOO_LARGE', message: 'The headers of the request are too large.' };
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return { status: 408, code: 'GATEWAY_TIMEOUT', message: 'The headers of the request took too long.' };
  }
  return {
    status: 400,
    code: 'GATEWAY_BAD_REQUEST',
    message: `The request is not valid HTTP: ${error.message}.`,
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The gateway has no port');
  return address.port;
}
