import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ControlHandlers } from '../../shared/control-api.ts';
import { AgentError } from '../../shared/errors.ts';
import { PAGE_HEADERS } from '../../shared/page-policy.ts';
import { answerControlRequest } from '../control/control-server.ts';
import { sendPageFile } from './page-files.ts';
import { PageSessions } from './page-sessions.ts';

export interface PageServerOptions {
  /** `127.0.0.1:0`, `localhost:8080`, `[::1]:0`: this machine alone. */
  readonly address: string;
  /** The built renderer. */
  readonly filesDir: string;
  readonly handlers: ControlHandlers;
  readonly log: { error(message: string, fields: Record<string, unknown>): void };
  /** A link that opens the page once; told again each time one was used. */
  readonly onLink: (url: string) => void;
}

export interface PageServer {
  /** Without a ticket: it shows nothing of the agent. */
  readonly origin: string;
  close(): Promise<void>;
}

/** A ticket is 43 characters. */
const MAX_TICKET_BYTES = 200;

/**
 * The window as a page in a browser, for hosts without a desktop. Its files are anybody's; everything else asks
 * for the key of a session, which the ticket in a link is exchanged for, once.
 * @throws AgentError USAGE for an address that is not this machine’s or where it cannot listen
 */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const { host, port } = parseAddress(options.address);
  const sessions = new PageSessions();
  const closing = new AbortController();
  let origin = '';
  const tellLink = () => options.onLink(`${origin}/#ticket=${sessions.issueTicket()}`);
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => {
      options.log.error('Page request failed', { path: request.url, message: String(error) });
      response.destroy();
    });
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value);
    const path = request.url ?? '';
    if (!isOwnRequest(request, origin)) refuse(response, 403, 'This page is served to its own origin alone.');
    else if (request.method === 'GET') {
      if (!(await sendPageFile(path, options.filesDir, response)))
        refuse(response, 404, 'There is no such page.');
    } else if (request.method === 'POST' && path === '/session') {
      const key = sessions.exchange(await readText(request, MAX_TICKET_BYTES));
      if (key === null) refuse(response, 401, 'This link was used before, or a newer one was made.');
      else {
        response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' });
        response.end(key);
        tellLink();
      }
    } else if (!sessions.isOpen(bearerOf(request))) {
      refuse(response, 401, 'This page is not signed in; open the link that the agent printed.');
    } else {
      response.setHeader('cache-control', 'no-store');
      answerControlRequest(request, response, options, closing.signal);
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new AgentError('USAGE', `The page cannot be served on ${options.address}: ${cause.message}.`, {
          cause,
          hint: 'Name another port, or 0 for any that is free.',
        }),
      );
    });
    server.listen(port, host, resolve);
  });
  const bound = server.address() as AddressInfo;
  origin = `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`;
  tellLink();
  return {
    origin,
    close: async () => {
      closing.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @throws AgentError USAGE */
function parseAddress(address: string): { host: string; port: number } {
  const match = /^(127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})$/.exec(address);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port > 65_535) {
    throw new AgentError('USAGE', `The page cannot be served on ${address}.`, {
      hint: 'It is for this machine alone: 127.0.0.1:PORT, localhost:PORT or [::1]:PORT; 0 is any free port.',
    });
  }
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}

/**
 * Whether a request is our own page's, or a person's who opens it. The name it was sent to stops a name of somebody
 * else's that points to this machine; where it came from stops other sites and other ports of this machine.
 */
function isOwnRequest({ headers, method }: IncomingMessage, origin: string): boolean {
  if (`http://${headers.host}` !== origin) return false;
  if (headers.origin !== undefined) return headers.origin === origin;
  const site = headers['sec-fetch-site'];
  return method === 'GET' || site === undefined || site === 'same-origin';
}

function bearerOf({ headers }: IncomingMessage): string {
  return /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
}

async function readText(request: IncomingMessage, maxBytes: number): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    if (text.length < maxBytes) text += String(chunk);
  }
  return text;
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(message);
}
