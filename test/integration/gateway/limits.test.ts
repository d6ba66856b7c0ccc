import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import tls, { type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { GatewayLimits } from '../../../src/agent/gateway/limits.ts';
import { type Fixture, startFixture, until } from './gateway-fixture.ts';

let fixture: Fixture | undefined;
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

async function startWith(limits: Partial<GatewayLimits>): Promise<Fixture> {
  fixture = await startFixture({ limits });
  fixture.answerWith(takeAll);
  return fixture;
}

function takeAll(request: IncomingMessage, response: ServerResponse): void {
  request.on('error', () => undefined);
  request.resume().on('end', () => response.end('{}'));
}

const headOf = ({ gateway, run }: Fixture, ...lines: string[]) =>
  [
    'POST /v2024-06-14/processes HTTP/1.1',
    `Host: 127.0.0.1:${gateway.port}`,
    `Authorization: Bearer ${run.token}`,
    ...lines,
    '\r\n',
  ].join('\r\n');

/** Writes a byte every few milliseconds until the other side ends the connection. */
async function drip(socket: TLSSocket, byte: string): Promise<string> {
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
  });
  const timer = setInterval(() => socket.write(byte), 10);
  await once(socket, 'close');
  clearInterval(timer);
  return received;
}

const firstLine = (received: string) => received.split('\r\n')[0];

describe('the size of a body', () => {
  it('is limited, announced or not', async () => {
    const { ask } = await startWith({ maxBodyBytes: 1000, maxUploadBytes: 2000 });
    const status = async (path: string, size: number, headers: Record<string, string>) =>
      (await ask('POST', path, { body: 'x'.repeat(size), headers })).status;
    const chunked = { 'transfer-encoding': 'chunked' };
    expect([
      await status('/processes', 1000, {}),
      await status('/processes', 1001, {}),
      await status('/processes', 1001, chunked),
      await status('/processes/p/~actions/upload-document', 2000, chunked),
      await status('/processes/p/~actions/upload-document', 2001, chunked),
    ]).toEqual([200, 413, 413, 200, 413]);
  });
});

describe('headers', () => {
  it('that are too large get 431', async () => {
    const { exchange } = await startWith({ maxHeaderBytes: 2000 });
    const received = await exchange(`GET /v2024-06-14/processes HTTP/1.1\r\nX: ${'x'.repeat(3000)}\r\n\r\n`);
    expect(firstLine(received)).toBe('HTTP/1.1 431 Request Header Fields Too Large');
  });

  it('that never end get 408', async () => {
    const { exchange } = await startWith({ headersTimeoutMs: 300 });
    const received = await exchange('GET /v2024-06-14/processes HTTP/1.1\r\nHost:');
    expect(firstLine(received)).toBe('HTTP/1.1 408 Request Timeout');
  });

  it('that come byte by byte get 408', async () => {
    const { connect } = await startWith({ headersTimeoutMs: 300 });
    const socket = await connect();
    socket.write('GET /v2024-06-14/processes HTTP/1.1\r\nX: ');
    expect(firstLine(await drip(socket, 'x'))).toBe('HTTP/1.1 408 Request Timeout');
  });

  it('that never begin get 408', async () => {
    const { connect } = await startWith({ headersTimeoutMs: 300 });
    const socket = await connect();
    socket.resume();
    await once(socket, 'close');
  });
});

describe('the pace of a body', () => {
  it('that stands still is waited for no longer than idle', async () => {
    const patient = await startWith({ idleTimeoutMs: 200 });
    const answer = await patient.exchange(`${headOf(patient, 'Content-Length: 9')}half`);
    expect(firstLine(answer)).toBe('HTTP/1.1 408 Request Timeout');
  });

  it.each([
    ['with a length', 'Content-Length: 100000', 'x'],
    ['in chunks', 'Transfer-Encoding: chunked', '1\r\nx\r\n'],
  ])('that is a byte now and then gets 408, %s, and the platform is let go', async (_how, header, piece) => {
    const slow = await startWith({ slowBodyMs: 300, minBodyBytesPerSecond: 10_000 });
    const socket = await slow.connect();
    socket.write(headOf(slow, header));
    expect(firstLine(await drip(socket, piece))).toBe('HTTP/1.1 408 Request Timeout');
    await until(() => slow.upstreamSockets.size === 0 && slow.calls.length === 1);
    expect(slow.calls).toMatchObject([
      { status: 408, reason: "The request's body came slower than 10000 bytes a second." },
    ]);
  });

  it('of a call that was refused is not waited for either', async () => {
    const slow = await startWith({ slowBodyMs: 300 });
    const socket = await slow.connect();
    socket.write(headOf(slow, 'Content-Length: 100000').replace('/processes', '/workers'));
    expect(firstLine(await drip(socket, 'x'))).toBe('HTTP/1.1 403 Forbidden');
  });

  it('is not held against the robot while the platform takes nothing', async () => {
    const slow = await startWith({ slowBodyMs: 300, minBodyBytesPerSecond: 10 });
    let read: () => void = () => undefined;
    slow.answerWith((request, response) => {
      read = () => takeAll(request, response);
    });
    const body = Buffer.alloc(30_000_000);
    const answer = slow.ask('POST', '/processes', { body });
    await until(() => slow.upstreamSockets.size === 1);
    // Three looks at the pace find the platform's side full.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    read();
    expect((await answer).status).toBe(200);
  });
});

describe('the number', () => {
  it('of calls at the same time is limited for each run', async () => {
    const crowded = await startWith({ maxCallsAtOnce: 2 });
    const held: ServerResponse[] = [];
    crowded.answerWith((_request, response) => held.push(response));
    const first = [crowded.ask('GET', '/processes'), crowded.ask('GET', '/processes')];
    await until(() => held.length === 2);
    const third = await crowded.ask('GET', '/processes');
    expect([third.status, third.headers['retry-after'], third.body]).toEqual([
      429,
      '1',
      expect.stringContaining('"code":"GATEWAY_TOO_MANY"'),
    ]);
    for (const response of held) response.end('{}');
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('of calls a second is limited for each run, and those turned away are recorded together', async () => {
    const crowded = await startWith({ callsInReserve: 3, callsPerSecond: 0.001 });
    const statuses: number[] = [];
    for (let at = 0; at < 8; at += 1) statuses.push((await crowded.ask('GET', '/processes')).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429, 429, 429]);
    crowded.run.close();
    const turnedAway = crowded.calls.slice(3);
    expect(turnedAway.map(({ status, verdict }) => `${verdict} ${status}`)).toContain('refused 429');
    expect(turnedAway.reduce((sum, { times }) => sum + times, 0)).toBe(5);
  });

  it('of calls of one run takes nothing from another', async () => {
    const crowded = await startWith({ callsInReserve: 1, callsPerSecond: 0.001 });
    const other = crowded.gateway.openRun({
      runId: 'run-2',
      scope: 'full',
      robotId: 'r',
      robotCode: 'OTHER',
      processId: null,
      taskId: null,
      onCall: () => undefined,
    });
    const statuses = [
      (await crowded.ask('GET', '/processes')).status,
      (await crowded.ask('GET', '/processes')).status,
      (await crowded.ask('GET', '/processes', { token: other.token })).status,
    ];
    expect(statuses).toEqual([200, 429, 200]);
  });

  it('of connections is limited', async () => {
    const crowded = await startWith({ maxConnections: 2 });
    const open = [await crowded.connect(), await crowded.connect()];
    const third = tls.connect({
      host: '127.0.0.1',
      port: crowded.gateway.port,
      ca: crowded.gateway.caCertPem,
    });
    third.on('error', () => undefined);
    await new Promise((resolve) => third.once('close', resolve));
    open[0]?.destroy();
    open[1]?.destroy();
  });
});

describe('a door elsewhere', () => {
  it('leads to the same gateway', async () => {
    const { gateway, run, dir, calls } = await startWith({});
    const path = join(dir, 'door.sock');
    const door = createServer();
    gateway.serve(door);
    door.listen(path);
    await once(door, 'listening');
    const socket = tls.connect({ path, host: '127.0.0.1', ca: gateway.caCertPem });
    await once(socket, 'secureConnect');
    socket.write(
      `GET /v2024-06-14/processes HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nAuthorization: Bearer ${run.token}\r\nConnection: close\r\n\r\n`,
    );
    let received = '';
    for await (const chunk of socket) received += String(chunk);
    door.close();
    expect([firstLine(received), calls.length]).toEqual(['HTTP/1.1 200 OK', 1]);
  });
});
