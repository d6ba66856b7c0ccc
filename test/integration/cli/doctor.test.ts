import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ControlAgent, startControlAgent } from '../../helpers/control-agent.ts';
import { startTestPlatform, type TestPlatform } from '../../helpers/start-test-platform.ts';
import { kubot, startKubot } from './kubot.ts';

interface Check {
  id: string;
  ok: boolean;
  message: string;
  fix: string | null;
}

let dir: string;
let home: string;
let platform: TestPlatform;
let credentials: Record<string, string>;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kubot doctor é-'));
  home = join(dir, 'home');
  platform = await startTestPlatform();
  const secretPath = join(dir, 'secret');
  writeFileSync(secretPath, `${platform.clientSecret}\n`, { mode: 0o600 });
  credentials = {
    KUBOT_API_ENDPOINT: platform.url,
    KUBOT_CLIENT_ID: platform.clientId,
    KUBOT_CLIENT_SECRET_FILE: secretPath,
  };
});
afterAll(async () => {
  await platform.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Exit code and checks by id. */
async function examine(env: Record<string, string>): Promise<[number | null, Record<string, Check>]> {
  const { code, stdout } = await kubot(['doctor', '--json', '--home', home], env);
  const { checks }: { checks: Check[] } = JSON.parse(stdout);
  for (const { ok, fix } of checks) expect(fix === null).toBe(ok);
  return [code, Object.fromEntries(checks.map((check) => [check.id, check]))];
}

describe('doctor without an agent', () => {
  test('tries platform, credentials and levels, and makes no home', async () => {
    const [, checks] = await examine(credentials);
    expect(Object.keys(checks)).toEqual(
      [
        ...['node', 'home', 'configuration', 'agent', 'disk', 'credentials-store', 'api', 'credentials'],
        ...[
          'clock',
          'gateway-ca',
          'bubblewrap',
          'sandbox-off',
          'sandbox-standard',
          'sandbox-strict',
          'memory',
        ],
      ].filter((id) => process.platform === 'linux' || !['bubblewrap', 'memory'].includes(id)),
    );
    expect(
      ['node', 'home', 'api', 'credentials', 'clock', 'sandbox-off'].map((id) => checks[id]?.ok),
    ).toEqual(Array(6).fill(true));
    expect(existsSync(home)).toBe(false);
    // Where bubblewrap works, so does the level that is made with it, home or no home.
    if (checks.bubblewrap?.ok) expect(checks['sandbox-standard']).toMatchObject({ ok: true });
  });

  test('ends with 5 for credentials that the platform refuses', async () => {
    const wrong = join(dir, 'wrong');
    writeFileSync(wrong, 'wrong-secret\n', { mode: 0o600 });
    const [code, checks] = await examine({ ...credentials, KUBOT_CLIENT_SECRET_FILE: wrong });
    expect([code, checks.api?.ok, checks.credentials?.ok]).toEqual([5, true, false]);
  });

  test('ends with 4 for a platform that is not there', async () => {
    const [code, checks] = await examine({ ...credentials, KUBOT_API_ENDPOINT: 'http://127.0.0.1:9' });
    expect([code, checks.api?.ok, checks.credentials, checks.clock]).toEqual([
      4,
      false,
      undefined,
      undefined,
    ]);
  });

  test.runIf(process.platform !== 'win32')('ends with 3 for a secret that others can read', async () => {
    const open = join(dir, 'open');
    writeFileSync(open, platform.clientSecret);
    chmodSync(open, 0o644);
    const [code, checks] = await examine({ ...credentials, KUBOT_CLIENT_SECRET_FILE: open });
    expect([code, checks.configuration?.ok]).toEqual([3, false]);
  });

  test('ends with 3 for a secret in the environment, and never prints it', async () => {
    const { KUBOT_CLIENT_SECRET_FILE: _file, ...rest } = credentials;
    const env = { ...rest, KUBOT_CLIENT_SECRET: platform.clientSecret };
    const { code, stdout, stderr } = await kubot(['doctor', '--home', home], env);
    expect(code).toBe(3);
    expect(stdout).toContain('FAIL  credentials-store');
    expect(stdout + stderr).not.toContain(platform.clientSecret);
  });
});

test('a secret that comes by stdin is used, and is in no environment', async () => {
  const { KUBOT_CLIENT_SECRET_FILE: _file, ...rest } = credentials;
  const child = startKubot(['doctor', '--json', '--home', home], { ...rest, KUBOT_SECRET_FD: '0' }, 'pipe');
  child.stdin?.end(`${platform.clientSecret}\n`);
  const [stdout] = await Promise.all([text(child.stdout ?? process.stdin), once(child, 'exit')]);
  const { checks }: { checks: Check[] } = JSON.parse(stdout);
  expect(checks.filter(({ id }) => id.startsWith('credentials'))).toEqual([
    {
      id: 'credentials-store',
      ok: true,
      message: 'The client secret came by a pipe, and is nowhere else.',
      fix: null,
    },
    { id: 'credentials', ok: true, message: 'The platform takes the credentials.', fix: null },
  ]);
});

describe('doctor with an agent', () => {
  let agent: ControlAgent;
  let agentHome: string;
  beforeAll(async () => {
    agentHome = mkdtempSync(join(dir, 'agent-'));
    const at = '2026-01-02T03:04:05.000Z';
    agent = await startControlAgent(agentHome, {
      status: async () => ({
        agent: {
          pid: process.pid,
          version: '1',
          home: agentHome,
          installationId: 'i',
          startedAt: at,
          state: 'idle',
        },
        connection: {
          endpoint: 'https://x',
          state: 'unauthorized',
          since: at,
          nextTryAt: null,
          lastError: { code: 'UNAUTHORIZED', message: 'The platform refuses the credentials.' },
          clockSkewMs: null,
        },
        worker: null,
        workerError: null,
        sources: [],
        sandbox: { requested: 'standard', achieved: 'off', missing: [], reason: null },
        pause: null,
        courtesy: null,
        runs: { active: 0, queued: 0, unsettled: 0 },
        warnings: [],
      }),
    });
  });
  afterAll(() => agent.close());

  test('goes by what the agent knows of the platform', async () => {
    const { code, stdout } = await kubot(['doctor', '--json', '--home', agentHome]);
    const { checks }: { checks: Check[] } = JSON.parse(stdout);
    const of = (id: string) => checks.find((check) => check.id === id);
    expect(of('agent')?.message).toBe(`An agent runs: idle, process ${process.pid}, version 1.`);
    expect([code, of('api')?.ok, of('credentials')?.message]).toEqual([
      5,
      true,
      'The platform refuses the credentials.',
    ]);
  });
});
