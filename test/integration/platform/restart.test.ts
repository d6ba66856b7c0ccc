import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PlatformOptions, startPlatform } from '../../../src/platform/start-platform.ts';
import { startPlatformChild } from '../../helpers/platform-child.ts';
import {
  basic,
  type Schemas,
  startTestPlatform,
  TEST_SEED,
  type TestPlatform,
} from '../../helpers/start-test-platform.ts';

let dataDir: string;
let open: TestPlatform[];

beforeEach(async () => {
  open = [];
  dataDir = await mkdtemp(join(tmpdir(), 'kubot-platform-'));
});
afterEach(async () => {
  for (const platform of open) await platform.close();
  await rm(dataDir, { recursive: true, force: true });
});

const start = async (options: Partial<PlatformOptions> = {}) => {
  const platform = await startTestPlatform(options);
  open.push(platform);
  return platform;
};
const stop = async (platform: TestPlatform) => {
  open.splice(open.indexOf(platform), 1);
  await platform.close();
};

const firstTask = async (platform: TestPlatform) => {
  const { json } = await platform.api<Schemas['ProcessItemPage']>('GET', '/process-items?size=1');
  return json.content[0] ?? { id: '', processId: '' };
};

describe('a restart with the same data folder', () => {
  it('keeps credentials, tenant, state, logs, documents and the audit', async () => {
    const first = await start({ dataDir });
    const other = first.addApplication('Other');
    const { id, processId } = await firstTask(first);
    const task = `/process-items/${id}`;
    await first.api('POST', `${task}/task/~actions/claim`);
    await first.api('POST', `${task}/task/~actions/append-log`, { message: 'one', level: 'WARN' });
    const worker = { identity: 'pc#1', taskQueue: 'q', hostname: 'pc', ip: '127.0.0.1' };
    await first.api('POST', '/workers', worker);
    const { json: document } = await first.api<Schemas['DocumentReference']>(
      'POST',
      `/processes/${processId}/~actions/upload-document?fileName=a&fileContentType=b`,
      'kept',
    );
    const before = await first.api<Schemas['ProcessItem']>('GET', task);
    const robots = await first.api<Schemas['RobotPage']>('GET', '/robots');
    const audit = first.audit();
    const { clientId, clientSecret, bearerToken, tenantId, principalId } = first;
    await stop(first);

    const second = await start({ dataDir });
    expect(second).toMatchObject({ clientId, clientSecret, bearerToken, tenantId, principalId });
    expect(second.addApplication('Other')).toEqual(other);
    expect((await second.api('GET', task)).json).toEqual(before.json);
    expect((await second.api('GET', '/robots')).json).toEqual(robots.json);
    expect((await second.api('POST', '/workers', worker)).status).toBe(200);
    const path = `/processes/${processId}/~actions/download-document?${new URLSearchParams(document)}`;
    expect(await (await second.fetch('GET', path)).text()).toBe('kept');
    expect(second.audit().slice(0, audit.length)).toEqual(audit);
  });

  it('takes credentials that are given, also over those it had', async () => {
    await stop(await start({ dataDir }));
    const credentials = { clientId: 'client', clientSecret: 'secret' };
    const platform = await start({ dataDir, credentials });
    expect((await platform.api('GET', '/robots', undefined, { as: credentials })).status).toBe(200);
  });

  it('after a kill keeps every answered change, each with its entry in the audit', async () => {
    const seed = { ...TEST_SEED, robots: [] };
    const child = await startPlatformChild(dataDir, seed);
    const headers = { authorization: basic(child), 'content-type': 'application/json' };
    const items = `${child.url}/v2024-06-14/process-items`;
    const page = (await (await fetch(items, { headers })).json()) as Schemas['ProcessItemPage'];
    const task = page.content[0]?.id;
    let answered = 0;
    const appending = (async () => {
      for (let n = 1; ; n++) {
        const body = JSON.stringify({ message: String(n), level: 'INFO' });
        const answer = await fetch(`${items}/${task}/task/~actions/append-log`, {
          method: 'POST',
          headers,
          body,
        });
        await answer.arrayBuffer();
        answered = n;
        if (n === 50) void child.kill();
      }
    })();
    await expect(appending).rejects.toThrow();

    const platform = await start({ dataDir, seed });
    const { json } = await platform.api<Schemas['ProcessItem']>('GET', `/process-items/${task}`);
    const kept = json.task?.logs?.map((entry) => Number(entry.message)) ?? [];
    expect(kept).toEqual(kept.map((_, index) => index + 1));
    expect(kept.length).toBeGreaterThanOrEqual(answered);
    const said = platform.audit().filter((entry) => entry.operation === 'appendProcessItemTaskLog');
    expect(said).toHaveLength(kept.length);
  });
});

describe('closing', () => {
  it('frees the port at once, so that the same URL works again', async () => {
    const first = await start({ dataDir });
    await first.api('GET', '/robots');
    const { url } = first;
    await stop(first);
    const second = await start({ dataDir, port: Number(new URL(url).port) });
    expect(second.url).toBe(url);
    expect((await second.api('GET', '/robots')).status).toBe(200);
  });

  it('cuts connections that stay open: a silent one, and an upload that never ends', async () => {
    const platform = await start();
    const { hostname, port } = new URL(platform.url);
    const { processId } = await firstTask(platform);
    const ended = [
      '',
      `POST /v2024-06-14/processes/${processId}/~actions/upload-document?fileName=a&fileContentType=b`,
    ].map(async (line) => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
      if (line !== '') {
        socket.write(
          `${line} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${platform.bearerToken}\r\n` +
            'content-type: application/octet-stream\r\ncontent-length: 1000\r\n\r\nhalf',
        );
      }
      return () => gone;
    });
    const gone = await Promise.all(ended);
    await stop(platform); // by default a test fails after 120 s here, the promise is 10 s
    await Promise.all(gone.map((wait) => wait()));
  }, 10_000);
});

describe('starting', () => {
  it('fails where the port is taken, and lets the data folder go', async () => {
    const platform = await start();
    const port = Number(new URL(platform.url).port);
    const taken = startPlatform({ dataDir, port, assets: { find: async () => null } });
    await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await start({ dataDir });
  });
});
