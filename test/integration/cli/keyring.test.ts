import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestPlatform, type TestPlatform } from '../../helpers/start-test-platform.ts';
import { type KeyringSession, openKeyringSession } from './keyring-session.ts';
import { type Finished, kubot, startKubot } from './kubot.ts';

interface Check {
  id: string;
  ok: boolean;
  message: string;
  fix: string | null;
}

const PUT = ['config', 'secret', '--keyring'];

// Elsewhere there is no keyring that a test may have for itself.
describe.runIf(process.platform === 'linux')('the keyring', () => {
  let session: KeyringSession;
  let platform: TestPlatform;
  let dir: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'kubot keyring é-'));
    session = openKeyringSession();
    platform = await startTestPlatform();
    env = {
      ...session.environment,
      KUBOT_HOME: join(dir, 'home'),
      KUBOT_API_ENDPOINT: platform.url,
      KUBOT_CLIENT_ID: platform.clientId,
      KUBOT_CLIENT_SECRET_KEYRING: 'true',
    };
    await session.start('unlocked');
  });
  afterAll(async () => {
    await platform.close();
    await session.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** Puts a secret there by stdin. */
  async function put(secret: string, more: Record<string, string> = {}, args = PUT): Promise<Finished> {
    const child = startKubot(args, { ...env, ...more }, 'pipe');
    const exit = once(child, 'exit');
    child.stdin?.on('error', () => {});
    child.stdin?.end(`${secret}\n`);
    const { stdout, stderr } = child;
    if (stdout === null || stderr === null) throw new Error('Its output is not piped');
    const [said, noted] = await Promise.all([text(stdout), text(stderr)]);
    const [code]: (number | null)[] = await exit;
    return { code: code ?? null, stdout: said, stderr: noted };
  }

  async function examine(more: Record<string, string> = {}): Promise<[number | null, Check[]]> {
    const { code, stdout } = await kubot(['doctor', '--json'], { ...env, ...more });
    const { checks }: { checks: Check[] } = JSON.parse(stdout);
    return [code, checks.filter(({ id }) => id.startsWith('credentials'))];
  }

  describe('that is unlocked', () => {
    beforeEach(async () => {
      await put(platform.clientSecret);
    });

    test('keeps a secret that comes by stdin, and says nothing of it', async () => {
      const { code, stdout, stderr } = await put(platform.clientSecret, {}, [...PUT, '--json']);
      expect([code, JSON.parse(stdout), stderr]).toEqual([
        0,
        { clientId: platform.clientId, service: 'kubot-runner', kept: true },
        '',
      ]);
    });

    test('gives it to doctor, which names the place', async () => {
      const message = `The client secret is kept in this system’s keyring: service kubot-runner, account ${platform.clientId}.`;
      expect((await examine())[1]).toEqual([
        { id: 'credentials-store', ok: true, message, fix: null },
        { id: 'credentials', ok: true, message: 'The platform takes the credentials.', fix: null },
      ]);
    });

    test('gives it to the agent, in whose output it is not', async () => {
      const { code, stdout, stderr } = await kubot(['agent', '--once', '--json'], {
        ...env,
        KUBOT_ROBOT_FILTER: 'NONE',
      });
      const events = stdout
        .trim()
        .split('\n')
        .map((line): { event: string } => JSON.parse(line));
      expect([code, events.map(({ event }) => event)]).toEqual([0, ['registered', 'finished']]);
      expect(stdout + stderr).not.toContain(platform.clientSecret);
    });

    test('is asked for the secret of the client id that is set, and no other', async () => {
      const { code, stdout } = await kubot(['agent', '--json'], { ...env, KUBOT_CLIENT_ID: 'another' });
      expect([code, JSON.parse(stdout).error]).toEqual([
        3,
        {
          code: 'CONFIG_INVALID',
          message: 'The keyring has no client secret of another.',
          hint: 'Put it there by: kubot config secret --keyring.',
          retryable: false,
          details: null,
        },
      ]);
    });

    test('holds nothing any more once it is told to remove it', async () => {
      const remove = () => kubot([...PUT, '--remove', '--json'], env);
      const kept = { clientId: platform.clientId, service: 'kubot-runner', kept: false };
      for (const { code, stdout } of [await remove(), await remove()])
        expect([code, JSON.parse(stdout)]).toEqual([0, kept]);
      const [code, [store]] = await examine();
      expect([code, store?.ok, store?.fix]).toEqual([3, false, expect.stringContaining('--keyring')]);
    });

    test.each([
      ['no secret', PUT, '', 2, 'No secret came by stdin.'],
      ['no place', ['config', 'secret'], 's3cret', 2, 'It is not said where to keep the secret: --keyring.'],
    ])('is not written to where there is %s', async (_what, args, secret, exitCode, message) => {
      const { code, stdout } = await put(secret, {}, [...args, '--json']);
      expect([code, JSON.parse(stdout).error.message]).toEqual([exitCode, message]);
    });

    test('is not written to without a client id', async () => {
      const { code, stderr } = await put('s3cret', { KUBOT_CLIENT_ID: '' });
      expect([code, stderr]).toEqual([3, expect.stringContaining('KUBOT_CLIENT_ID is not set')]);
    });
  });

  describe('that is not to be had', () => {
    const noBus = { DBUS_SESSION_BUS_ADDRESS: '' };
    const noService = 'No Secret Service answers on this session’s D-Bus';
    const locked = 'The keyring is locked, or was never set up';

    test.each<[string, 'no bus' | 'no service' | 'locked', string]>([
      ['without a D-Bus', 'no bus', noService],
      ['on a D-Bus without a Secret Service', 'no service', noService],
      ['while it is locked and nobody can be asked', 'locked', locked],
    ])(
      'is an error with its fix %s, to write, to the agent and to doctor',
      async (_where, state, message) => {
        if (state === 'no service') await session.stop();
        if (state === 'locked') {
          await session.start('unlocked');
          await put(platform.clientSecret);
          await session.start('locked');
        }
        const more = state === 'no bus' ? noBus : {};
        const written = await put('a-secret-to-write', more, [...PUT, '--json']);
        const agent = await kubot(['agent', '--json'], { ...env, ...more });
        for (const { code, stdout, stderr } of [written, agent]) {
          const { error } = JSON.parse(stdout);
          expect([code, error.code]).toEqual([3, 'KEYRING_UNAVAILABLE']);
          expect(error.message).toContain(message);
          expect(error.hint).toContain('KUBOT_CLIENT_SECRET_FILE');
          expect(stdout + stderr).not.toContain('a-secret-to-write');
        }
        const [code, [store]] = await examine(more);
        expect([code, store?.id, store?.ok]).toEqual([3, 'credentials-store', false]);
        expect(store?.message).toContain(message);
      },
    );
  });
});
