import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, CONTENT, type Downloads, startDownloads } from './download-fixture.ts';

const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const whole: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': CONTENT.length }).end(CONTENT);
};

let downloads: Downloads;
beforeAll(async () => {
  downloads = await startDownloads();
});
afterAll(() => downloads.close());

describe('a download', () => {
  test('comes to lie where it was asked for, with nothing beside it', async () => {
    const end = await downloads.download(whole, { expected: { lengthBytes: CONTENT.length, hash: SHA256 } });
    expect(end).toEqual({
      downloaded: { bytes: CONTENT.length, sha256: SHA256, resumed: 0 },
      error: null,
      content: CONTENT,
      left: [],
    });
    expect((await stat(join(downloads.dir, 'package.zip'))).mode & 0o777).toBe(0o600);
  });

  test('asks for the bytes as they are, and for all of them', async () => {
    await downloads.download(whole);
    expect(downloads.requests).toMatchObject([{ 'accept-encoding': 'identity' }]);
    expect(Object.keys(downloads.requests[0] ?? {})).not.toEqual(expect.arrayContaining(['range']));
  });

  test('goes to the disk while it comes', async () => {
    const half = CONTENT.length / 2;
    let goOn = () => {};
    const seen: number[] = [];
    const end = await downloads.download(
      (_request, response) => {
        response.writeHead(200, { 'content-length': CONTENT.length });
        response.write(CONTENT.subarray(0, half));
        goOn = () => response.end(CONTENT.subarray(half));
      },
      {
        onProgress: ({ bytes }) => {
          if (bytes !== half) return;
          void partialBytes(downloads.dir).then((onDisk) => {
            seen.push(onDisk);
            goOn();
          });
        },
      },
    );
    expect(seen).toEqual([half]);
    expect(end.content).toEqual(CONTENT);
  });

  test('tells how far it is', async () => {
    const told: unknown[] = [];
    await downloads.download(whole, { onProgress: (progress) => told.push(progress) });
    expect(told.at(-1)).toEqual({ bytes: CONTENT.length, totalBytes: CONTENT.length });
  });

  test('may come in chunks, with a length that only the platform states', async () => {
    const told: unknown[] = [];
    const end = await downloads.download((_request, response) => response.end(CONTENT), {
      expected: { lengthBytes: CONTENT.length },
      onProgress: (progress) => told.push(progress),
    });
    expect(end.content).toEqual(CONTENT);
    expect(told.at(-1)).toEqual({ bytes: CONTENT.length, totalBytes: CONTENT.length });
  });

  test('may be empty', async () => {
    const end = await downloads.download((_request, response) => response.end(), {
      expected: { lengthBytes: 0 },
    });
    expect(end).toMatchObject({ downloaded: { bytes: 0 }, error: null });
  });

  test('is decoded where the server encodes it all the same', async () => {
    const text = Buffer.from('a'.repeat(100_000));
    const packed = gzipSync(text);
    const end = await downloads.download(
      (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed);
      },
      { expected: { lengthBytes: text.length } },
    );
    expect(end.content).toEqual(text);
  });
});

describe('a download is held against what the platform states', () => {
  const digest = (algorithm: string) => createHash(algorithm).update(CONTENT).digest();

  test.each([
    ['sha256', digest('sha256').toString('hex')],
    ['sha512', `sha512:${digest('sha512').toString('base64')}`],
    ['sha1', digest('sha1').toString('base64')],
    ['md5', digest('md5').toString('hex').toUpperCase()],
  ])('by its %s', async (_algorithm, hash) => {
    expect((await downloads.download(whole, { expected: { hash } })).error).toBeNull();
  });

  test.each(['sha256', 'sha512', 'sha1', 'md5'])('and refused for another %s, at once', async (algorithm) => {
    const hash = createHash(algorithm).update('something else').digest('hex');
    expect(await downloads.download(whole, { expected: { hash } })).toEqual({
      downloaded: null,
      content: null,
      left: [],
      error: {
        code: 'PACKAGE_HASH_MISMATCH',
        message: `The package of INVOICES is not what the platform states: its ${algorithm} is ${digest(algorithm).toString('hex')}, not ${hash}.`,
        details: { algorithm },
      },
    });
    expect(downloads.requests).toHaveLength(1);
  });

  test.each([
    ['shorter', CONTENT.length + 1],
    ['longer', CONTENT.length - 1],
  ])('and refused for being %s, whatever the hash is', async (_what, lengthBytes) => {
    const expected = { lengthBytes, hash: 'in a form that nobody knows' };
    expect(await downloads.download(whole, { expected })).toMatchObject({
      content: null,
      left: [],
      error: {
        code: 'PACKAGE_HASH_MISMATCH',
        message: `The package of INVOICES has ${CONTENT.length} bytes; the platform states ${lengthBytes}.`,
        details: { expectedBytes: lengthBytes, actualBytes: CONTENT.length },
      },
    });
  });

  test('and let through when its hash is of a form that nobody knows', async () => {
    const expected = { lengthBytes: CONTENT.length, hash: 'in a form that nobody knows' };
    expect((await downloads.download(whole, { expected })).error).toBeNull();
  });
});

describe('a download that is too large', () => {
  const refused = {
    downloaded: null,
    content: null,
    left: [],
    error: {
      code: 'PACKAGE_REFUSED',
      message: 'The package of INVOICES is larger than the 1000 bytes that this host allows.',
      details: { entry: null, rule: 'archive-size' },
    },
  };

  test('is not asked for when the platform states its length', async () => {
    const expected = { lengthBytes: 1001 };
    expect(await downloads.download(whole, { maxBytes: 1000, expected })).toEqual(refused);
    expect(downloads.requests).toEqual([]);
  });

  test('is not read when its answer states the length', async () => {
    let told = 0;
    const onProgress = () => {
      told++;
    };
    expect(await downloads.download(whole, { maxBytes: 1000, onProgress })).toEqual(refused);
    expect({ told, requests: downloads.requests.length }).toEqual({ told: 0, requests: 1 });
  });

  test('ends where it passes the limit when nobody states its length', async () => {
    let endless: NodeJS.Timeout | undefined;
    const answer: Answer = (_request, response) => {
      endless = setInterval(() => response.write(Buffer.alloc(400)), 1);
      response.on('close', () => clearInterval(endless));
    };
    expect(await downloads.download(answer, { maxBytes: 1000 })).toEqual(refused);
  });
});

/** Of the one file that is being made. */
async function partialBytes(dir: string): Promise<number> {
  const [name = ''] = (await readdir(dir)).filter((one) => one.includes('.partial-'));
  return (await stat(join(dir, name))).size;
}
