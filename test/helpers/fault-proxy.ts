import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What goes wrong with one request. `before`: the platform never saw it; `after`: it acted on it. */
export type FaultKind =
  | { kind: 'reset-before' }
  | { kind: 'reset-after' }
  | { kind: 'hang-before' }
  | { kind: 'hang-after' }
  /** Head and the first bytes of the true answer, then the connection is reset. */
  | { kind: 'cut'; bytes: number }
  /** The request comes late; never, when its client has left by then. */
  | { kind: 'delay'; milliseconds: number }
  /** The request comes late, even when its client has left by then. */
  | { kind: 'deliver-late'; milliseconds: number }
  /** The request is kept until `release`, and delivered then, even when its client has left. */
  | { kind: 'hold' }
  /** The platform acts at once; its answer comes late. */
  | { kind: 'delay-answer'; milliseconds: number }
  /** The true answer, a few bytes at a time. */
  | { kind: 'trickle'; chunkBytes: number; everyMs: number }
  /** An answer of the proxy's own; the platform never sees the request. */
  | { kind: 'answer'; status: number; headers?: Record<string, string>; body?: string | Buffer };

type Fault = FaultKind & {
  /** `path` is as sent: with the version and the query. `body` is empty unless it is JSON. */
  match: (method: string, path: string, body: string) => boolean;
  /** How many requests it befalls; 1 unless given. */
  times?: number;
  /** Hears when the fault has what it befalls: `acted` is told only where the platform acts on the request. */
  onPhase?: (phase: 'begun' | 'acted', request: { method: string; path: string }) => void;
};

interface SeenRequest {
  method: string;
  path: string;
  headers: http.IncomingHttpHeaders;
  fault: FaultKind['kind'] | null;
  /** Status that the client was sent; null until then, or if none. */
  status: number | null;
}

export interface FaultProxy {
  /** Stands for the target's URL. */
  readonly url: string;
  /** Every request that arrived, oldest first. */
  readonly requests: SeenRequest[];
  /** Faults are tried in the order they were added; the first that matches is used up by one. */
  add(fault: Fault): void;
  clear(): void;
  /** Cuts the connections on which a client waits for an answer. */
  cutWaiting(): void;
  /** Delivers the requests that are held. */
  release(): void;
  /** Refuses connections and cuts those that are open. */
  down(): Promise<void>;
  /** Listens on the same port again. */
  up(): Promise<void>;
  close(): Promise<void>;
}

/** A real HTTP proxy in front of a platform, with scripted faults; `target` is a URL without the version path. */
export async function startFaultProxy(options: { target: string }): Promise<FaultProxy> {
  const target = new URL(options.target);
  const faults: { fault: Fault; left: number }[] = [];
  const requests: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const waiting = new Set<ServerResponse>();
  const held: (() => void)[] = [];
  let server = http.createServer();

  const takeFault = (method: string, path: string, body: string): Fault | null => {
    const found = faults.find(({ fault, left }) => left > 0 && fault.match(method, path, body));
    if (!found) return null;
    found.left--;
    return found.fault;
  };

  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = 'GET', url: path = '/', headers } = request;
    const isJson = headers['content-type']?.includes('json') === true;
    const body = isJson ? await readAll(request) : null;
    if (isJson && !request.complete) return;
    const fault = takeFault(method, path, body?.toString() ?? '');
    const seen = { method, path, headers, fault: fault?.kind ?? null, status: null };
    requests.push(seen);
    const exchange = { target, request, body, response, fault, seen };
    if (fault?.kind === 'hold') held.push(() => forward(exchange));
    serve(exchange);
  };
  const listen = async (port: number) => {
    server = http.createServer((request, response) => {
      waiting.add(response);
      response.on('close', () => waiting.delete(response));
      void take(request, response);
    });
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return (server.address() as AddressInfo).port;
  };
  const stop = async () => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };

  const port = await listen(0);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    add: (fault) => {
      faults.push({ fault, left: fault.times ?? 1 });
    },
    clear: () => {
      faults.length = 0;
    },
    cutWaiting: () => {
      for (const response of waiting) response.socket?.resetAndDestroy();
    },
    release: () => {
      for (const go of held.splice(0)) go();
    },
    down: stop,
    up: async () => {
      await listen(port);
    },
    close: stop,
  };
}

interface Exchange {
  target: URL;
  request: IncomingMessage;
  /** Read already; null: it is still to be read. */
  body: Buffer | null;
  response: ServerResponse;
  fault: Fault | null;
  seen: SeenRequest;
}

function serve(exchange: Exchange): void {
  const { request, response, fault, seen } = exchange;
  fault?.onPhase?.('begun', seen);
  switch (fault?.kind) {
    case 'reset-before':
      request.socket.resetAndDestroy();
      return;
    case 'hang-before':
      request.resume();
      return;
    case 'answer': {
      request.resume();
      const headers = { 'content-type': 'application/json', ...fault.headers };
      seen.status = fault.status;
      response.writeHead(fault.status, headers).end(fault.body ?? '');
      return;
    }
    case 'delay':
      setTimeout(() => {
        if (!response.destroyed) forward(exchange);
      }, fault.milliseconds);
      return;
    case 'deliver-late':
      setTimeout(() => forward(exchange), fault.milliseconds);
      return;
    case 'hold':
      return;
    default:
      forward(exchange);
  }
}

function forward(exchange: Exchange): void {
  const { target, request, body, response } = exchange;
  const upstream = http.request(
    {
      hostname: target.hostname,
      port: target.port,
      method: request.method,
      path: request.url,
      headers: request.headers,
      agent: false,
    },
    (answer) => relay(exchange, answer),
  );
  // A platform that is away looks to the client as if the proxy were: the connection breaks.
  upstream.on('error', () => request.socket.resetAndDestroy());
  response.on('close', () => upstream.destroy());
  if (body === null) request.pipe(upstream);
  else upstream.end(body);
}

function relay(exchange: Exchange, answer: IncomingMessage): void {
  const { request, response, fault, seen } = exchange;
  const status = answer.statusCode ?? 502;
  const begin = () => {
    seen.status = status;
    response.writeHead(status, answer.rawHeaders);
  };
  answer.on('error', () => request.socket.resetAndDestroy());
  fault?.onPhase?.('acted', seen);
  switch (fault?.kind) {
    case 'reset-after':
      answer.resume().on('end', () => request.socket.resetAndDestroy());
      return;
    case 'hang-after':
      answer.resume();
      return;
    case 'delay-answer':
      void readAll(answer).then((body) => {
        setTimeout(() => {
          begin();
          response.end(body);
        }, fault.milliseconds);
      });
      return;
    case 'cut':
      void readAll(answer).then((body) => {
        begin();
        response.write(body.subarray(0, fault.bytes), () => request.socket.resetAndDestroy());
      });
      return;
    case 'trickle':
      void readAll(answer).then((body) => {
        begin();
        trickle(response, body, fault);
      });
      return;
    default:
      begin();
      answer.pipe(response);
  }
}

/** Nothing, when the client leaves first. */
async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of answer) chunks.push(chunk);
  } catch {
    return Buffer.alloc(0);
  }
  return Buffer.concat(chunks);
}

function trickle(
  response: ServerResponse,
  body: Buffer,
  pace: { chunkBytes: number; everyMs: number },
): void {
  let at = 0;
  const timer = setInterval(() => {
    response.write(body.subarray(at, at + pace.chunkBytes));
    at += pace.chunkBytes;
    if (at < body.length) return;
    clearInterval(timer);
    response.end();
  }, pace.everyMs);
  response.on('close', () => clearInterval(timer));
}
