import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { CONTROL_API, type ControlHandlers, type ControlMethod } from '../../shared/control-api.ts';
import { AgentError, isAgentError, toAgentError } from '../../shared/errors.ts';
import { callHandler, streamHandler } from './call-handler.ts';

export interface ControlServerOptions {
  /** A Unix socket's path, or a named pipe on Windows. Whoever holds the home's lock owns it. */
  readonly socketPath: string;
  /** What who connected may use; the error where it may not ask at all. */
  readonly admit: (socket: Socket) => ControlHandlers | AgentError;
  /** Who may open the socket; its owner alone unless told. */
  readonly mode?: number;
  readonly log: { error(message: string, fields: Record<string, unknown>): void };
}

interface Answering extends Pick<ControlServerOptions, 'log'> {
  readonly handlers: ControlHandlers;
}

export interface ControlServer {
  /** Ends the streams and answers no more. */
  close(): Promise<void>;
}

/** Bytes of a request; the largest is `start` with its variables. */
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Serves the control API on a local socket: `POST /v1/<method>` with JSON. A call is
 * answered with its output, or with `{error}` and a status other than 200. A stream is answered with lines
 * `{value}`; its last line is `{end: true}` or `{error}`, so that a broken one is never taken for a whole one.
 * @throws AgentError HOME_UNUSABLE when it cannot listen
 */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { socketPath, admit, log, mode = 0o600 } = options;
  const closing = new AbortController();
  const admitted = new WeakMap<Socket, ControlHandlers | AgentError>();
  const server = createServer((request, response) => {
    const handlers = admitted.get(request.socket);
    if (handlers === undefined || isAgentError(handlers)) return turnAway(response, handlers);
    answerControlRequest(request, response, { handlers, log }, closing.signal);
  });
  // Asked as soon as somebody connects: what it belongs to can change afterwards.
  server.on('connection', (socket) => {
    const found = admit(socket);
    admitted.set(socket, found);
    if (isAgentError(found)) socket.setTimeout(REFUSED_PATIENCE_MS, () => socket.destroy());
  });
  await listen(server, socketPath, mode);
  return {
    close: async () => {
      closing.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const patience = setTimeout(() => server.closeAllConnections(), CLOSE_PATIENCE_MS);
      await closed;
      clearTimeout(patience);
    },
  };
}

/** How long one that may not ask can hold its connection. */
const REFUSED_PATIENCE_MS = 5000;

function turnAway(
  response: ServerResponse,
  error = new AgentError('PEER_REFUSED', 'It is not known who asks.'),
): void {
  response.setHeader('connection', 'close');
  send(response, 403, { error: error.toJSON() });
}

/** How long answers under way may take when the agent goes. */
const CLOSE_PATIENCE_MS = 1000;

/** Answers one request of a caller whose right to ask was looked at: the socket's mode, the page's session. */
export function answerControlRequest(
  request: IncomingMessage,
  response: ServerResponse,
  options: Answering,
  closing: AbortSignal,
): void {
  answer(request, response, options, closing).catch((error: unknown) => {
    options.log.error('Control request failed', { path: request.url, message: String(error) });
    response.destroy();
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { handlers, log }: Answering,
  closing: AbortSignal,
): Promise<void> {
  const left = new AbortController();
  response.on('close', () => left.abort());
  const signal = AbortSignal.any([closing, left.signal]);
  try {
    const method = methodOf(request);
    const input = await readJson(request);
    if (CONTROL_API[method].kind === 'call') {
      const output = await callHandler(handlers, method, input);
      send(response, 200, output);
    } else {
      await sendStream(response, streamHandler(handlers, method, input, signal), signal);
    }
  } catch (thrown) {
    // The client left in the middle of its request: nobody waits, and nothing is wrong here.
    if (request.destroyed && !request.complete) return;
    const error = toAgentError(thrown);
    if (error.code === 'UNEXPECTED') {
      log.error('Control request failed', { path: request.url, message: error.message });
    }
    const document = { error: error.toJSON() };
    if (response.headersSent) response.end(`${JSON.stringify(document)}\n`);
    else send(response, STATUS_BY_BLAME[error.blame], document);
  }
}

const STATUS_BY_BLAME = { caller: 400, agent: 500, host: 502, package: 422, run: 422 } as const;

function methodOf(request: IncomingMessage): ControlMethod {
  const name = /^\/v1\/(\w+)$/.exec(request.url ?? '')?.[1] ?? '';
  if (request.method !== 'POST' || !isMethod(name)) {
    throw new AgentError('USAGE', `The control API has no ${request.method} ${request.url}.`);
  }
  return name;
}

function isMethod(name: string): name is ControlMethod {
  return Object.hasOwn(CONTROL_API, name);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    // What is too much is read and dropped: a client that cannot go on writing hears no answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(part);
  }
  if (bytes > MAX_BODY_BYTES) throw new AgentError('USAGE', 'The request is larger than 1 MB.');
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
  } catch (cause) {
    throw new AgentError('USAGE', 'The request is not JSON.', { cause });
  }
}

function send(response: ServerResponse, status: number, document: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(document));
}

async function sendStream(
  response: ServerResponse,
  values: AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<void> {
  response.setHeader('content-type', 'application/x-ndjson');
  for await (const value of values) {
    if (signal.aborted) break;
    const isRoom = response.write(`${JSON.stringify({ value })}\n`);
    if (!isRoom) await drained(response, signal);
  }
  response.end(signal.aborted ? '' : `${JSON.stringify({ end: true })}\n`);
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    if (signal.aborted) resolve();
    response.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

async function listen(server: Server, socketPath: string, mode: number): Promise<void> {
  const isFile = process.platform !== 'win32';
  try {
    // A crash leaves its socket; whoever holds the lock may take it away.
    if (isFile) await rm(socketPath, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject);
      // Made for its users alone, not made so afterwards: it may lie in a folder of everybody's.
      const umask = isFile ? process.umask(0o777 & ~mode) : null;
      server.listen(socketPath, resolve);
      if (umask !== null) process.umask(umask);
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AgentError('HOME_UNUSABLE', `The control socket ${socketPath} cannot be opened: ${reason}.`, {
      cause,
    });
  }
}
