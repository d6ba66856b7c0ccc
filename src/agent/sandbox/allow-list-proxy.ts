import { lookup as resolveName } from 'node:dns';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { BlockList, connect, isIP, type LookupFunction, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { isDirect } from '../config/direct-hosts.ts';
import { findPattern, type HostPattern, plainHost } from './host-pattern.ts';
import type { NetworkContact } from './sandbox.ts';

export interface AllowListProxyOptions {
  patterns: readonly HostPattern[];
  /** The host's own proxy, as the usual variables name it; null: none. */
  upstream: { http_proxy?: string; https_proxy?: string; no_proxy: string } | null;
  /** Told once of each host and port. */
  onContact: (contact: NetworkContact) => void;
}

export interface AllowListProxy {
  /** Serves the connections that `door` accepts. */
  serve(door: Server): void;
  /** Ends every connection. */
  close(): void;
}

/** How programs find it as the one way out: all but the loopback goes there, whatever the host's exceptions are. */
export function proxyVariables(url: string): Record<string, string> {
  const direct = '127.0.0.1,localhost';
  return {
    HTTP_PROXY: url,
    http_proxy: url,
    HTTPS_PROXY: url,
    https_proxy: url,
    NO_PROXY: direct,
    no_proxy: direct,
    NODE_USE_ENV_PROXY: '1',
  };
}

interface Target {
  host: string;
  port: number;
}

const CONNECT_TIMEOUT_MS = 30_000;
/** A robot that scans the network is not to fill the agent's memory or its log. */
const MOST_CONTACTS = 200;

/** This machine and its link: loopback services, and the metadata services of clouds. */
const LOCAL = new BlockList();
LOCAL.addSubnet('127.0.0.0', 8);
LOCAL.addSubnet('0.0.0.0', 8);
LOCAL.addSubnet('169.254.0.0', 16);
LOCAL.addAddress('::1', 'ipv6');
LOCAL.addAddress('::', 'ipv6');
LOCAL.addSubnet('fe80::', 10, 'ipv6');
LOCAL.addAddress('fd00:ec2::254', 'ipv6');

/**
 * The one way out of a sandbox with a network of its own: an HTTP proxy (plain requests and CONNECT) that reaches
 * the hosts of an allow-list. A name that leads to this machine itself is refused whatever pattern it fits; an
 * address that the list names, or localhost, is meant.
 */
export function createAllowListProxy(options: AllowListProxyOptions): AllowListProxy {
  const { patterns, upstream } = options;
  const tell = contactTeller(options.onContact);
  const agent = new Agent({
    keepAlive: true,
    ...(upstream?.http_proxy !== undefined && {
      proxyEnv: { HTTP_PROXY: upstream.http_proxy, NO_PROXY: upstream.no_proxy },
    }),
  });
  const open = new Set<Duplex>();
  const track = <T extends Duplex>(stream: T): T => {
    open.add(stream);
    stream.once('close', () => open.delete(stream));
    return stream;
  };
  /** The list's verdict; undefined: refused. */
  const judge = (target: Target): HostPattern | undefined => {
    const pattern = findPattern(patterns, target.host, target.port);
    const allowed = pattern && !(isIP(target.host) && isLocal(target.host) && pattern.host !== target.host);
    tell({ ...target, verdict: allowed ? 'allowed' : 'refused' });
    return allowed ? pattern : undefined;
  };
  const guard = (target: Target, pattern: HostPattern): LookupFunction =>
    guardedLookup(pattern.host === 'localhost', () => tell({ ...target, verdict: 'refused' }));

  const server = createServer((incoming, answer) => {
    const url = parseUrl(incoming.url);
    if (url === null) {
      refuse(answer, 400, 'This is a proxy: it takes http://host/path and CONNECT host:port.');
      return;
    }
    const target = { host: plainHost(url.hostname), port: Number(url.port || 80) };
    const pattern = judge(target);
    if (pattern === undefined) refuse(answer, 403, refusal(target));
    else forward(incoming, answer, url, target, { agent, lookup: guard(target, pattern) });
  });
  server.on('connect', (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    client.on('error', () => client.destroy());
    const target = parseTarget(incoming.url);
    const pattern = target && judge(target);
    if (!target || !pattern) {
      const text = target ? refusal(target) : 'CONNECT wants host:port.';
      client.end(`HTTP/1.1 ${target ? '403 Forbidden' : '400 Bad Request'}\r\n${plainBody(text)}`);
      return;
    }
    const proxy = proxyFor(target, upstream);
    const far = track(
      proxy
        ? connect({ host: proxy.hostname, port: Number(proxy.port || 80) })
        : connect({ ...target, lookup: guard(target, pattern) }),
    );
    tunnel(track(client), far, { head, target, proxy });
  });
  // A robot that speaks something else than HTTP.
  server.on('clientError', (_error, socket) => socket.destroy());
  return {
    serve: (door) => {
      door.on('connection', (socket: Socket) => server.emit('connection', track(socket)));
    },
    close: () => {
      for (const stream of open) stream.destroy();
      agent.destroy();
    },
  };
}

function contactTeller(onContact: (contact: NetworkContact) => void): (contact: NetworkContact) => void {
  const told = new Set<string>();
  return (contact) => {
    const key = `${contact.verdict} ${contact.host}:${contact.port}`;
    if (told.has(key) || told.size >= MOST_CONTACTS) return;
    told.add(key);
    onContact(contact);
  };
}

/** Resolves names, but never to this machine: whoever owns a name says where it leads. */
function guardedLookup(mayBeLocal: boolean, onRefused: () => void): LookupFunction {
  return (hostname, lookupOptions, callback) => {
    resolveName(hostname, { ...lookupOptions, all: true }, (error, addresses) => {
      const fit = error ? [] : addresses.filter(({ address }) => mayBeLocal || !isLocal(address));
      if (!error && fit.length === 0) onRefused();
      const failure = error ?? (fit.length === 0 ? new Error(`${hostname} leads to this machine`) : null);
      if (lookupOptions.all) callback(failure, fit);
      else callback(failure, fit[0]?.address ?? '', fit[0]?.family);
    });
  };
}

function isLocal(address: string): boolean {
  return LOCAL.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function forward(
  incoming: IncomingMessage,
  answer: ServerResponse,
  url: URL,
  target: Target,
  { agent, lookup }: { agent: Agent; lookup: LookupFunction },
): void {
  const onward = request({
    agent,
    lookup,
    host: target.host,
    port: target.port,
    method: incoming.method ?? 'GET',
    path: `${url.pathname}${url.search}`,
    headers: { ...endToEnd(incoming.headers), host: url.host },
    timeout: CONNECT_TIMEOUT_MS,
  });
  onward.on('response', (response) => {
    answer.writeHead(response.statusCode ?? 502, endToEnd(response.headers));
    response.pipe(answer);
    response.on('error', () => answer.destroy());
  });
  onward.on('error', (error) => {
    if (answer.headersSent) answer.destroy();
    else refuse(answer, 502, `${target.host}:${target.port} could not be reached: ${error.message}.`);
  });
  answer.on('close', () => onward.destroy());
  incoming.pipe(onward);
}

const HOP_BY_HOP = /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings)$/i;

function endToEnd(headers: NodeJS.Dict<string | string[]>): NodeJS.Dict<string | string[]> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.test(name)));
}

/** Joins a client with what it asked for, directly or by the host's own proxy. */
function tunnel(
  client: Duplex,
  far: Socket,
  { head, target, proxy }: { head: Buffer; target: Target; proxy: URL | undefined },
): void {
  const { host, port } = target;
  const name = isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
  const join = (early: Buffer) => {
    far.setTimeout(0);
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    if (early.length > 0) client.write(early);
    if (head.length > 0) far.write(head);
    client.pipe(far).pipe(client);
  };
  const fail = (why: string) => {
    if (client.writable) client.end(`HTTP/1.1 502 Bad Gateway\r\n${plainBody(`${name}: ${why}`)}`);
    far.destroy();
  };
  far.setTimeout(CONNECT_TIMEOUT_MS, () => fail('no answer in time'));
  far.on('error', (error) => fail(error.message));
  far.on('close', () => client.destroy());
  client.on('close', () => far.destroy());
  far.once('connect', () => {
    if (!proxy) {
      join(Buffer.alloc(0));
      return;
    }
    const user =
      proxy.username && `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
    const credentials = user && `Proxy-Authorization: Basic ${Buffer.from(user).toString('base64')}\r\n`;
    far.write(`CONNECT ${name} HTTP/1.1\r\nHost: ${name}\r\n${credentials}\r\n`);
    readHead(far, (status, early) => {
      if (status === 200) join(early);
      else fail(`the host's proxy answered ${status}`);
    });
  });
}

/** Reads the head of a proxy's answer and gives its status and what came behind it. */
function readHead(socket: Socket, done: (status: number, early: Buffer) => void): void {
  let read: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    read = Buffer.concat([read, chunk]);
    const end = read.indexOf('\r\n\r\n');
    if (end === -1 && read.length < 16_384) return;
    socket.off('data', onData);
    const status = /^HTTP\/1\.\d (\d{3})/.exec(read.toString('latin1', 0, 32))?.[1];
    done(end === -1 ? 502 : Number(status ?? 502), read.subarray(end + 4));
  };
  socket.on('data', onData);
}

/** The host's proxy for a tunnel; undefined: none, or the target is reached without it. */
function proxyFor(target: Target, upstream: AllowListProxyOptions['upstream']): URL | undefined {
  const url = upstream?.https_proxy;
  if (url === undefined || !URL.canParse(url)) return undefined;
  return isDirect(target, upstream?.no_proxy ?? '') ? undefined : new URL(url);
}

function parseUrl(text: string | undefined): URL | null {
  if (text === undefined || !URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === 'http:' && url.username === '' ? url : null;
}

function parseTarget(text: string | undefined): Target | undefined {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^\s:/@[\]]+):(\d{1,5})$/.exec(text ?? '');
  const port = Number(match?.[2]);
  return match?.[1] && port >= 1 && port <= 65_535 ? { host: plainHost(match[1]), port } : undefined;
}

function refusal({ host, port }: Target): string {
  return `The sandbox of this robot does not allow ${host}:${port}. Who governs this machine may add it to allowedHosts.`;
}

function refuse(answer: ServerResponse, status: number, text: string): void {
  answer.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  answer.end(`${text}\n`);
}

function plainBody(text: string): string {
  const body = `${text}\n`;
  return `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}
