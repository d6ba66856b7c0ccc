import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAllowListProxy } from '../../../../../src/agent/sandbox/allow-list-proxy.ts';
import { parseHostPattern } from '../../../../../src/agent/sandbox/host-pattern.ts';
import { openProxyDoor, type ProxyDoor } from '../../../../../src/agent/sandbox/macos/proxy-door.ts';

let door: ProxyDoor;
const site = createServer((_request, answer) => answer.end('the site'));
let host: string;
let close: () => void;

beforeEach(async () => {
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(site.address() as AddressInfo).port}`;
  door = await openProxyDoor();
  const proxy = createAllowListProxy({
    patterns: [parseHostPattern(host)],
    upstream: null,
    onContact: () => undefined,
  });
  proxy.serve(door.server);
  close = () => proxy.close();
});
afterEach(async () => {
  door.close();
  close();
  site.closeAllConnections();
  await new Promise((resolve) => site.close(resolve));
});

/** Status and body of a request by the proxy. */
async function ask(authorization?: string): Promise<string> {
  const sent = request({
    host: '127.0.0.1',
    port: door.port,
    path: `http://${host}/`,
    headers: authorization === undefined ? {} : { 'proxy-authorization': authorization },
  }).end();
  const [answer] = await once(sent, 'response');
  let body = '';
  for await (const part of answer) body += String(part);
  return `${answer.statusCode} ${body}`;
}

const keyOf = (url: string) =>
  `Basic ${Buffer.from(new URL(url).href.slice(7).split('@')[0] ?? '').toString('base64')}`;

test('lets who has the run’s key to the proxy', async () => {
  expect(await ask(keyOf(door.url))).toBe('200 the site');
});

test.each([
  ['none', undefined],
  ['another', 'Basic cnVuOjEyMzQ='],
])('refuses %s', async (_what, authorization) => {
  expect(await ask(authorization)).toBe('407 ');
});

test('opens a tunnel for who has it, also when the head comes in pieces', async () => {
  const socket = connect(door.port, '127.0.0.1');
  const head = `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\nProxy-Authorization: ${keyOf(door.url)}\r\n\r\n`;
  socket.write(head.slice(0, 30));
  await once(socket, 'connect');
  socket.write(head.slice(30));
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toContain('200 Connection established');
  socket.destroy();
});
