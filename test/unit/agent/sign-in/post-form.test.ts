import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { createPostForm } from '../../../../src/agent/sign-in/post-form.ts';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
}

test('sends a form and reads the answer, whatever its status', async () => {
  const url = await serve(async (request, response) => {
    response
      .writeHead(400)
      .end(`${request.method} ${request.headers['content-type']} ${await text(request)}`);
  });
  expect(await createPostForm()(url, { grant_type: 'refresh_token', refresh_token: 'a&b' })).toEqual({
    status: 400,
    body: 'POST application/x-www-form-urlencoded grant_type=refresh_token&refresh_token=a%26b',
  });
});

test('takes no secret to where it is redirected', async () => {
  const asked: string[] = [];
  const url = await serve((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(307, { location: '/elsewhere' }).end();
  });
  expect(await createPostForm()(url, {})).toEqual({ status: 307, body: '' });
  expect(asked).toEqual(['/token']);
});

test.each<[string, RequestListener, string]>([
  ['an answer without end', (_request, response) => void response.end('x'.repeat(300_000)), 'PLATFORM_ERROR'],
  ['an answer that breaks off', (_request, response) => void response.destroy(), 'PLATFORM_UNREACHABLE'],
  ['no answer', () => {}, 'PLATFORM_UNREACHABLE'],
])('gives up at %s', async (_what, listener, code) => {
  const url = await serve(listener);
  const post = createPostForm(undefined, code === 'PLATFORM_ERROR' ? 30_000 : 500);
  await expect(post(url, {})).rejects.toMatchObject({ code, retryable: true });
});
