import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Fixture, startFixture } from './gateway-fixture.ts';

let fixture: Fixture;
let upstreamSaw: string[];
beforeEach(async () => {
  fixture = await startFixture();
  upstreamSaw = [];
  fixture.answerWith((request, response) => {
    upstreamSaw.push(`${request.method} ${request.url}`);
    response.setHeader('connection', 'close');
    request.resume().on('end', () => response.end('{}'));
  });
});
afterEach(() => fixture.close());

const PATH = '/v2024-06-14/processes';

/** A request as raw text: `HOST` and `TOKEN` stand for the right ones. */
function raw(lines: readonly string[], body = ''): string {
  return `${lines.join('\r\n')}\r\n\r\n${body}`
    .replaceAll('HOST', `127.0.0.1:${fixture.gateway.port}`)
    .replaceAll('TOKEN', fixture.run.token);
}

const statusesOf = (received: string) =>
  [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);

describe('a message that two readers could understand differently', () => {
  it.each<[string, string[], string]>([
    [
      'has Transfer-Encoding and Content-Length',
      [
        `POST ${PATH} HTTP/1.1`,
        'Host: HOST',
        'Authorization: Bearer TOKEN',
        'Content-Length: 4',
        'Transfer-Encoding: chunked',
      ],
      '0\r\n\r\nGET /v2024-06-14/workers HTTP/1.1\r\n\r\n',
    ],
    [
      'has two lengths',
      [
        `POST ${PATH} HTTP/1.1`,
        'Host: HOST',
        'Authorization: Bearer TOKEN',
        'Content-Length: 0',
        'Content-Length: 4',
      ],
      'abcd',
    ],
    [
      'has a list of lengths',
      [`POST ${PATH} HTTP/1.1`, 'Host: HOST', 'Authorization: Bearer TOKEN', 'Content-Length: 4, 4'],
      'abcd',
    ],
    [
      'has a negative length',
      [`POST ${PATH} HTTP/1.1`, 'Host: HOST', 'Authorization: Bearer TOKEN', 'Content-Length: -1'],
      '',
    ],
    [
      'has an unknown transfer encoding',
      [`POST ${PATH} HTTP/1.1`, 'Host: HOST', 'Authorization: Bearer TOKEN', 'Transfer-Encoding: xchunked'],
      '0\r\n\r\n',
    ],
    [
      'has chunked before another encoding',
      [
        `POST ${PATH} HTTP/1.1`,
        'Host: HOST',
        'Authorization: Bearer TOKEN',
        'Transfer-Encoding: chunked, identity',
      ],
      '0\r\n\r\n',
    ],
    [
      'has a space before a header’s colon',
      [`GET ${PATH} HTTP/1.1`, 'Host: HOST', 'Authorization : Bearer TOKEN'],
      '',
    ],
    ['folds a header', [`GET ${PATH} HTTP/1.1`, 'Host: HOST', 'Authorization: Bearer', ' TOKEN', 'X: 1'], ''],
    [
      'has two hosts',
      [`GET ${PATH} HTTP/1.1`, 'Host: HOST', 'Host: evil', 'Authorization: Bearer TOKEN'],
      '',
    ],
    ['has no host', [`GET ${PATH} HTTP/1.1`, 'Authorization: Bearer TOKEN'], ''],
    [
      'has two tokens',
      [`GET ${PATH} HTTP/1.1`, 'Host: HOST', 'Authorization: Bearer TOKEN', 'Authorization: Bearer other'],
      '',
    ],
    [
      'names an absolute URI',
      [`GET https://HOST${PATH} HTTP/1.1`, 'Host: HOST', 'Authorization: Bearer TOKEN'],
      '',
    ],
    ['starts with two slashes', [`GET /${PATH} HTTP/1.1`, 'Host: HOST', 'Authorization: Bearer TOKEN'], ''],
    [
      'climbs out of the version',
      ['GET /v2024-06-14/../admin HTTP/1.1', 'Host: HOST', 'Authorization: Bearer TOKEN'],
      '',
    ],
    [
      'has a body in a GET',
      [`GET ${PATH} HTTP/1.1`, 'Host: HOST', 'Authorization: Bearer TOKEN', 'Content-Length: 4'],
      'abcd',
    ],
  ])('%s: 400, and the platform hears nothing of it', async (_what, lines, body) => {
    const received = await fixture.exchange(raw(lines.toSpliced(1, 0, 'Connection: close'), body));
    expect(statusesOf(received)).toEqual(['400']);
    expect(upstreamSaw).toEqual([]);
  });

  it('means another host: 421', async () => {
    const lines = [`GET ${PATH} HTTP/1.1`, 'Connection: close', 'Authorization: Bearer TOKEN'];
    for (const host of ['localhost:1', 'api.kuflow.com', '127.0.0.1', '127.0.0.1.evil.example']) {
      expect(statusesOf(await fixture.exchange(raw([...lines, `Host: ${host}`])))).toEqual(['421']);
    }
    expect(upstreamSaw).toEqual([]);
  });

  it('asks for a tunnel: the connection ends', async () => {
    const received = await fixture.exchange(
      raw(['CONNECT api.kuflow.com:443 HTTP/1.1', 'Host: HOST', 'Authorization: Bearer TOKEN']),
    );
    expect([received, upstreamSaw]).toEqual(['', []]);
  });

  it('asks for another protocol: it is answered in this one', async () => {
    const lines = [`GET ${PATH} HTTP/1.1`, 'Host: HOST', 'Authorization: Bearer TOKEN'];
    const received = await fixture.exchange(raw([...lines, 'Upgrade: h2c', 'Connection: upgrade, close']));
    expect([statusesOf(received), upstreamSaw]).toEqual([['200'], [`GET ${PATH}`]]);
  });

  it('speaks plain HTTP to the TLS port: nothing is answered', async () => {
    await expect(fetch(`http://127.0.0.1:${fixture.gateway.port}${PATH}`)).rejects.toThrow();
    expect((await fixture.ask('GET', '/processes')).status).toBe(200);
  });
});

describe('requests one behind the other on one connection', () => {
  it('are judged one by one', async () => {
    const first = raw([`GET ${PATH} HTTP/1.1`, 'Host: HOST', 'Authorization: Bearer TOKEN']);
    const second = raw(
      [
        'POST /v2024-06-14/workers HTTP/1.1',
        'Host: HOST',
        'Authorization: Bearer TOKEN',
        'Content-Length: 2',
      ],
      '{}',
    );
    const third = raw([
      `GET ${PATH} HTTP/1.1`,
      'Host: HOST',
      'Authorization: Bearer other',
      'Connection: close',
    ]);
    expect(statusesOf(await fixture.exchange(first + second + third))).toEqual(['200', '403', '401']);
    expect(upstreamSaw).toEqual([`GET ${PATH}`]);
    expect(fixture.calls.map(({ operationId, verdict, status }) => [operationId, verdict, status])).toEqual([
      ['createWorker', 'refused', 403],
      ['findProcesses', 'forwarded', 200],
    ]);
  });
});

describe('a call that is refused', () => {
  it('is answered in the API’s own form and told to its run', async () => {
    const answer = await fixture.ask('POST', '/authentications', { body: '{"type":"ENGINE_TOKEN"}' });
    const message = 'Robots may not call createAuthentication: it would hand out credentials of this host.';
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      403,
      { timestamp: expect.any(String), status: 403, message, errors: [{ code: 'GATEWAY_REFUSED', message }] },
    ]);
    expect(fixture.calls).toMatchObject([
      { operationId: 'createAuthentication', status: 403, verdict: 'refused', reason: message },
    ]);
    expect(upstreamSaw).toEqual([]);
  });

  it('without a good token is told to no run', async () => {
    const statuses = await Promise.all(
      ['', 'unknown', `${fixture.run.token}x`].map(
        async (token) => (await fixture.ask('GET', '/processes', { token })).status,
      ),
    );
    expect([statuses, fixture.calls, upstreamSaw]).toEqual([[401, 401, 401], [], []]);
  });

  it('lets the robot end its upload and use its connection again', async () => {
    const body = Buffer.alloc(5_000_000);
    expect((await fixture.ask('POST', '/workers', { body })).status).toBe(403);
    expect((await fixture.ask('GET', '/processes')).status).toBe(200);
  });

  it('names an unknown path as it was sent, and the methods of a known one', async () => {
    const unknown = await fixture.ask('GET', '/secrets?token=1');
    const wrong = await fixture.ask('DELETE', '/robots');
    expect([unknown.status, wrong.status, wrong.headers.allow]).toEqual([404, 405, 'GET']);
    expect(fixture.calls.map(({ operationId, path }) => [operationId, path])).toEqual([
      [null, '/v2024-06-14/secrets'],
      [null, '/v2024-06-14/robots'],
    ]);
  });
});
