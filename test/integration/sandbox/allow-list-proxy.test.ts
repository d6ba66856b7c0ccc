import { createServer as createWebServer, type Server as WebServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type AllowListProxy,
  type AllowListProxyOptions,
  createAllowListProxy,
} from '../../../src/agent/sandbox/allow-list-proxy.ts';
import { parseHostPattern } from '../../../src/agent/sandbox/host-pattern.ts';

const servers: (Server | WebServer)[] = [];
const proxies: AllowListProxy[] = [];

afterEach(async () => {
  for (const proxy of proxies.splice(0)) proxy.close();
  await Promise.all(
    servers.splice(0).map(
      (server) =>
        new Promise((resolve) => {
          server.close(resolve);
          if ('closeAllConnections' in server) server.closeAllConnections();
        }),
    ),
  );
});

async function listen<T extends Server | WebServer>(server: T): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const webServer = () =>
  listen(
    createWebServer((request, response) =>
      response.end(`${request.method} ${request.url} ${request.headers.host}`),
    ),
  );

interface Proxied {
  port: number;
  contacts: string[];
}

async function proxyFor(patterns: string[], over: Partial<AllowListProxyOptions> = {}): Promise<Proxied> {
  const contacts: string[] = [];
  const proxy = createAllowListProxy({
    patterns: patterns.map(parseHostPattern),
    upstream: null,
    onContact: ({ host, port, verdict }) => contacts.push(`${verdict} ${host}:${port}`),
    ...over,
  });
  proxies.push(proxy);
  const door = createServer();
  const port = await listen(door);
  proxy.serve(door);
  return { port, contacts };
}

/** Says it all at once and reads until the other side ends. */
function talk(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

const get = (url: string) => `GET ${url} HTTP/1.1\r\nHost: other.test\r\nConnection: close\r\n\r\n`;
const tunnelled = (target: string) =>
  `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\nGET /far HTTP/1.1\r\nHost: far.test\r\nConnection: close\r\n\r\n`;

describe('the way out of a private network', () => {
  test('takes plain requests and tunnels to what is allowed', async () => {
    const web = await webServer();
    const { port, contacts } = await proxyFor([`127.0.0.1:${web}`]);
    // The URL says where it goes, not the robot's Host.
    expect(await talk(port, get(`http://127.0.0.1:${web}/a?b`))).toContain(`GET /a?b 127.0.0.1:${web}`);
    const answer = await talk(port, tunnelled(`127.0.0.1:${web}`));
    expect(answer).toMatch(/^HTTP\/1\.1 200 Connection established\r\n\r\nHTTP\/1\.1 200 OK/);
    expect(answer).toContain('GET /far far.test');
    expect(contacts).toEqual([`allowed 127.0.0.1:${web}`]);
  });

  test('refuses the rest by name, once told', async () => {
    const { port, contacts } = await proxyFor(['allowed.test:443']);
    const refusal = /^HTTP\/1\.1 403 .*does not allow secret\.test:80\b/s;
    expect(await talk(port, get('http://secret.test/'))).toMatch(refusal);
    expect(await talk(port, get('http://secret.test/again'))).toMatch(refusal);
    expect(await talk(port, tunnelled('[2001:db8::1]:22'))).toMatch(/^HTTP\/1\.1 403 .*2001:db8::1/s);
    expect(contacts).toEqual(['refused secret.test:80', 'refused 2001:db8::1:22']);
  });

  test.each([
    ['localhost', 'a name that leads to this machine'],
    ['127.0.0.1', 'its address'],
    ['[::ffff:127.0.0.1]', 'its address in another form'],
    ['169.254.169.254', 'the metadata service of a cloud'],
    ['0.0.0.0', 'any address'],
  ])('does not take a pattern for %s: %s', async (host) => {
    const web = await webServer();
    const { port, contacts } = await proxyFor(['*:*']);
    expect(await talk(port, tunnelled(`${host}:${web}`))).toMatch(/^HTTP\/1\.1 (403|502) /);
    expect(await talk(port, get(`http://${host}:${web}/`))).toMatch(/^HTTP\/1\.1 (403|502) /);
    expect(contacts.at(-1)).toMatch(/^refused /);
  });

  test('reaches this machine where the list names it', async () => {
    const web = await webServer();
    const { port } = await proxyFor([`localhost:${web}`]);
    expect(await talk(port, get(`http://localhost:${web}/`))).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('goes by the host’s own proxy, with its credentials', async () => {
    const asked: string[] = [];
    const web = await webServer();
    const upstream = createWebServer();
    upstream.on('connect', (request, client) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization']}`);
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      const far = connect({ host: '127.0.0.1', port: web });
      client.pipe(far).pipe(client);
    });
    const url = `http://ada:s%20t@127.0.0.1:${await listen(upstream)}`;
    const { port } = await proxyFor(['far.test:443'], {
      upstream: { http_proxy: url, https_proxy: url, no_proxy: '' },
    });
    expect(await talk(port, tunnelled('far.test:443'))).toContain('GET /far far.test');
    expect(asked).toEqual([`far.test:443 Basic ${Buffer.from('ada:s t').toString('base64')}`]);
  });

  test.each(['*', '127.0.0.1', '127.0.0.1:PORT'])(
    'goes past the host’s proxy where noProxy has %s',
    async (list) => {
      const web = await webServer();
      const url = 'http://127.0.0.1:1';
      const { port } = await proxyFor([`127.0.0.1:${web}`], {
        upstream: { http_proxy: url, https_proxy: url, no_proxy: list.replace('PORT', String(web)) },
      });
      expect(await talk(port, tunnelled(`127.0.0.1:${web}`))).toContain('GET /far');
    },
  );

  test('goes by the host’s proxy where noProxy has another port of the host', async () => {
    const web = await webServer();
    const url = 'http://127.0.0.1:1';
    const { port } = await proxyFor([`127.0.0.1:${web}`], {
      upstream: { http_proxy: url, https_proxy: url, no_proxy: `127.0.0.1:${web + 1}` },
    });
    expect(await talk(port, tunnelled(`127.0.0.1:${web}`))).toMatch(/^HTTP\/1\.1 502 /);
  });

  test.each([
    ['a request to the proxy itself', get('/')],
    ['another scheme', get('ftp://a.test/')],
    ['credentials in the URL', get('http://u:p@a.test/')],
    ['a tunnel without a port', 'CONNECT a.test HTTP/1.1\r\n\r\n'],
    ['a tunnel to a path', 'CONNECT a.test/x:80 HTTP/1.1\r\n\r\n'],
  ])('answers %s with 400', async (_what, text) => {
    const { port, contacts } = await proxyFor(['*:*']);
    expect(await talk(port, text)).toMatch(/^HTTP\/1\.1 400 /);
    expect(contacts).toEqual([]);
  });

  test('hangs up on what is no HTTP', async () => {
    const { port } = await proxyFor(['*:*']);
    expect(await talk(port, '\x16\x03\x01 hello\r\n\r\n')).toBe('');
  });
});
