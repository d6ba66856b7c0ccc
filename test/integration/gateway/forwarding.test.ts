import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completesTask } from '../../../src/agent/gateway/open-run.ts';
import { createUpstreamAgent } from '../../../src/agent/gateway/upstream.ts';
import { runNodeScript } from '../../../src/agent/process/run-node-script.ts';
import { AgentError } from '../../../src/shared/errors.ts';
import { type Fixture, HOST_AUTHORIZATION, startFixture, until, WITH_FULL_SCOPE } from './gateway-fixture.ts';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await startFixture();
});
afterEach(() => fixture.close());

/** Answers each request with what arrived. */
function echo(request: IncomingMessage, response: http.ServerResponse): void {
  const { method, url, headers } = request;
  const chunks: Buffer[] = [];
  request.on('error', () => undefined);
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
  });
}
const parseEcho = (
  body: string,
): { method: string; url: string; headers: Record<string, string>; body: string } => JSON.parse(body);

describe('a call that is forwarded', () => {
  it('reaches the platform with the host’s credentials and none of the run’s', async () => {
    fixture.answerWith(echo);
    const answer = await fixture.ask('PUT', '/processes/p1/metadata?a=%20b', {
      body: '{"x":"é"}',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': '10.0.0.1', cookie: 'a=b' },
    });
    const seen = parseEcho(answer.body);
    expect({ status: answer.status, ...seen }).toEqual({
      status: 200,
      method: 'PUT',
      url: '/v2024-06-14/processes/p1/metadata?a=%20b',
      headers: {
        authorization: HOST_AUTHORIZATION,
        connection: 'keep-alive',
        'content-length': '10',
        'content-type': 'application/json',
        host: new URL(fixture.upstreamUrl).host,
      },
      body: '{"x":"é"}',
    });
    expect(JSON.stringify(seen)).not.toContain(fixture.run.token);
  });

  it('is told to its run, once, with its operation and its bytes', async () => {
    fixture.answerWith((request, response) => {
      request.resume().on('end', () => response.writeHead(201).end('four'));
    });
    await fixture.ask('POST', '/processes/p1/~actions/upload-document?fileName=secret.txt', { body: 'abc' });
    expect(fixture.calls).toEqual([
      {
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        runId: 'run-1',
        operationId: 'uploadProcessDocument',
        method: 'POST',
        path: '/processes/p1/~actions/upload-document',
        status: 201,
        verdict: 'forwarded',
        reason: null,
        params: { id: 'p1' },
        bytesUp: 3,
        bytesDown: 4,
        durationMs: expect.any(Number),
        times: 1,
      },
    ]);
  });

  it('shows a completed task before the robot has its answer, and which one', async () => {
    fixture.answerWith((_request, response) => {
      expect(fixture.run.isCalling('completeProcessItemTask', 't1')).toBe(true);
      expect(fixture.run.isCalling('completeProcessItemTask', 't2')).toBe(false);
      response.end('{}');
    });
    await fixture.ask('POST', '/process-items/t1/task/~actions/complete');
    expect(fixture.calls.map((call) => [completesTask(call, 't1'), completesTask(call, 't2')])).toEqual([
      [true, false],
    ]);
    expect(fixture.run.isCalling('completeProcessItemTask', 't1')).toBe(false);
  });

  it('takes a web page in place of an answer for a failure, but not a document that is one', async () => {
    fixture.answerWith((_request, response) => {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end('<html>Sign in to the hotel</html>');
    });
    const answer = await fixture.ask('POST', '/process-items/t1/task/~actions/complete');
    expect(answer.status).toBe(502);
    expect(JSON.parse(answer.body)).toMatchObject({ status: 502, errors: [{ code: 'GATEWAY_UNREACHABLE' }] });
    expect(fixture.calls.map((call) => completesTask(call, 't1'))).toEqual([false]);
    const document = await fixture.ask('GET', '/processes/p1/~actions/download-document?documentUri=u');
    expect([document.status, document.body]).toEqual([200, '<html>Sign in to the hotel</html>']);
  });

  it('counts no completion that the platform refused', async () => {
    fixture.answerWith((_request, response) => response.writeHead(409).end('{}'));
    await fixture.ask('POST', '/process-items/t1/task/~actions/complete');
    expect(fixture.calls.map((call) => completesTask(call, 't1'))).toEqual([false]);
  });

  it('passes the platform’s own errors as they are', async () => {
    const body = '{"timestamp":"2026-01-01T00:00:00Z","status":404,"message":"no such item"}';
    fixture.answerWith((_request, response) => {
      response.writeHead(404, { 'content-type': 'application/json', 'retry-after': '3' }).end(body);
    });
    const answer = await fixture.ask('GET', '/process-items/t1');
    expect([answer.status, answer.body, answer.headers['retry-after']]).toEqual([404, body, '3']);
  });

  it('passes compressed bodies untouched and holds back the host’s cookies', async () => {
    const packed = gzipSync('hello');
    fixture.answerWith((request, response) => {
      expect(request.headers['accept-encoding']).toBe('gzip, br');
      response.writeHead(200, { 'content-encoding': 'gzip', 'set-cookie': 'SESSION=1', 'x-kept': '1' });
      response.end(packed);
    });
    const answer = await fixture.ask('GET', '/processes', { headers: { 'accept-encoding': 'gzip, br' } });
    expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', 'x-kept': '1' });
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(fixture.calls[0]?.bytesDown).toBe(packed.length);
  });

  it('answers HEAD with the length of the body that GET would have', async () => {
    fixture.answerWith((request, response) => {
      response.writeHead(200, { 'content-length': '1234' });
      response.end(request.method === 'HEAD' ? undefined : 'x'.repeat(1234));
    });
    const answer = await fixture.ask('HEAD', '/processes/p1/~actions/download-document');
    expect([answer.status, answer.headers['content-length'], answer.body]).toEqual([200, '1234', '']);
  });

  it('passes a chunked body as a chunked one', async () => {
    fixture.answerWith(echo);
    const answer = await fixture.ask('POST', '/processes', {
      body: 'abc',
      headers: { 'transfer-encoding': 'chunked' },
    });
    const { headers, body } = parseEcho(answer.body);
    expect([headers['transfer-encoding'], headers['content-length'], body]).toEqual([
      'chunked',
      undefined,
      'abc',
    ]);
  });

  it('gives the length 0 to a POST that has no body', async () => {
    fixture.answerWith(echo);
    const answer = await fixture.ask('POST', '/process-items/t1/task/~actions/claim');
    expect(parseEcho(answer.body).headers['content-length']).toBe('0');
  });

  it('sends the answer’s head before a body that is late', async () => {
    let finish = () => {};
    fixture.answerWith((_request, response) => {
      response.flushHeaders();
      finish = () => response.end('late');
    });
    const request = https.get(`${fixture.gateway.endpoint}/processes`, {
      ca: fixture.gateway.caCertPem,
      headers: { authorization: `Bearer ${fixture.run.token}` },
    });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    finish();
    expect(await text(answer)).toBe('late');
  });

  it('uses its connections to the platform again', async () => {
    for (let at = 0; at < 5; at += 1) await fixture.ask('POST', '/processes', { body: '{}' });
    expect(fixture.countConnections()).toBe(1);
  });

  it('repeats a GET when a kept connection was closed under it, but no POST', async () => {
    let closeNext = false;
    const seen: (string | undefined)[] = [];
    fixture.answerWith((request, response) => {
      seen.push(request.method);
      if (closeNext) request.socket.destroy();
      else response.end('{}');
      closeNext = false;
    });
    await fixture.ask('GET', '/processes');
    closeNext = true;
    expect((await fixture.ask('GET', '/processes')).status).toBe(200);
    closeNext = true;
    expect((await fixture.ask('POST', '/processes', { body: '{}' })).status).toBe(502);
    expect(seen).toEqual(['GET', 'GET', 'GET', 'POST']);
  });
});

describe('100-continue', () => {
  async function expectContinue(token: string, path: string) {
    const request = https.request(`${fixture.gateway.endpoint}${path}`, {
      method: 'POST',
      ca: fixture.gateway.caCertPem,
      headers: { authorization: `Bearer ${token}`, expect: '100-continue', 'content-length': '3' },
    });
    request.flushHeaders();
    let continued = false;
    request.on('continue', () => {
      continued = true;
      request.end('abc');
    });
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    const body = await text(answer);
    request.destroy();
    return { continued, status: answer.statusCode, body };
  }

  it('is given before the body of a call that is allowed', async () => {
    fixture.answerWith(echo);
    const { continued, status, body } = await expectContinue(fixture.run.token, '/processes');
    expect([continued, status, parseEcho(body).body]).toEqual([true, 200, 'abc']);
  });

  it('is not given to a call that is refused', async () => {
    const refused = await expectContinue(fixture.run.token, '/workers');
    const unknown = await expectContinue('unknown', '/processes');
    expect([refused, unknown]).toMatchObject([
      { continued: false, status: 403 },
      { continued: false, status: 401 },
    ]);
  });
});

describe('an upstream that fails', () => {
  const errorOf = (body: string): unknown => JSON.parse(body);

  it('that cannot be reached is a 502 in the API’s own form', async () => {
    const gone = http.createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as { port: number };
    gone.close();
    const other = await startFixture({ upstream: `http://127.0.0.1:${port}` });
    const answer = await other.ask('GET', '/processes');
    await other.close();
    const message = `KuFlow could not be reached from this machine: connect ECONNREFUSED 127.0.0.1:${port}.`;
    expect([answer.status, errorOf(answer.body)]).toEqual([
      502,
      {
        timestamp: expect.any(String),
        status: 502,
        message,
        errors: [{ code: 'GATEWAY_UNREACHABLE', message }],
      },
    ]);
    expect(other.calls).toMatchObject([{ status: 502, verdict: 'forwarded', reason: message }]);
  });

  it('that never answers is a 504', async () => {
    const patient = await startFixture({ limits: { idleTimeoutMs: 200 } });
    patient.answerWith(() => {});
    const answer = await patient.ask('POST', '/processes', { body: '{}' });
    expect(answer.status).toBe(504);
    await until(() => patient.upstreamSockets.size === 0);
    await patient.close();
  });

  it('that dies in its answer never makes half an answer look whole', async () => {
    for (const headers of [{ 'content-length': '1000' }, { 'transfer-encoding': 'chunked' }]) {
      fixture.answerWith((_request, response) => {
        response.writeHead(200, headers);
        response.write('half', () => response.destroy());
      });
      await expect(fixture.ask('GET', '/processes')).rejects.toMatchObject({ code: 'ECONNRESET' });
    }
    await until(() => fixture.calls.length === 2);
    expect(fixture.calls[0]).toMatchObject({ status: 200, reason: 'The platform broke off in its answer.' });
  });

  it('that answers before the upload’s end is heard, and the rest of the upload is thrown away', async () => {
    fixture.answerWith((_request, response) => {
      response.writeHead(413).end('too much');
    });
    const body = Buffer.alloc(20_000_000);
    const answer = await fixture.ask('POST', '/processes/p1/~actions/upload-document', { body });
    expect([answer.status, answer.body]).toEqual([413, 'too much']);
  });

  it.each([301, 302, 303, 307, 308])('that redirects with %i sends the robot nowhere', async (status) => {
    fixture.answerWith((_request, response) => {
      response.writeHead(status, { location: 'https://elsewhere.example/?token=1' }).end();
    });
    const answer = await fixture.ask('GET', '/processes/p1/~actions/download-document');
    expect([answer.status, answer.headers.location]).toEqual([502, undefined]);
    expect(answer.body).toContain('"code":"GATEWAY_REDIRECTED"');
    expect(answer.body).not.toContain('elsewhere');
    expect(fixture.calls).toMatchObject([{ status: 502, verdict: 'forwarded' }]);
  });

  it('that says nothing has changed is passed on: that is no redirect', async () => {
    fixture.answerWith((_request, response) => {
      response.writeHead(304, { etag: '"1"' }).end();
    });
    const answer = await fixture.ask('GET', '/processes/p1', { headers: { 'if-none-match': '"1"' } });
    expect([answer.status, answer.headers.etag]).toEqual([304, '"1"']);
  });

  it('whose credentials are not to be had is a 502 that shows none of them', async () => {
    const other = await startFixture({
      authorization: {
        header: () => Promise.reject(new AgentError('UNAUTHORIZED', 'client ABC was refused')),
        renew: async () => false,
      },
    });
    const answer = await other.ask('GET', '/processes');
    await other.close();
    expect(answer.status).toBe(502);
    expect(answer.body).not.toContain('ABC');
    expect(other.calls).toMatchObject([{ status: 502, reason: expect.stringContaining('sign in') }]);
  });
});

describe('a robot that goes', () => {
  it('in the middle of a download takes the platform’s side along', async () => {
    fixture.answerWith((_request, response) => {
      const push = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) {}
      };
      response.on('drain', push);
      push();
    });
    const request = https.get(`${fixture.gateway.endpoint}/processes/p1/~actions/download-document`, {
      ca: fixture.gateway.caCertPem,
      headers: { authorization: `Bearer ${fixture.run.token}` },
    });
    request.on('error', () => undefined);
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    await once(answer, 'data');
    request.destroy();
    await until(() => fixture.upstreamSockets.size === 0 && fixture.calls.length === 1);
    expect(fixture.calls).toMatchObject([{ status: 200, reason: 'The robot hung up, or its run ended.' }]);
  });

  it('in the middle of an upload takes the platform’s side along', async () => {
    let aborted = false;
    fixture.answerWith((request) => {
      request
        .on('error', () => undefined)
        .on('aborted', () => {
          aborted = true;
        });
      request.resume();
    });
    const socket = await fixture.connect();
    const host = `127.0.0.1:${fixture.gateway.port}`;
    socket.write(
      `POST /v2024-06-14/processes HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${fixture.run.token}\r\nContent-Length: 1000\r\n\r\nhalf`,
    );
    await until(() => fixture.upstreamSockets.size === 1);
    socket.destroy();
    await until(() => aborted && fixture.calls.length === 1);
    expect(fixture.calls).toMatchObject([{ status: null, bytesUp: 4 }]);
  });

  it('that ended gets 401, and its calls on their way are cut', async () => {
    fixture.answerWith(() => {});
    const hanging = fixture.ask('GET', '/processes');
    await until(() => fixture.upstreamSockets.size === 1);
    fixture.run.close();
    await expect(hanging).rejects.toMatchObject({ code: 'ECONNRESET' });
    await until(() => fixture.upstreamSockets.size === 0);
    const after = await fixture.ask('GET', '/processes');
    expect([after.status, after.headers['www-authenticate'], fixture.calls.length]).toEqual([
      401,
      'Bearer',
      1,
    ]);
  });

  it('leaves other runs alone', async () => {
    const other = fixture.gateway.openRun({ ...WITH_FULL_SCOPE, runId: 'run-2', onCall: () => undefined });
    fixture.run.close();
    expect((await fixture.ask('GET', '/processes', { token: other.token })).status).toBe(200);
  });
});

describe('what the gateway leaves', () => {
  it('holds no token, in the log or on the disk', async () => {
    await fixture.ask('GET', '/processes');
    await fixture.ask('GET', '/nowhere', { token: 'unknown' });
    expect(JSON.stringify([fixture.logged, fixture.calls])).not.toContain(fixture.run.token);
    expect(JSON.stringify([fixture.logged, fixture.calls])).not.toContain(HOST_AUTHORIZATION);
  });

  it('outlives a run that cannot record its calls', async () => {
    const broken = fixture.gateway.openRun({
      ...WITH_FULL_SCOPE,
      runId: 'run-3',
      onCall: () => {
        throw new Error('journal is full');
      },
    });
    expect((await fixture.ask('GET', '/processes', { token: broken.token })).status).toBe(200);
    expect(fixture.logged.filter((line) => line.includes('journal is full')).length).toBe(1);
  });
});

describe('the leaf', () => {
  it('is renewed on the live listener, and only when it is due', async () => {
    let nowMs = Date.now() - 65 * 24 * 60 * 60 * 1000;
    const aged = await startFixture({ now: () => nowMs, runNode: runNodeScript });
    const serialOf = async () => {
      const socket = await aged.connect();
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    const first = await serialOf();
    expect(await aged.gateway.renewIfDue()).toBe(false);
    nowMs = Date.now();
    expect(await aged.gateway.renewIfDue()).toBe(true);
    const second = await serialOf();
    expect(second).not.toBe(first);
    expect((await aged.ask('GET', '/processes')).status).toBe(200);
    await aged.close();
  });
});

describe('createUpstreamAgent', () => {
  it('goes by the proxy it is given, but not for hosts that need none', async () => {
    const asked: (string | undefined)[] = [];
    const proxy = http.createServer((request, response) => {
      asked.push(request.url);
      response.end('by proxy');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as { port: number };
    const HTTP_PROXY = `http://127.0.0.1:${port}`;
    const upstream = 'http://kuflow.example/root/v2024-06-14/';
    const proxied = await startFixture({ upstream, agent: createUpstreamAgent(upstream, { HTTP_PROXY }) });
    expect((await proxied.ask('GET', '/processes?page=1')).body).toBe('by proxy');
    expect(asked).toEqual(['http://kuflow.example/root/v2024-06-14/processes?page=1']);
    await proxied.close();
    proxy.close();
    proxy.closeAllConnections();
  });
});
