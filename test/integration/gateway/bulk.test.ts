import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { type Fixture, startFixture } from './gateway-fixture.ts';

const GB = 1024 * 1024 * 1024;
const MB = 1024 * 1024;
/** The design's figure; the rest is room for what else lives in a process that runs tests. */
const ALLOWED_BUFFERS = 10 * MB;
const ALLOWED_RSS = 40 * MB;

let upstream: ChildProcess | undefined;
let fixture: Fixture | undefined;
afterEach(async () => {
  await fixture?.close();
  upstream?.kill('SIGKILL');
});

const here = (name: string) => join(import.meta.dirname, name);

const ResultSchema = z.object({
  uploaded: z.object({ received: z.number() }),
  downloaded: z.number(),
  seconds: z.object({ up: z.number(), down: z.number() }),
});

it('1 GB goes up and down in little memory', async () => {
  upstream = spawn(process.execPath, [here('bulk-upstream.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (!upstream.stdout) throw new Error('no pipe');
  const [line] = (await once(upstream.stdout, 'data')) as [Buffer];
  fixture = await startFixture({ upstream: `http://127.0.0.1:${Number(line.toString())}` });
  await fixture.ask('GET', '/processes/p1/~actions/download-document?bytes=1000000');

  const before = process.memoryUsage();
  let buffers = 0;
  let rss = 0;
  const sampling = setInterval(() => {
    const now = process.memoryUsage();
    buffers = Math.max(buffers, now.arrayBuffers - before.arrayBuffers);
    rss = Math.max(rss, now.rss - before.rss);
  }, 20);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [here('bulk-client.ts'), fixture.gateway.endpoint, fixture.run.token, String(GB)],
    { env: { NODE_EXTRA_CA_CERTS: join(fixture.dir, 'ca.pem') } },
  );
  clearInterval(sampling);

  const { uploaded, downloaded, seconds } = ResultSchema.parse(JSON.parse(stdout));
  const rate = (took: number) => `${Math.round(1024 / took)} MB/s`;
  console.log(
    `up ${rate(seconds.up)}, down ${rate(seconds.down)}, buffers +${Math.round(buffers / MB)} MB, rss +${Math.round(rss / MB)} MB`,
  );
  expect([uploaded.received, downloaded]).toEqual([GB, GB]);
  expect(fixture.calls.slice(1)).toMatchObject([
    { bytesUp: GB, status: 200 },
    { bytesDown: GB, status: 200 },
  ]);
  expect(buffers).toBeLessThan(ALLOWED_BUFFERS);
  expect(rss).toBeLessThan(ALLOWED_RSS);
});
