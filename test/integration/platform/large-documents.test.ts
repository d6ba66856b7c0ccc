import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PlatformChild, startPlatformChild } from '../../helpers/platform-child.ts';
import { basic, type Schemas, TEST_SEED } from '../../helpers/start-test-platform.ts';

const MB = 1024 * 1024;
const SIZE_MB = 300;
/** Far below the document's size, far above what two streams and a garbage collector need. */
const ROOM_BYTES = 100 * MB;

let dataDir: string;
let platform: PlatformChild;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'kubot-platform-'));
  platform = await startPlatformChild(dataDir, { ...TEST_SEED, robots: [] });
});
afterAll(async () => {
  await platform.kill();
  await rm(dataDir, { recursive: true, force: true });
});

it('streams a document of 300 MB in and out with flat memory', async () => {
  const root = `${platform.url}/v2024-06-14`;
  const headers = { authorization: basic(platform) };
  const processes = (await (await fetch(`${root}/processes`, { headers })).json()) as Schemas['ProcessPage'];
  const id = processes.content[0]?.id;
  const before = await platform.maxRssBytes();

  const block = randomBytes(MB);
  const sent = createHash('sha1');
  const body = Readable.toWeb(
    Readable.from(
      (function* () {
        for (let n = 0; n < SIZE_MB; n++) {
          sent.update(block);
          yield block;
        }
      })(),
      { objectMode: false },
    ),
  );
  const upload = await fetch(
    `${root}/processes/${id}/~actions/upload-document?fileName=big.bin&fileContentType=application/octet-stream`,
    {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/octet-stream' },
      body: body as ReadableStream,
      duplex: 'half',
    },
  );
  const { documentUri } = (await upload.json()) as Schemas['DocumentReference'];
  expect(documentUri).toContain(`size=${SIZE_MB * MB};`);

  const got = createHash('sha1');
  const download = await fetch(
    `${root}/processes/${id}/~actions/download-document?${new URLSearchParams({ documentUri })}`,
    { headers },
  );
  for await (const chunk of download.body ?? []) got.update(chunk);
  expect(got.digest('hex')).toBe(sent.digest('hex'));
  expect((await platform.maxRssBytes()) - before).toBeLessThan(ROOM_BYTES);
});

it('keeps nothing of an upload in which it was killed, once it starts again', async () => {
  const root = `${platform.url}/v2024-06-14`;
  const headers = { authorization: basic(platform) };
  const processes = (await (await fetch(`${root}/processes`, { headers })).json()) as Schemas['ProcessPage'];
  const known = await readdir(join(dataDir, 'files'));
  let arrived: () => void = () => {};
  const asked = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  // A megabyte at a time until the platform is gone: it never answers.
  const endless = Readable.from(
    (async function* () {
      while (true) {
        yield Buffer.alloc(MB);
        if ((await readdir(join(dataDir, 'files'))).length > known.length) arrived();
      }
    })(),
    { objectMode: false },
  );
  const upload = fetch(
    `${root}/processes/${processes.content[0]?.id}/~actions/upload-document?fileName=a&fileContentType=b`,
    { method: 'POST', headers, body: Readable.toWeb(endless) as ReadableStream, duplex: 'half' },
  );
  const broken = expect(upload).rejects.toThrow();
  await asked;
  await platform.kill();
  await broken;
  platform = await startPlatformChild(dataDir, { ...TEST_SEED, robots: [] });
  expect(await readdir(join(dataDir, 'files'))).toEqual(known);
});
