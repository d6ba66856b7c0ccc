import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestPlatform, TEST_SEED, type TestPlatform } from '../../helpers/start-test-platform.ts';
import { check, checkByPipe, makeCheckFolder, startPlatformOf } from './check-lab.ts';
import { kubot } from './kubot.ts';

const { dir, home, secretPath } = makeCheckFolder();
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const FINE = { ok: true, problem: null };

describe('check against a platform', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await startTestPlatform();
    await platform.seed(
      {
        tenant: TEST_SEED.tenant,
        robots: [{ code: 'DRAFT', name: 'Draft', package: 'invoices/', ready: false }],
      },
      platform.dir,
    );
  });
  afterAll(() => platform.close());

  const flags = (...more: string[]) => [
    ...['--api-endpoint', platform.url, '--client-id', platform.clientId],
    ...more,
  ];

  test('tells of each step, what is seen and what can run, with a secret by pipe', async () => {
    const { code, check: answer } = await checkByPipe(
      home,
      flags('--robot-filter', 'DRAFT'),
      platform.clientSecret,
    );
    expect([code, answer]).toEqual([
      0,
      {
        ok: true,
        address: { ...FINE, endpoint: `${platform.url}/v2024-06-14`, proxy: null, clockSkewMs: null },
        credentials: FINE,
        worker: FINE,
        tenant: { ...FINE, id: null, seen: [{ id: platform.tenantId, name: null }] },
        robots: [
          {
            id: expect.any(String),
            code: 'INVOICES',
            name: 'Invoices',
            tenantId: platform.tenantId,
            canRun: true,
            reason: null,
            excluded: true,
          },
          {
            id: expect.any(String),
            code: 'DRAFT',
            name: 'Draft',
            tenantId: platform.tenantId,
            canRun: false,
            reason: { code: 'NOT_READY', message: 'It is not ready on the platform yet.' },
            excluded: false,
          },
        ],
        machine: {
          system: process.platform,
          architecture: process.arch,
          cores: expect.any(Number),
          memoryBytes: expect.any(Number),
          freeDiskBytes: expect.any(Number),
          advisedRuns: expect.any(Number),
          note: process.arch === 'x64' ? null : expect.any(String),
        },
      },
    ]);
  });

  test('changes nothing there', async () => {
    const before = platform.audit().length;
    await checkByPipe(home, flags(), platform.clientSecret);
    expect(platform.audit()).toHaveLength(before);
  });

  test('says it in sentences to people', async () => {
    const secret = join(dir, 'right');
    writeFileSync(secret, platform.clientSecret, { mode: 0o600 });
    const { code, stdout } = await kubot(['check', '--home', home, ...flags()], {
      KUBOT_CLIENT_SECRET_FILE: secret,
    });
    expect([code, stdout.split('\n').slice(0, 7)]).toEqual([
      0,
      [
        `ok    address      ${platform.url}/v2024-06-14 is the KuFlow API.`,
        'ok    credentials  The platform takes the credentials.',
        'ok    worker       Nothing speaks against this application being a worker.',
        'ok    tenant       There is nothing to choose.',
        'ok    robots       1 of 2 robots can run here.',
        '                   INVOICES: can run here',
        '                   DRAFT: It is not ready on the platform yet.',
      ],
    ]);
  });
});

async function ask(server: { url: string }, ...more: string[]) {
  return await check(home, ['--api-endpoint', server.url, '--client-id', 'app-1', ...more], {
    KUBOT_CLIENT_SECRET_FILE: secretPath,
  });
}

describe('an application', () => {
  test('without a robot is fine, and its list is empty', async () => {
    const server = await startPlatformOf({});
    try {
      const { code, check: answer } = await ask(server);
      expect([code, answer.tenant?.seen, answer.robots]).toEqual([0, [], []]);
    } finally {
      await server.close();
    }
  });

  test.each([{ workers: 403 }, { workers: 401 }, { tasks: 403 }])(
    'that may not be a worker (%o) is told so',
    async (answers) => {
      const server = await startPlatformOf(answers);
      try {
        const { code, check: answer } = await ask(server);
        expect([code, answer.credentials, answer.worker?.problem?.code]).toEqual([5, FINE, 'NOT_ALLOWED']);
      } finally {
        await server.close();
      }
    },
  );

  test('that sees several tenants has them listed, and is told of one that it does not see', async () => {
    const tenants = [
      { id: 'a', name: 'Acme' },
      { id: 'b', name: 'Beta' },
    ];
    const server = await startPlatformOf({ tenants });
    try {
      expect((await ask(server)).check.tenant).toEqual({ ...FINE, id: null, seen: tenants });
      expect((await ask(server, '--tenant-id', 'b')).check.tenant).toEqual({
        ...FINE,
        id: 'b',
        seen: tenants,
      });
      const { code, check: answer } = await ask(server, '--tenant-id', 'c');
      expect([code, answer.tenant?.problem?.code, answer.robots]).toEqual([5, 'TENANT_UNKNOWN', null]);
    } finally {
      await server.close();
    }
  });

  test('sees which robots have nothing that could run', async () => {
    const robot = { id: 'r1', code: 'OLD', name: 'Old', sourceType: 'SOMETHING_NEW' };
    const server = await startPlatformOf({ robots: [robot] });
    try {
      expect((await ask(server)).check.robots).toEqual([
        {
          id: 'r1',
          code: 'OLD',
          name: 'Old',
          tenantId: null,
          canRun: false,
          reason: { code: 'UNSUPPORTED', message: expect.any(String) },
          excluded: false,
        },
      ]);
    } finally {
      await server.close();
    }
  });
});
