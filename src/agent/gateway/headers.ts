import type { IncomingMessage } from 'node:http';

export type Headers = Record<string, string | string[]>;

/** RFC 9110, 7.6.1: they speak of one connection only. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Not the robot's to say: who it is, where it comes from, which host it means, and headers by which servers or
 * proxies read another method or path than the one that was judged. `Expect` is answered here.
 */
const NOT_FROM_ROBOTS =
  /^(authorization|cookie2?|host|expect|http2-settings|forwarded|via|x-real-ip|x-forwarded-.*|x-original-.*|x-rewrite-.*|x-http-method.*|x-method-override)$/;

/** A session of the host's, as a cookie, would be a credential that outlives the run. */
const NOT_FOR_ROBOTS = /^(set-cookie2?|alt-svc)$/;

/** The robot's headers as the upstream gets them, without authorization and without the body's framing. */
export function headersForUpstream(request: IncomingMessage): Headers {
  return collect(request.rawHeaders, (name) => NOT_FROM_ROBOTS.test(name) || name === 'content-length');
}

/** The upstream's headers as the robot gets them; Content-Length stays, for the body is passed as it is. */
export function headersForRobot(answer: IncomingMessage): Headers {
  return collect(answer.rawHeaders, (name) => NOT_FOR_ROBOTS.test(name));
}

/** How often a header stands in a message, however it is written. */
export function countHeader(message: IncomingMessage, wanted: string): number {
  let count = 0;
  for (const [name] of pairs(message.rawHeaders)) if (name === wanted) count += 1;
  return count;
}

function collect(rawHeaders: readonly string[], isDropped: (name: string) => boolean): Headers {
  const named = new Set<string>();
  for (const [name, value] of pairs(rawHeaders)) {
    if (name === 'connection') for (const part of value.split(',')) named.add(part.trim().toLowerCase());
  }
  // "Connection: content-length" would strip a body's framing: that one stays.
  named.delete('content-length');
  const headers = new Map<string, string[]>();
  for (const [name, value] of pairs(rawHeaders)) {
    if (HOP_BY_HOP.has(name) || named.has(name) || isDropped(name)) continue;
    const values = headers.get(name);
    if (values) values.push(value);
    else headers.set(name, [value]);
  }
  return Object.fromEntries([...headers].map(([name, values]) => [name, only(values)]));
}

function only(values: string[]): string | string[] {
  const [first] = values;
  return values.length === 1 && first !== undefined ? first : values;
}

/** Node's flat list of names and values as pairs, names in lower case. */
function* pairs(rawHeaders: readonly string[]): Generator<[string, string]> {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    yield [(rawHeaders[at] ?? '').toLowerCase(), rawHeaders[at + 1] ?? ''];
  }
}
