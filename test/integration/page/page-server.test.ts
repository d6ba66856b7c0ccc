import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as send } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type PageServer, startPageServer } from '../../../src/agent/page/page-server.ts';
import type { ControlHandlers } from '../../../src/shared/control-api.ts';

let dir: string;
let page: PageServer;
let links: string[];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-page é-'));
  mkdirSync(join(dir, 'files', 'assets'), { recursive: true });
  writeFileSync(join(dir, 'files', 'index.html'), '<!doctype html><title>Page</title>');
  writeFileSync(join(dir, 'files', 'assets', 'main-1a2b.js'), 'export {};');
  writeFileSync(join(dir, 'secret.js'), 'outside');
  links = [];
  const handlers: Partial<ControlHandlers> = {
    robots: async () => [],
    logs: async function* () {
      yield { seq: 1, time: '2026-01-02T03:04:05.000Z', stream: 'stdout', level: 'INFO', text: 'é' };
    },
  };
  page = await startPageServer({
    address: '127.0.0.1:0',
    filesDir: join(dir, 'files'),
    handlers: handlers as ControlHandlers,
    log: { error: () => undefined },
    onLink: (url) => links.push(url),
  });
});
afterEach(async () => {
  await page.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Header by header, as a browser would or would not send them. */
function ask(
  path: string,
  { method = 'GET', body = '', ...headers }: Record<string, string> = {},
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = send(`${page.origin}/`, { path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function signIn(): Promise<string> {
  const ticket = links.at(-1)?.split('#ticket=')[1] ?? '';
  return (await ask('/session', { method: 'POST', body: ticket })).text;
}

describe('the page', () => {
  test('is anybody’s, with a policy that lets it load nothing but its own files', async () => {
    const { status, headers, text } = await ask('/');
    expect([status, text]).toEqual([200, '<!doctype html><title>Page</title>']);
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  });

  test('keeps what carries a hash in its name', async () => {
    expect((await ask('/assets/main-1a2b.js')).headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'max-age=31536000, immutable',
    });
  });

  test.each([
    '/../secret.js',
    '/%2e%2e/secret.js',
    '/assets/../../secret.js',
    '/assets//main.js',
    '/x.html',
    '/assets',
  ])('has no %s', async (path) => {
    expect((await ask(path)).status).toBe(404);
  });
});

describe('a link', () => {
  test('opens the page once, and the next one is told', async () => {
    const ticket = links[0]?.split('#ticket=')[1] ?? '';
    const first = await ask('/session', { method: 'POST', body: ticket });
    const second = await ask('/session', { method: 'POST', body: ticket });
    expect([first.status, second.status, links.length]).toEqual([200, 401, 2]);
  });

  test('has its ticket where no server and no log sees it', () => {
    expect(links[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#ticket=[\w-]{43}$/);
  });
});

describe('the control API', () => {
  test('answers the page with its key', async () => {
    const key = await signIn();
    const answer = await ask('/v1/robots', { method: 'POST', body: '{}', authorization: `Bearer ${key}` });
    expect([answer.status, answer.text]).toEqual([200, '[]']);
  });

  test('streams to it', async () => {
    const key = await signIn();
    const body = '{"id":"r","follow":false}';
    const answer = await ask('/v1/logs', { method: 'POST', body, authorization: `Bearer ${key}` });
    expect(answer.text).toMatch(/^\{"value":\{"seq":1.*"text":"é"\}\}\n\{"end":true\}\n$/);
  });

  test.each([
    ['without a key', {}],
    ['with another key', { authorization: 'Bearer x' }],
    ['with a key in a cookie', { cookie: 'kubot-session=x' }],
  ])('answers nobody %s', async (_name, headers) => {
    await signIn();
    expect((await ask('/v1/robots', { method: 'POST', body: '{}', ...headers })).status).toBe(401);
  });

  test.each<[string, Record<string, string>]>([
    ['another site', { origin: 'https://example.com' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a page in a sandbox', { origin: 'null' }],
    ['a name of somebody else’s that leads here', { host: 'rebound.example.com' }],
    ['another site that names none', { 'sec-fetch-site': 'cross-site' }],
  ])('is closed to %s, key or not', async (_name, headers) => {
    const key = await signIn();
    const answer = await ask('/v1/robots', {
      method: 'POST',
      body: '{}',
      authorization: `Bearer ${key}`,
      ...headers,
    });
    expect(answer.status).toBe(403);
  });
});

describe('an address', () => {
  const serve = (address: string) =>
    startPageServer({
      address,
      filesDir: dir,
      handlers: {} as ControlHandlers,
      log: { error: () => undefined },
      onLink: () => undefined,
    });

  test.each(['0.0.0.0:0', '192.168.1.2:80', 'example.com:80', '127.0.0.1', '8080', '127.0.0.1:99999'])(
    'that is not this machine’s own is refused: %s',
    async (address) => {
      await expect(serve(address)).rejects.toMatchObject({ code: 'USAGE' });
    },
  );

  test('that is taken is said to be', async () => {
    await expect(serve(page.origin.slice('http://'.length))).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('EADDRINUSE'),
    });
  });
});
