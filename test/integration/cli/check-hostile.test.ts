import { rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { startRawServer } from '../../helpers/raw-server.ts';
import { check, makeCheckFolder, startDumbServer, startTlsServer } from './check-lab.ts';

const { dir, home, secretPath } = makeCheckFolder();
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** With credentials, which nobody here takes. */
const ask = (endpoint: string, more: string[] = [], environment: Record<string, string> = {}) =>
  check(home, ['--api-endpoint', endpoint, '--client-id', 'app-1', ...more], {
    KUBOT_CLIENT_SECRET_FILE: secretPath,
    ...environment,
  });

/** Which steps failed, with their codes. */
async function stepsOf(judging: ReturnType<typeof ask>) {
  const { code, check: answer } = await judging;
  const { address, credentials, worker, tenant } = answer;
  return [
    code,
    ...[address, credentials, worker, tenant].map((step) => step?.problem?.code ?? step?.ok ?? null),
  ];
}

const answerWith =
  (status: number, body: string, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  };
const HTML = { 'content-type': 'text/html' };
const PAGE = '<!doctype html><title>Sign in</title>';

describe('an endpoint that is not the API', () => {
  test.each<[string, RequestListener, unknown[]]>([
    ['a web page with 200', answerWith(200, PAGE, HTML), [4, 'NOT_KUFLOW', null, null, null]],
    ['a web page that says it is JSON', answerWith(200, PAGE), [4, 'NOT_KUFLOW', null, null, null]],
    ['a login page with 401', answerWith(401, PAGE, HTML), [4, 'NOT_KUFLOW', null, null, null]],
    ['another program’s JSON', answerWith(200, '{"hello":1}'), [4, 'NOT_KUFLOW', null, null, null]],
    ['half a body', answerWith(200, '{"metadata":'), [4, 'NOT_KUFLOW', null, null, null]],
    ['a wrong path', answerWith(404, '{"message":"no such thing"}'), [4, 'NOT_KUFLOW', null, null, null]],
    [
      'a redirection to a login',
      answerWith(302, '', { location: 'https://login.example.com/' }),
      [4, 'REDIRECTED', null, null, null],
    ],
    ['a fault', answerWith(503, '{}'), [4, 'PLATFORM_FAULT', null, null, null]],
    ['429', answerWith(429, '{}'), [4, 'BUSY', null, null, null]],
    ['a cut connection', (request) => request.destroy(), [4, 'CUT', null, null, null]],
  ])('%s fails the address', async (_what, listener, expected) => {
    const server = await startRawServer(listener);
    try {
      expect(await stepsOf(ask(server.url))).toEqual(expected);
    } finally {
      await server.close();
    }
  });

  test('that never answers is not waited for beyond --timeout', async () => {
    const server = await startRawServer(() => {});
    try {
      expect(await stepsOf(ask(server.url, ['--timeout', '1s']))).toEqual([4, 'NO_ANSWER', null, null, null]);
    } finally {
      await server.close();
    }
  });

  test('that nobody listens at, or that has no name, fails the address', async () => {
    const { port, close } = await startDumbServer(null);
    await close();
    expect(await stepsOf(ask(`http://127.0.0.1:${port}`))).toEqual([4, 'REFUSED', null, null, null]);
    expect(await stepsOf(ask('https://nobody.invalid'))).toEqual([4, 'HOST_UNKNOWN', null, null, null]);
  });
});

describe('credentials', () => {
  test.each<[string, number, unknown[]]>([
    ['refused with 401', 401, [5, true, 'CREDENTIALS_REFUSED', null, null]],
    ['that may not with 403', 403, [5, true, 'NOT_ALLOWED', null, null]],
  ])('%s leave the address fine', async (_what, status, expected) => {
    const server = await startRawServer(answerWith(status, '{"message":"No"}'));
    try {
      expect(await stepsOf(ask(server.url))).toEqual(expected);
    } finally {
      await server.close();
    }
  });

  test('that are echoed by the server are not told on', async () => {
    const server = await startRawServer((request, response) => {
      const message = `${request.headers.authorization} and a-secret-of-mine`;
      response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));
    });
    try {
      const { check: answer } = await ask(server.url);
      expect(JSON.stringify(answer)).not.toMatch(/a-secret-of-mine|YXBwLTE6/);
    } finally {
      await server.close();
    }
  });

  test('that are not given leave it at the address', async () => {
    const server = await startRawServer(answerWith(401, '{}'));
    try {
      expect(await stepsOf(check(home, ['--api-endpoint', server.url]))).toEqual([
        3,
        true,
        'CREDENTIALS_MISSING',
        null,
        null,
      ]);
    } finally {
      await server.close();
    }
  });
});

describe('TLS', () => {
  test('by an authority that this machine does not know is untrusted, and trusted with caFile', async () => {
    const server = await startTlsServer(join(dir, 'authority'), 401);
    try {
      const { check: answer } = await ask(server.url);
      expect(answer.address.problem).toMatchObject({
        code: 'TLS_UNTRUSTED',
        hint: expect.stringContaining('caFile'),
      });
      expect(await stepsOf(ask(server.url, ['--ca-file', server.caPath]))).toEqual([
        5,
        true,
        'CREDENTIALS_REFUSED',
        null,
        null,
      ]);
    } finally {
      await server.close();
    }
  });

  test('with a port that speaks none is told as such', async () => {
    const server = await startDumbServer('HTTP/1.1 400 Bad Request\r\n\r\n');
    try {
      expect(await stepsOf(ask(`https://127.0.0.1:${server.port}`))).toEqual([
        4,
        'TLS_MISSING',
        null,
        null,
        null,
      ]);
    } finally {
      await server.close();
    }
  });
});

describe('a proxy', () => {
  test('that is not there is told of in place of the platform, without its password', async () => {
    const { code, check: answer } = await ask('https://api.kuflow.com', [
      '--proxy',
      'http://ann:pass@127.0.0.1:9',
    ]);
    expect([code, answer.address]).toEqual([
      4,
      {
        ok: false,
        problem: expect.objectContaining({ code: 'PROXY_UNREACHABLE' }),
        endpoint: 'https://api.kuflow.com/v2024-06-14',
        proxy: 'http://***@127.0.0.1:9',
        clockSkewMs: null,
      },
    ]);
  });

  test.each([
    ['407 Proxy Authentication Required', 'PROXY_LOGIN'],
    ['403 Forbidden', 'PROXY_REFUSED'],
  ])('that answers %s is %s', async (line, code) => {
    const proxy = await startDumbServer(`HTTP/1.1 ${line}\r\ncontent-length: 0\r\n\r\n`);
    try {
      const environment = { https_proxy: `http://127.0.0.1:${proxy.port}` };
      expect(await stepsOf(ask('https://api.kuflow.com', [], environment))).toEqual([
        4,
        code,
        null,
        null,
        null,
      ]);
    } finally {
      await proxy.close();
    }
  });
});

describe('settings', () => {
  test.each([
    ['api.kuflow.com', 'ADDRESS_INVALID'],
    ['https://user@api.kuflow.com', 'ADDRESS_INVALID'],
    ['http://api.kuflow.com', 'ADDRESS_INSECURE'],
  ])('with the address %s are %s', async (endpoint, code) => {
    expect(await stepsOf(ask(endpoint))).toEqual([3, code, null, null, null]);
  });

  test('whose caFile is not there are told of', async () => {
    const { code, check: answer } = await ask('https://api.kuflow.com', ['--ca-file', join(dir, 'none.pem')]);
    expect([code, answer.address.problem?.code]).toEqual([3, 'SETTING_INVALID']);
    expect(answer.address.problem?.message).toContain('none.pem');
  });
});
