import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { filesIn } from '../../helpers/files-in.ts';
import { decideOn } from '../../helpers/signing-in.ts';
import { openSignInLab, recordTokens, type SignInLab } from './sign-in-lab.ts';

// Elsewhere there is no keyring that a test may have for itself.
describe.runIf(process.platform === 'linux')('kubot sign-in', () => {
  let lab: SignInLab;
  beforeAll(async () => {
    lab = await openSignInLab();
  });
  afterAll(() => lab.close());
  beforeEach(async () => {
    await lab.run(['sign-out']);
  });

  test('keeps who signed in, for the agent, which registers as that person', async () => {
    const { code, said, page } = await lab.signIn();
    expect([code, said]).toEqual([
      0,
      [
        { event: 'waiting', url: expect.stringContaining('code_challenge_method=S256'), opened: false },
        {
          event: 'signed-in',
          account: 'ana@acme.example',
          endpoint: `${lab.platform.url}/v2024-06-14`,
          agentTold: false,
        },
      ],
    ]);
    expect(page).toContain('You are signed in');
    const before = lab.platform.audit().length;
    const { code: agentCode, stdout } = await lab.run(['agent', '--once', '--json'], {
      KUBOT_ROBOT_FILTER: 'NONE',
    });
    expect([
      agentCode,
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).event),
    ]).toEqual([0, ['registered', 'finished']]);
    const did = lab.platform.audit().slice(before);
    expect(did.map(({ operation }) => operation)).toEqual(['refreshSession', 'createWorker']);
    expect(new Set(did.map(({ principalId }) => principalId)).size).toBe(1);
    expect(did[0]?.principalId).not.toBe(lab.platform.principalId);
  });

  test('leaves no token on the disk', async () => {
    const tokens: string[] = [];
    const recorder = await recordTokens(lab, tokens);
    const { url } = recorder;
    await lab.signIn({ KUBOT_OAUTH_TOKEN_URL: url });
    await lab.run(['agent', '--once', '--json'], {
      KUBOT_OAUTH_TOKEN_URL: url,
      KUBOT_ROBOT_FILTER: 'NONE',
      KUBOT_LOG_LEVEL: 'debug',
    });
    await recorder.close();
    expect(tokens.length).toBeGreaterThanOrEqual(4);
    const texts = filesIn(lab.home).map((file) => readFileSync(file, 'latin1'));
    expect(tokens.filter((token) => texts.some((text) => text.includes(token)))).toEqual([]);
  });

  test('is known to check and doctor, with none of them ending it for the other', async () => {
    await lab.signIn();
    const check = await lab.run(['check', '--json']);
    expect([check.code, JSON.parse(check.stdout).credentials]).toEqual([0, { ok: true, problem: null }]);
    const doctor = await lab.run(['doctor', '--json']);
    expect(credentialsIn(doctor.stdout)).toEqual([
      {
        id: 'credentials-store',
        ok: true,
        message: `What keeps a person signed in is kept in this system’s keyring: service kubot-runner, account sign-in:${lab.home}.`,
        fix: null,
      },
      {
        id: 'credentials',
        ok: true,
        message: 'Somebody is signed in, and the platform takes it.',
        fix: null,
      },
    ]);
    expect((await lab.run(['check', '--json'])).code).toBe(0);
  });

  test('is asked for by check and doctor when nobody is signed in', async () => {
    const check = await lab.run(['check', '--json']);
    const said = JSON.parse(check.stdout);
    expect([check.code, said.address.ok, said.credentials]).toEqual([
      5,
      true,
      {
        ok: false,
        problem: {
          code: 'SIGN_IN_NEEDED',
          message: 'Nobody is signed in. Somebody has to sign in.',
          hint: 'Sign in: kubot sign-in. A running agent goes on by itself then.',
        },
      },
    ]);
    const doctor = await lab.run(['doctor', '--json']);
    expect([doctor.code, credentialsIn(doctor.stdout)[1]]).toEqual([
      5,
      {
        id: 'credentials',
        ok: false,
        message: 'Nobody is signed in. Somebody has to sign in.',
        fix: 'Sign in: kubot sign-in.',
      },
    ]);
  });

  test('ends as refused when the person refuses, and keeps nothing', async () => {
    const { until, ended, said } = lab.start(['sign-in', '--no-browser', '--json']);
    const { url = '' } = await until(({ event }) => event === 'waiting');
    const page = await decideOn(url, 'refuse');
    expect([await ended, said.at(-1)?.error?.code, page.text]).toEqual([
      5,
      'SIGN_IN_REFUSED',
      expect.stringContaining('You are not signed in'),
    ]);
    const { stdout } = await lab.run(['sign-out', '--json']);
    expect(JSON.parse(stdout)).toEqual({ wasSignedIn: false });
  });

  test('speaks the language of the person in the page it leaves', async () => {
    const { until, ended } = lab.start(['sign-in', '--no-browser', '--language', 'es', '--json']);
    const { url = '' } = await until(({ event }) => event === 'waiting');
    expect((await decideOn(url, 'allow')).text).toContain('Sesión iniciada');
    expect(await ended).toBe(0);
  });

  test('is given up at Ctrl-C', async () => {
    const { until, ended, said, child } = lab.start(['sign-in', '--no-browser', '--json']);
    await until(({ event }) => event === 'waiting');
    child.kill('SIGINT');
    expect([await ended, said.at(-1)?.error?.code]).toEqual([130, 'INTERRUPTED']);
  });

  test('is for the address and client it was made for, and no other', async () => {
    await lab.signIn();
    const before = lab.platform.audit().length;
    const check = await lab.run(['check', '--json'], { KUBOT_API_ENDPOINT: `${lab.platform.url}/other` });
    expect(check.stdout).toContain('Whoever signed in did so for another address or client than is set now.');
    expect(lab.platform.audit().length).toBe(before);
  });

  test.each([
    ['no client is named', { KUBOT_OAUTH_CLIENT_ID: '' }, 'CONFIG_INVALID'],
    [
      'tokens would go in the clear',
      { KUBOT_OAUTH_TOKEN_URL: 'http://auth.example/token' },
      'CONFIG_INVALID',
    ],
    ['there is no keyring', { DBUS_SESSION_BUS_ADDRESS: '' }, 'KEYRING_UNAVAILABLE'],
  ])('begins nothing where %s', async (_what, more, expected) => {
    const { code, stdout } = await lab.run(['sign-in', '--no-browser', '--json'], more);
    const lines = stdout.trim().split('\n');
    const { error } = JSON.parse(lines[0] ?? '');
    expect([code, lines.length, error.code]).toEqual([3, 1, expected]);
  });
});

interface Check {
  id: string;
  ok: boolean;
  message: string;
  fix: string | null;
}

function credentialsIn(stdout: string): Check[] {
  const { checks }: { checks: Check[] } = JSON.parse(stdout);
  return checks.filter(({ id }) => id.startsWith('credentials'));
}
