import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AssetProvider, AssetRequest } from '../../../src/platform/asset-provider.ts';
import { DEFAULT_BEHAVIOUR } from '../../../src/platform/behaviour.ts';
import { AgentError } from '../../../src/shared/errors.ts';
import {
  type Schemas,
  startTestPlatform,
  TEST_SEED,
  type TestPlatform,
} from '../../helpers/start-test-platform.ts';

let platform: TestPlatform;
let robot: string;
let assetDir: string;
const asked: AssetRequest[] = [];

/** Has Node 24; cannot fetch pip now; breaks at Python. */
const assets: AssetProvider = {
  find: async (request) => {
    asked.push(request);
    if (request.type === 'PYTHON_PIP')
      throw new AgentError('PLATFORM_UNREACHABLE', 'The index does not answer.');
    if (request.type !== 'NODEJS' || !request.version.startsWith('24.')) return null;
    return { path: join(assetDir, 'node.tar.gz'), lengthBytes: 12, version: '24.1.0' };
  },
};

beforeAll(async () => {
  assetDir = await mkdtemp(join(tmpdir(), 'kubot-assets-'));
  await writeFile(join(assetDir, 'node.tar.gz'), 'node archive');
  const hidden = { code: 'HIDDEN', name: 'Hidden', package: 'invoices/', ready: false };
  platform = await startTestPlatform({
    assets,
    seed: { ...TEST_SEED, robots: [...TEST_SEED.robots, hidden] },
  });
  const { json } = await platform.api<Schemas['RobotPage']>('GET', '/robots?filterContext=READY');
  robot = json.content[0]?.id ?? '';
});
afterAll(async () => {
  await platform.close();
  await rm(assetDir, { recursive: true, force: true });
});
afterEach(() => {
  Object.assign(platform.behaviour, DEFAULT_BEHAVIOUR);
});

const read = async () => (await platform.api<Schemas['Robot']>('GET', `/robots/${robot}`)).json;
const download = (headers: Record<string, string> = {}, method = 'GET') =>
  platform.fetch(method, `/robots/${robot}/~actions/download-source-code`, undefined, { headers });
const asset = (type: string, version: string, method = 'GET') =>
  platform.fetch(
    method,
    `/robots/${robot}/~actions/download-asset?type=${type}&version=${version}&platform=LINUX&architecture=X86_64`,
  );

describe('robots', () => {
  it('are listed whole, or only those that are ready', async () => {
    const codes = async (query: string) =>
      (await platform.api<Schemas['RobotPage']>('GET', `/robots${query}`)).json.content.map(
        (one) => one.code,
      );
    expect(await codes('')).toEqual(['INVOICES', 'HIDDEN']);
    expect(await codes('?filterContext=DEFAULT')).toEqual(['INVOICES', 'HIDDEN']);
    expect(await codes('?filterContext=READY')).toEqual(['INVOICES']);
  });

  it('tell their source and variables one by one', async () => {
    expect(await read()).toMatchObject({
      code: 'INVOICES',
      sourceType: 'PACKAGE',
      sourceFile: { name: 'invoices.zip', contentType: 'application/zip' },
      environmentVariables: { VAT_RATE: '21' },
    });
  });
});

describe('a package', () => {
  it.each([
    ['sha256', 'hex', (hash: Buffer) => hash.toString('hex')],
    ['sha512', 'hex', (hash: Buffer) => hash.toString('hex')],
    ['sha1', 'base64', (hash: Buffer) => hash.toString('base64')],
    ['md5', 'prefixed', (hash: Buffer) => `md5:${hash.toString('hex')}`],
  ] as const)('has the length and hash that the robot tells: %s as %s', async (algorithm, form, write) => {
    platform.behaviour.hashAlgorithm = algorithm;
    platform.behaviour.hashForm = form;
    const { sourceFile } = await read();
    const bytes = Buffer.from(await (await download()).arrayBuffer());
    expect(sourceFile.contentLength).toBe(bytes.length);
    expect(sourceFile.contentHash).toBe(write(createHash(algorithm).update(bytes).digest()));
  });

  it('may come with a hash that nobody can read', async () => {
    platform.behaviour.hashForm = 'unknown';
    expect((await read()).sourceFile.contentHash).toMatch(/^v2~/);
  });

  it('can be fetched in two parts by Range and If-Range', async () => {
    const whole = Buffer.from(await (await download()).arrayBuffer());
    const first = await download({ range: 'bytes=0-99' });
    const etag = first.headers.get('etag') ?? '';
    const second = await download({ range: 'bytes=100-', 'if-range': etag });
    expect([first.status, second.status]).toEqual([206, 206]);
    const parts = [Buffer.from(await first.arrayBuffer()), Buffer.from(await second.arrayBuffer())];
    expect(Buffer.concat(parts).equals(whole)).toBe(true);
  });

  it('tells its length to HEAD and sends no body', async () => {
    const { sourceFile } = await read();
    const answer = await download({}, 'HEAD');
    expect([answer.status, Number(answer.headers.get('content-length')), await answer.text()]).toEqual([
      200,
      sourceFile.contentLength,
      '',
    ]);
  });
});

describe('assets', () => {
  it('are served as the provider finds them, asked for as the API was asked', async () => {
    asked.length = 0;
    const answer = await asset('NODEJS', '24.0.0');
    expect([answer.status, await answer.text()]).toEqual([200, 'node archive']);
    expect(asked).toEqual([{ type: 'NODEJS', version: '24.0.0', platform: 'LINUX', architecture: 'X86_64' }]);
  });

  it('are 404 where there is none', async () => {
    const answer = await asset('PYTHON', '3.2.1');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({
      status: 404,
      message: 'There is no PYTHON 3.2.1 for LINUX X86_64',
    });
  });

  it('are 503 with the reason where they cannot be had now: that is not having none', async () => {
    const answer = await asset('PYTHON_PIP', '24.0');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      message: 'The index does not answer.',
      errors: [{ code: 'PLATFORM_UNREACHABLE' }],
    });
  });

  it('are refused for a type that the specification does not have', async () => {
    expect((await asset('RUBY', '3.3.0')).status).toBe(400);
  });
});
