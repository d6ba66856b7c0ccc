import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, Server, type Socket } from 'node:net';

/** A door to the allow-list proxy on this machine's own loopback, where Seatbelt gives a sandbox none of its own. */
export interface ProxyDoor {
  port: number;
  /** Emits the connections that showed the run's own key. */
  server: Server;
  /** `http://run:KEY@127.0.0.1:PORT`. */
  url: string;
  close(): void;
}

const MAX_HEAD_BYTES = 16_384;
const HEAD_WITHIN_MS = 15_000;
const REFUSAL =
  'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="kubot"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/** Whoever is on this machine can connect, so the key is asked for: the proxy behind it asks for nothing. */
export async function openProxyDoor(): Promise<ProxyDoor> {
  const key = randomBytes(32).toString('hex');
  const expected = Buffer.from(`Basic ${Buffer.from(`run:${key}`).toString('base64')}`);
  const passed = new Server();
  const open = new Set<Socket>();
  const listener = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    checkHead(socket, expected, () => passed.emit('connection', socket));
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(0, '127.0.0.1', resolve);
  });
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    server: passed,
    url: `http://run:${key}@127.0.0.1:${port}`,
    close: () => {
      listener.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** The first head of a connection; who comes later on it is the same program. */
function checkHead(socket: Socket, expected: Buffer, pass: () => void): void {
  let read: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    read = Buffer.concat([read, chunk]);
    const end = read.indexOf('\r\n\r\n');
    if (end === -1 && read.length < MAX_HEAD_BYTES) return;
    socket.off('data', onData);
    socket.setTimeout(0);
    const given =
      /^proxy-authorization:[ \t]*(.*?)[ \t]*$/im.exec(read.toString('latin1', 0, end))?.[1] ?? '';
    if (end === -1 || !isSame(Buffer.from(given), expected)) {
      socket.end(REFUSAL);
      return;
    }
    socket.pause();
    socket.unshift(read);
    pass();
    socket.resume();
  };
  socket.setTimeout(HEAD_WITHIN_MS, () => socket.destroy());
  socket.on('data', onData);
}

function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}
