import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Bounds of a worker's `ip` in the specification. */
const SHORTEST = 7;
const LONGEST = 40;
const NOT_KNOWN = '127.0.0.1';
/** A name server that does not answer must not hold up the registration. */
const LOOKUP_LIMIT_MS = 1000;

/**
 * The local address of the route to the API. Connecting a UDP socket sends nothing; it asks the system which
 * address it would send from. Behind a proxy the API's name may not resolve: then the first outward address.
 */
export async function findLocalAddress(endpoint: string): Promise<string> {
  const url = new URL(endpoint);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port) || (url.protocol === 'http:' ? 80 : 443);
  const routed = await routeFrom(host, port);
  return workerIp(routed ?? firstOutwardAddress() ?? NOT_KNOWN);
}

/** An address in the form that the API takes: 7 to 40 characters, an IPv6 that is shorter written out in full. */
export function workerIp(address: string): string {
  const plain = address.split('%')[0] ?? '';
  const full = isIPv6(plain) && plain.length < SHORTEST ? writeOut(plain) : plain;
  return full.length >= SHORTEST && full.length <= LONGEST ? full : NOT_KNOWN;
}

/** `::1` → `0000:0000:0000:0000:0000:0000:0000:0001` */
function writeOut(address: string): string {
  const [head = '', tail = ''] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join(':');
}

async function routeFrom(host: string, port: number): Promise<string | null> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<string | null>((resolve, reject) => {
      timer = setTimeout(resolve, LOOKUP_LIMIT_MS, null);
      socket.on('error', reject);
      socket.connect(port, host, () => resolve(socket.address().address));
    });
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
    socket.close();
  }
}

function firstOutwardAddress(): string | null {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ internal }) => !internal)?.address ?? null;
}
