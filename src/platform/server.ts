import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiError, defaultError } from './api-error.ts';
import { authenticate } from './authenticate.ts';
import type { Api } from './create-api.ts';
import type { OauthServer } from './oauth/oauth-server.ts';
import type { PlatformState } from './platform-state.ts';
import { readJson, readQuery, takesOctets } from './read-request.ts';
import { sendAnswer } from './send-answer.ts';

/** How long open connections get to end before they are cut. */
const CLOSE_AFTER_MS = 2000;

export interface PlatformServer {
  url: string;
  close(): Promise<void>;
}

/** Serves the API over HTTP. */
export async function startServer(
  api: Api,
  oauth: OauthServer,
  state: PlatformState,
  listen: { host: string; port: number },
  onFault: (error: unknown) => void,
): Promise<PlatformServer> {
  const server = createServer((request, response) => {
    answerRequest(api, oauth, state, request, response).catch((error) => {
      if (!(error instanceof ApiError) && !response.destroyed) onFault(error);
      sendError(response, error, state.now());
    });
  });
  server.requestTimeout = 0; // a 1 GB document may take its time
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return { url: `http://${host}:${port}`, close: () => closeServer(server) };
}

async function answerRequest(
  api: Api,
  oauth: OauthServer,
  state: PlatformState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.setHeader('date', new Date(state.now()).toUTCString());
  if (await oauth.handle(request, response)) return;
  const principal = authenticate(state, request.headers.authorization);
  const url = parseUrl(request.url ?? '/');
  const query = readQuery(url.searchParams, url.pathname, state.behaviour);
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
  const answer = await api.handle(
    {
      method,
      path: url.pathname,
      query,
      headers: request.headers as Record<string, string>,
      body: takesOctets(url.pathname) ? undefined : await readJson(request, state.behaviour),
    },
    { state, principal, sourceAddress: request.socket.remoteAddress ?? '', stream: request },
  );
  await sendAnswer(request, response, answer, state.behaviour.range);
}

/** @throws ApiError 400 */
function parseUrl(text: string): URL {
  try {
    const url = new URL(text, 'http://platform');
    decodeURIComponent(url.pathname);
    return url;
  } catch {
    throw new ApiError(400, 'The path of the request is no URL');
  }
}

function sendError(response: ServerResponse, error: unknown, nowMs: number): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const known = error instanceof ApiError ? error : new ApiError(500, 'The platform failed to answer');
  const body = Buffer.from(JSON.stringify(defaultError(known.status, known.message, known.errors, nowMs)));
  response.writeHead(known.status, {
    'content-type': 'application/json',
    'content-length': body.length,
    ...(known.status === 401 && { 'www-authenticate': 'Basic realm="kuflow"' }),
    // The rest of a body that was refused is not read: the connection cannot be used again.
    ...(!response.req.complete && { connection: 'close' }),
  });
  response.end(body);
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), CLOSE_AFTER_MS);
  await closed;
  clearTimeout(cut);
}
