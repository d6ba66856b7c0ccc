import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Fixture, HOST_AUTHORIZATION, startFixture, WITH_FULL_SCOPE } from './gateway-fixture.ts';

// What a robot with the scope run gets out of the gateway when it tries, byte by byte as it would write it.

const OWN_PROCESS = '11111111-1111-4111-8111-111111111111';
const OWN_TASK = '22222222-2222-4222-8222-222222222222';
const OWN_ROBOT = '33333333-3333-4333-8333-333333333333';
const OTHER = '99999999-9999-4999-8999-999999999999';
const V = '/v2024-06-14';
const ITEM = `${V}/process-items/${OWN_TASK}`;
const PROCESS = `${V}/processes/${OWN_PROCESS}`;
const URI = 'kuflow-file%3Auri%3D1%3Btype%3Dtext%2Fplain%3B';

let fixture: Fixture;
let upstreamSaw: { line: string; authorization: string | undefined }[];
beforeAll(async () => {
  fixture = await startFixture({
    caller: {
      ...WITH_FULL_SCOPE,
      scope: 'run',
      robotId: OWN_ROBOT,
      processId: OWN_PROCESS,
      taskId: OWN_TASK,
    },
  });
  fixture.answerWith((request, response) => {
    upstreamSaw.push({
      line: `${request.method} ${request.url}`,
      authorization: request.headers.authorization,
    });
    response.setHeader('connection', 'close');
    request.resume().on('end', () => response.end('{}'));
  });
});
afterAll(() => fixture.close());
beforeEach(() => {
  upstreamSaw = [];
  fixture.calls.length = 0;
});

/** Sends one request over a connection of its own; `headers` come after those that every request has. */
async function send(line: string, headers: readonly string[] = [], body = '') {
  const received = await fixture.exchange(
    [
      `${line} HTTP/1.1`,
      `Host: 127.0.0.1:${fixture.gateway.port}`,
      `Authorization: Bearer ${fixture.run.token}`,
      'Connection: close',
      ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
      ...headers,
      '',
      body,
    ].join('\r\n'),
  );
  return {
    statuses: [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status)),
    code: /"code":"(\w+)"/.exec(received)?.[1] ?? null,
    received,
  };
}

describe('what is the run’s own', () => {
  it.each([
    `GET ${PROCESS}`,
    `PUT ${PROCESS}/metadata`,
    `POST ${PROCESS}/~actions/upload-document?fileContentType=text%2Fplain&fileName=a.txt`,
    `GET ${PROCESS}/~actions/download-document?documentUri=${URI}`,
    `GET ${ITEM}`,
    `HEAD ${ITEM}`,
    `PATCH ${ITEM}/task/data`,
    `POST ${ITEM}/task/~actions/append-log`,
    `POST ${ITEM}/task/~actions/complete`,
    `GET ${V}/robots/${OWN_ROBOT}`,
    `GET ${V}/robots/${OWN_ROBOT}/~actions/download-source-code`,
  ])('%s goes through, with the host’s credentials', async (line) => {
    const { statuses } = await send(line, [], /^(PUT|PATCH|POST)/.test(line) ? '{}' : '');
    expect(statuses).toEqual([200]);
    expect(upstreamSaw).toEqual([{ line, authorization: HOST_AUTHORIZATION }]);
    expect(fixture.calls).toMatchObject([{ verdict: 'forwarded', reason: null }]);
  });
});

describe('what is not', () => {
  it.each<[string, string]>([
    ['another task', `GET ${V}/process-items/${OTHER}`],
    ['another task’s log', `POST ${V}/process-items/${OTHER}/task/~actions/append-log`],
    ['another task’s end', `POST ${V}/process-items/${OTHER}/task/~actions/complete`],
    ['another task’s data', `PUT ${V}/process-items/${OTHER}/task/data`],
    ['its process as a task', `GET ${V}/process-items/${OWN_PROCESS}`],
    ['its task as a process', `GET ${V}/processes/${OWN_TASK}`],
    ['another process', `GET ${V}/processes/${OTHER}`],
    [
      'another process’s documents',
      `GET ${V}/processes/${OTHER}/~actions/download-document?documentUri=${URI}`,
    ],
    ['documents without a process', `GET ${V}/documents/~actions/download?documentUri=${URI}`],
    ['its own process’s end', `POST ${PROCESS}/~actions/complete`],
    ['its own process’s cancellation', `POST ${PROCESS}/~actions/cancel`],
    ['its own process’s deletion', `DELETE ${PROCESS}`],
    ['its own process’s initiator', `POST ${PROCESS}/~actions/change-initiator`],
    ['all processes', `GET ${V}/processes`],
    ['a new process', `POST ${V}/processes`],
    ['all tasks', `GET ${V}/process-items`],
    ['all tasks of its own process', `GET ${V}/process-items?processId=${OWN_PROCESS}`],
    ['a new item in a process', `POST ${V}/process-items`],
    ['another robot', `GET ${V}/robots/${OTHER}`],
    ['another robot’s code', `GET ${V}/robots/${OTHER}/~actions/download-source-code`],
    ['all robots', `GET ${V}/robots`],
    ['people', `GET ${V}/principals`],
    ['people of the tenant', `GET ${V}/tenant-users`],
    ['business artifacts', `GET ${V}/business-artifacts`],
    ['its task in capitals', `GET ${V}/process-items/${OTHER.replaceAll('9', 'A')}`],
  ])('%s is out of scope: 403, and the platform hears nothing of it', async (_what, line) => {
    const { statuses, code } = await send(line);
    expect([statuses, code, upstreamSaw]).toEqual([[403], 'GATEWAY_OUT_OF_SCOPE', []]);
    expect(fixture.calls).toMatchObject([{ status: 403, verdict: 'refused' }]);
  });

  it.each(['/authentications', '/workers'])('%s is the host’s in every scope: 403', async (path) => {
    const { statuses, code } = await send(`POST ${V}${path}`);
    expect([statuses, code, upstreamSaw]).toEqual([[403], 'GATEWAY_REFUSED', []]);
  });

  it('is refused in the API’s own form, with the setting that would allow it', async () => {
    const answer = await fixture.ask('GET', `/process-items/${OTHER}`);
    const message = `Robots may not call retrieveProcessItem with the gateway scope run on the task ${OTHER}: the run's own is ${OWN_TASK}. It would need the gateway scope full, which whoever governs this machine can set (robots.INVOICES.gatewayScope).`;
    expect(JSON.parse(answer.body)).toEqual({
      timestamp: expect.any(String),
      status: 403,
      message,
      errors: [
        {
          code: 'GATEWAY_OUT_OF_SCOPE',
          message,
          location: 'robots.INVOICES.gatewayScope',
          locationType: 'SETTING',
        },
      ],
    });
    expect(fixture.calls).toMatchObject([{ operationId: 'retrieveProcessItem', reason: message }]);
  });
});

describe('a way round', () => {
  it.each<[string, string, number]>([
    ['climbs from its own to another', `GET ${ITEM}/../${OTHER}`, 400],
    ['climbs encoded', `GET ${ITEM}/%2e%2e/${OTHER}`, 400],
    ['climbs encoded in capitals', `GET ${ITEM}/%2E%2E/${OTHER}`, 400],
    ['climbs half encoded', `GET ${ITEM}/.%2e/${OTHER}`, 400],
    ['climbs twice encoded', `GET ${ITEM}/%252e%252e/${OTHER}`, 400],
    ['climbs by backslashes', `GET ${ITEM}\\..\\${OTHER}`, 400],
    ['climbs in overlong UTF-8', `GET ${ITEM}/%c0%ae%c0%ae/${OTHER}`, 400],
    ['hides a slash in its id', `GET ${V}/process-items/${OWN_TASK}%2f..%2f${OTHER}`, 400],
    ['hides a slash twice encoded', `GET ${V}/process-items/${OWN_TASK}%252f..%252f${OTHER}`, 400],
    ['ends its id early', `GET ${V}/process-items/${OTHER}%00${OWN_TASK}`, 400],
    ['ends its id by a parameter', `GET ${V}/process-items/${OWN_TASK};id=${OTHER}`, 400],
    ['ends its path by a fragment', `GET ${V}/process-items/${OTHER}#${OWN_TASK}`, 400],
    ['has an empty segment', `GET ${V}//process-items/${OWN_TASK}`, 400],
    ['has a dot segment', `GET ${V}/./process-items/${OWN_TASK}`, 400],
    ['ends in a slash', `GET ${ITEM}/`, 400],
    ['starts in two slashes', `GET //api.kuflow.com${ITEM}`, 400],
    ['names the upstream as an absolute URI', `GET https://api.kuflow.com${ITEM}`, 400],
    ['names another scheme', `GET file:///etc/passwd`, 400],
    ['asks for the server itself', 'OPTIONS *', 400],
    ['leaves the version', `GET /v2022-10-08/process-items/${OWN_TASK}`, 404],
    ['spells the version in capitals', `GET /V2024-06-14/process-items/${OWN_TASK}`, 404],
    ['spells a resource in capitals', `GET ${V}/Process-Items/${OWN_TASK}`, 404],
    ['adds an id to the query', `GET ${ITEM}?id=${OTHER}`, 400],
    [
      'adds another document',
      `GET ${PROCESS}/~actions/download-document?documentUri=${URI}&documentUri=2`,
      400,
    ],
    ['encodes a parameter’s name', `GET ${PROCESS}/~actions/download-document?document%55ri=${URI}`, 400],
    ['names another method in the query', `GET ${ITEM}?_method=DELETE`, 400],
    ['breaks the line in the query', `GET ${ITEM}?a=%0d%0aX:1`, 400],
    ['uses a method the path has not', `DELETE ${ITEM}`, 405],
    ['invents a method', `PROPFIND ${ITEM}`, 405],
    ['traces', `TRACE ${ITEM}`, 405],
  ])('that %s: refused, and the platform hears nothing of it', async (_what, line, status) => {
    const { statuses } = await send(line);
    expect([statuses, upstreamSaw]).toEqual([[status], []]);
  });

  it.each([
    ['X-HTTP-Method-Override: DELETE'],
    ['X-Method-Override: DELETE'],
    [`X-Original-URL: ${V}/processes/${OTHER}`],
    [`X-Rewrite-URL: ${V}/processes/${OTHER}`],
    ['X-Forwarded-Host: evil.example'],
    ['Forwarded: host=evil.example'],
    ['Cookie: session=1'],
    ['Connection: close, authorization'],
    ['Upgrade: websocket'],
    ['TE: trailers'],
  ])('that lies in the header %s is not passed on', async (header) => {
    let headers: string[] = [];
    fixture.answerWith((request, response) => {
      headers = request.rawHeaders.filter((_text, at) => at % 2 === 0).map((name) => name.toLowerCase());
      upstreamSaw.push({
        line: `${request.method} ${request.url}`,
        authorization: request.headers.authorization,
      });
      response.end('{}');
    });
    await send(`GET ${ITEM}`, [header]);
    expect(upstreamSaw).toEqual([{ line: `GET ${ITEM}`, authorization: HOST_AUTHORIZATION }]);
    expect(headers).toEqual(['authorization', 'host', 'connection']);
  });

  it('that comes in the trailers of a body is not passed on', async () => {
    let trailers: string[] | null = null;
    fixture.answerWith((request, response) => {
      request.resume().on('end', () => {
        trailers = request.rawTrailers;
        response.end('{}');
      });
    });
    const received = await fixture.exchange(
      [
        `PUT ${ITEM}/task/data HTTP/1.1`,
        `Host: 127.0.0.1:${fixture.gateway.port}`,
        `Authorization: Bearer ${fixture.run.token}`,
        'Connection: close',
        'Transfer-Encoding: chunked',
        '',
        '2',
        '{}',
        '0',
        'Authorization: Bearer other',
        'X-HTTP-Method-Override: DELETE',
        '',
        '',
      ].join('\r\n'),
    );
    expect([received.slice(0, 15), trailers]).toEqual(['HTTP/1.1 200 OK', []]);
  });
});
