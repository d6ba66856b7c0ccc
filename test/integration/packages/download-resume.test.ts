import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  CONTENT,
  cutAfter,
  type Downloads,
  ETAG,
  OTHER_CONTENT,
  startDownloads,
} from './download-fixture.ts';

const CUT = 100_000;
const EXPECTED = { lengthBytes: CONTENT.length, hash: createHash('sha256').update(CONTENT).digest('hex') };
const begun = `bytes=${CUT}-`;

let downloads: Downloads;
beforeAll(async () => {
  downloads = await startDownloads();
});
afterAll(() => downloads.close());

/** The first answer breaks off after 100,000 bytes; `later` gives the others. */
async function breakOff(
  first: Record<string, string>,
  later: (response: ServerResponse, asked: number) => void,
  expected: typeof EXPECTED | Record<string, never> = EXPECTED,
) {
  const cut = cutAfter(CUT, first);
  const answer: Answer = (_request, response, asked) => {
    if (asked === 1) cut.answer(response);
    else later(response, asked);
  };
  const end = await downloads.download(answer, { expected, onProgress: cut.onProgress });
  return { end, ranges: downloads.requests.map(({ range }) => range) };
}

function sendPart(response: ServerResponse, from: number, headers: Record<string, string> = {}): void {
  const part = CONTENT.subarray(from);
  response
    .writeHead(206, {
      'content-length': part.length,
      'content-range': `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}`,
      etag: ETAG,
      ...headers,
    })
    .end(part);
}

function sendWhole(response: ServerResponse, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-length': CONTENT.length, ...headers }).end(CONTENT);
}

const good = (resumed: number) => ({
  downloaded: { bytes: CONTENT.length, sha256: EXPECTED.hash, resumed },
  error: null,
  content: CONTENT,
  left: [],
});

describe('a download that broke off', () => {
  test('goes on where it broke off when the server gave a strong ETag', async () => {
    const { end, ranges } = await breakOff({ etag: ETAG }, (response) => sendPart(response, CUT));
    expect(end).toEqual(good(1));
    expect(ranges).toEqual([undefined, begun]);
    expect(downloads.requests[1]).toMatchObject({ 'if-range': ETAG, 'accept-encoding': 'identity' });
  });

  test('goes on as often as it breaks off', async () => {
    const cuts = [100_000, 150_000, 200_000];
    let cut: (() => void) | null = null;
    const answer: Answer = (_request, response, asked) => {
      const from = cuts[asked - 2] ?? 0;
      const to = cuts[asked - 1];
      if (to === undefined) {
        sendPart(response, from);
        return;
      }
      const headers = { 'content-length': CONTENT.length - from, etag: ETAG };
      if (from === 0) response.writeHead(200, headers);
      else response.writeHead(206, { ...headers, 'content-range': `bytes ${from}-299999/300000` });
      response.write(CONTENT.subarray(from, to));
      cut = () => response.destroy();
    };
    const end = await downloads.download(answer, {
      expected: EXPECTED,
      onProgress: ({ bytes }) => {
        if (cuts.includes(bytes)) cut?.();
      },
    });
    expect(end).toEqual(good(3));
    expect(downloads.requests.map(({ range }) => range)).toEqual([
      undefined,
      'bytes=100000-',
      'bytes=150000-',
      'bytes=200000-',
    ]);
  });

  test('goes on after a part that is shorter than what was asked for', async () => {
    const { end } = await breakOff(
      { etag: ETAG },
      (response, asked) => {
        if (asked > 2) return sendPart(response, 150_000);
        response.writeHead(206, {
          'content-length': 50_000,
          'content-range': 'bytes 100000-149999/300000',
          etag: ETAG,
        });
        response.end(CONTENT.subarray(100_000, 150_000));
      },
      {},
    );
    expect(end).toEqual(good(2));
  });

  test.each([
    ['the ETag is weak', { etag: 'W/"v1"' }],
    ['there is no ETag', {}],
    ['the ETag has no quotes', { etag: 'v1' }],
  ])('begins anew when %s', async (_what, headers: Record<string, string>) => {
    const { end, ranges } = await breakOff(headers, (response) => sendWhole(response));
    expect(end).toEqual(good(0));
    expect(ranges).toEqual([undefined, undefined]);
  });

  test('begins anew when its bytes came encoded, whose number is another one', async () => {
    const packed = gzipSync(CONTENT);
    let cut = () => {};
    const answer: Answer = (_request, response, asked) => {
      if (asked > 1) return sendWhole(response);
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length, etag: ETAG });
      response.write(packed.subarray(0, CUT));
      cut = () => response.destroy();
    };
    const end = await downloads.download(answer, { expected: EXPECTED, onProgress: () => cut() });
    expect(end).toEqual(good(0));
    expect(downloads.requests.map(({ range }) => range)).toEqual([undefined, undefined]);
  });

  test('begins anew when the content has become another one', async () => {
    const { end, ranges } = await breakOff(
      { etag: ETAG },
      (response) => {
        response.writeHead(200, { 'content-length': OTHER_CONTENT.length, etag: '"v2"' }).end(OTHER_CONTENT);
      },
      {},
    );
    expect(end).toMatchObject({ downloaded: { resumed: 0 }, content: OTHER_CONTENT, left: [] });
    expect(ranges).toEqual([undefined, begun]);
  });

  test('begins anew when the server knows no ranges', async () => {
    const { end, ranges } = await breakOff({ etag: ETAG }, (response) => sendWhole(response, { etag: ETAG }));
    expect(end).toEqual(good(0));
    expect(ranges).toEqual([undefined, begun]);
  });

  test.each<[string, (response: ServerResponse) => void]>([
    ['that begins elsewhere', (response) => sendPart(response, CUT + 1)],
    ['that begins at the beginning', (response) => sendPart(response, 0)],
    ['that does not say which it is', (response) => sendPart(response, CUT, { 'content-range': '' })],
    [
      'in another unit',
      (response) => sendPart(response, CUT, { 'content-range': 'lines 100000-299999/300000' }),
    ],
    [
      'in several pieces',
      (response) => sendPart(response, CUT, { 'content-range': '', 'content-type': 'multipart/byteranges' }),
    ],
    ['that is encoded', (response) => sendPart(response, CUT, { 'content-encoding': 'gzip' })],
    ['that is none', (response) => response.writeHead(416, { 'content-range': 'bytes */300000' }).end()],
  ])('begins anew when it gets a part %s', async (_what, part) => {
    // Also without a hash a part is never taken for the whole.
    const { end, ranges } = await breakOff(
      { etag: ETAG },
      (response, asked) => (asked === 2 ? part(response) : sendWhole(response)),
      {},
    );
    expect(end).toEqual(good(0));
    expect(ranges).toEqual([undefined, begun, undefined]);
  });

  test('begins anew when the pieces do not make what the platform states', async () => {
    const { end, ranges } = await breakOff({ etag: ETAG }, (response, asked) => {
      if (asked > 2) return sendWhole(response);
      const part = Buffer.alloc(CONTENT.length - CUT);
      response
        .writeHead(206, { 'content-length': part.length, 'content-range': 'bytes 100000-299999/300000' })
        .end(part);
    });
    expect(end).toEqual(good(0));
    expect(ranges).toEqual([undefined, begun, undefined]);
  });

  test('is refused when the whole is not what the platform states either', async () => {
    const { end, ranges } = await breakOff({ etag: ETAG }, (response, asked) => {
      const content = Buffer.alloc(CONTENT.length);
      if (asked === 2) {
        const part = content.subarray(CUT);
        const range = { 'content-length': part.length, 'content-range': 'bytes 100000-299999/300000' };
        response.writeHead(206, range).end(part);
      } else response.end(content);
    });
    expect(end).toMatchObject({ error: { code: 'PACKAGE_HASH_MISMATCH' }, content: null, left: [] });
    expect(ranges).toEqual([undefined, begun, undefined]);
  });
});

describe('a part that nobody asked for', () => {
  test('is no package', async () => {
    const end = await downloads.download((_request, response) => sendPart(response, 0), { attempts: 2 });
    expect(end).toEqual({
      downloaded: null,
      content: null,
      left: [],
      error: {
        code: 'PLATFORM_ERROR',
        message:
          'Instead of the package of INVOICES came an answer with status 206: another part than the one asked for.',
        details: null,
      },
    });
    expect(downloads.requests).toHaveLength(2);
  });

  test('is not listened to any further', async () => {
    let closed = Promise.resolve();
    const answer: Answer = (_request, response) => {
      closed = new Promise((resolve) => {
        response.on('close', resolve);
      });
      response.writeHead(206).write('x');
    };
    await downloads.download(answer, { attempts: 1 });
    await closed; // else the connection would stay until the garbage collector finds it
  }, 5_000);
});
