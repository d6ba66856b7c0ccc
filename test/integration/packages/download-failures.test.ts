import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, CONTENT, cutAfter, type Downloads, ETAG, startDownloads } from './download-fixture.ts';

let downloads: Downloads;
beforeAll(async () => {
  downloads = await startDownloads();
});
afterAll(() => downloads.close());

const whole: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': CONTENT.length }).end(CONTENT);
};
const NOTHING = { downloaded: null, content: null, left: [] };

describe('a download is tried again', () => {
  test.each<[string, Answer]>([
    ['a connection that drops before the answer', (_request, response) => response.destroy()],
    ['a fault of the platform', (_request, response) => response.writeHead(503).end()],
    [
      'a web page in place of the package',
      (_request, response) =>
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>'),
    ],
    ['an answer without content', (_request, response) => response.writeHead(204).end()],
  ])('after %s', async (_what, fault) => {
    const end = await downloads.download((request, response, asked) =>
      (asked < 3 ? fault : whole)(request, response, asked),
    );
    expect(end).toMatchObject({ error: null, content: CONTENT, left: [] });
    expect(downloads.requests).toHaveLength(3);
  });

  test('after an answer that ended with its connection, too early', async () => {
    const end = await downloads.download(
      (request, response, asked) => {
        if (asked > 1) whole(request, response, asked);
        else response.socket?.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${'x'.repeat(100)}`);
      },
      { expected: { lengthBytes: CONTENT.length } },
    );
    expect(end).toMatchObject({ error: null, content: CONTENT, left: [] });
    expect(downloads.requests).toHaveLength(2);
  });

  test('after longer waits each time, four times in all', async () => {
    const waits: number[] = [];
    const sleep = async (milliseconds: number) => {
      waits.push(milliseconds);
    };
    const end = await downloads.download((_request, response) => response.destroy(), { sleep });
    expect(end).toMatchObject({ ...NOTHING, error: { code: 'PLATFORM_UNREACHABLE' } });
    expect({ waits, requests: downloads.requests.length }).toEqual({ waits: [500, 1000, 2000], requests: 4 });
  });
});

describe('a download fails', () => {
  test.each([
    ['that ends with its connection', { 'content-length': String(CONTENT.length) }],
    ['that ends in mid-chunk', { 'transfer-encoding': 'chunked' }],
  ])('when every answer is one %s, too early', async (_what, headers) => {
    const end = await downloads.download((_request, response) => {
      response.writeHead(200, headers);
      response.write(CONTENT.subarray(0, 1000), () => response.destroy());
    });
    expect(end).toMatchObject({ ...NOTHING, error: { code: 'PLATFORM_UNREACHABLE' } });
    expect(downloads.requests).toHaveLength(4);
  });

  test('when every answer ends unmarked before the length that the platform states', async () => {
    const end = await downloads.download(
      (_request, response) => {
        response.socket?.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${'x'.repeat(100)}`);
      },
      { expected: { lengthBytes: 1000 } },
    );
    expect(end).toEqual({
      ...NOTHING,
      error: {
        code: 'PLATFORM_UNREACHABLE',
        message: 'The package of INVOICES broke off after 100 of 1000 bytes.',
        details: null,
      },
    });
  });

  test.each([
    [404, 'PLATFORM_REFUSED'],
    [403, 'PLATFORM_REFUSED'],
    [401, 'UNAUTHORIZED'],
  ])('at once when the platform answers %d', async (status, code) => {
    const end = await downloads.download((_request, response) => response.writeHead(status).end());
    expect(end).toMatchObject({ ...NOTHING, error: { code } });
    expect(downloads.requests).toHaveLength(1);
  });

  test('when nothing comes for the time that is allowed, and is tried again', async () => {
    const cut = cutAfter(1000, { etag: ETAG });
    const end = await downloads.download((_request, response) => cut.answer(response), {
      idleTimeoutMs: 1000,
      attempts: 2,
    });
    expect(end).toEqual({
      ...NOTHING,
      error: {
        code: 'PLATFORM_UNREACHABLE',
        message: 'The package of INVOICES stood still for 1 s while it was downloaded.',
        details: null,
      },
    });
    expect(downloads.requests).toHaveLength(2);
  });

  test('when no answer comes at all', async () => {
    const end = await downloads.download(() => {}, { idleTimeoutMs: 1000, attempts: 1 });
    expect(end).toMatchObject({
      ...NOTHING,
      error: { message: expect.stringContaining('stood still for 1 s') },
    });
  });

  test('when it takes longer than is allowed although something always comes, and is not tried again', async () => {
    const end = await downloads.download(
      (_request, response) => {
        const drip = setInterval(() => response.write('x'), 5);
        response.on('close', () => clearInterval(drip));
      },
      { timeoutMs: 1000 },
    );
    expect(end).toMatchObject({
      ...NOTHING,
      error: { code: 'PLATFORM_UNREACHABLE', message: 'The package of INVOICES was not there after 1 s.' },
    });
    expect(downloads.requests).toHaveLength(1);
  });

  test('when it is ended in the middle, and the server sees it', async () => {
    const controller = new AbortController();
    let seen = () => {};
    const gone = new Promise<void>((resolve) => {
      seen = resolve;
    });
    const end = await downloads.download(
      (_request, response) => {
        response.on('close', seen);
        response.write(CONTENT.subarray(0, 1000));
      },
      { signal: controller.signal, onProgress: () => controller.abort() },
    );
    expect(end).toEqual({
      ...NOTHING,
      error: {
        code: 'INTERRUPTED',
        message: 'The download of the package of INVOICES was ended.',
        details: null,
      },
    });
    await gone;
    expect(downloads.requests).toHaveLength(1);
  });

  test('when it is ended between two tries', async () => {
    const controller = new AbortController();
    const sleep = async () => controller.abort();
    const end = await downloads.download((_request, response) => response.destroy(), {
      signal: controller.signal,
      sleep,
    });
    expect(end).toMatchObject({ ...NOTHING, error: { code: 'INTERRUPTED' } });
    expect(downloads.requests).toHaveLength(1);
  });

  test('when it was ended before it began', async () => {
    const end = await downloads.download(whole, { signal: AbortSignal.abort() });
    expect(end).toMatchObject({ ...NOTHING, error: { code: 'INTERRUPTED' } });
    expect(downloads.requests).toEqual([]);
  });

  test('as this host’s failure when the folder is not there, and is not tried again', async () => {
    const end = await downloads.download(whole, { path: join(downloads.dir, 'missing', 'package.zip') });
    expect(end).toMatchObject({
      ...NOTHING,
      error: {
        code: 'HOST_DISK',
        message: expect.stringMatching(
          /^The disk could not be used while the package of INVOICES was downloaded: ENOENT/,
        ),
      },
    });
    expect(downloads.requests).toHaveLength(1);
  });
});
