import { describe, expect, test } from 'vitest';
import type { FormAnswer } from '../../../../src/agent/sign-in/post-form.ts';
import type { KeptSignIn, SignInStore } from '../../../../src/agent/sign-in/sign-in-store.ts';
import { createTokenSource } from '../../../../src/agent/sign-in/token-source.ts';
import { AgentError } from '../../../../src/shared/errors.ts';

const OAUTH = {
  authorizationUrl: 'https://auth.example/auth',
  tokenUrl: 'https://auth.example/token',
  clientId: 'kubot',
  scopes: ['openid'],
  endpoint: 'https://api.example/v2024-06-14',
};
const ANA: KeptSignIn = {
  refreshToken: 'refresh-0',
  clientId: 'kubot',
  tokenUrl: OAUTH.tokenUrl,
  endpoint: OAUTH.endpoint,
  account: 'ana@acme.example',
};

type Answer = FormAnswer | Error | 'hang';

/** A token source with a keyring and a server that a test holds in its hand. */
function aSource({ kept = ANA, answers = [] }: { kept?: KeptSignIn | null; answers?: Answer[] } = {}) {
  const world = {
    nowMs: 1_700_000_000_000,
    kept: kept as KeptSignIn | null,
    answers,
    /** What happened, in order. */
    log: [] as string[],
    secrets: [] as readonly string[],
    keyring: null as Error | null,
    waits: [] as number[],
    letGo: [] as (() => void)[],
  };
  let given = 0;
  const tokens = (): FormAnswer => {
    given++;
    return {
      status: 200,
      body: JSON.stringify({
        access_token: `access-${given}`,
        token_type: 'Bearer',
        expires_in: 300,
        refresh_token: `refresh-${given}`,
      }),
    };
  };
  const store: SignInStore = {
    read: async () => {
      if (world.keyring !== null) throw world.keyring;
      return world.kept;
    },
    write: async (signIn) => {
      if (world.keyring !== null) throw world.keyring;
      world.log.push(`keep ${signIn.refreshToken}`);
      world.kept = signIn;
    },
    remove: async () => false,
    exclusively: (work) => work(),
  };
  const source = createTokenSource({
    oauth: OAUTH,
    store,
    post: async (_url, { refresh_token }) => {
      world.log.push(`exchange ${refresh_token}`);
      const answer = world.answers.shift() ?? tokens();
      if (answer instanceof Error) throw answer;
      if (answer !== 'hang') return answer;
      await new Promise<void>((resolve) => world.letGo.push(resolve));
      return tokens();
    },
    now: () => world.nowMs,
    sleep: async (milliseconds) => {
      world.waits.push(milliseconds);
    },
    random: () => 1,
    log: { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} },
    onSecrets: (secrets) => {
      world.secrets = secrets;
    },
  });
  return { source, world };
}

const refusal = (error: string): FormAnswer => ({ status: 400, body: JSON.stringify({ error }) });
const away = () => new AgentError('PLATFORM_UNREACHABLE', 'auth.example is away.');
const locked = () => new AgentError('KEYRING_UNAVAILABLE', 'The keyring is locked.');

describe('an access token', () => {
  test('is asked for once, however many wait for it', async () => {
    const { source, world } = aSource();
    expect(await Promise.all([source.header(), source.header(), source.header()])).toEqual(
      Array(3).fill('Bearer access-1'),
    );
    expect(world.log).toEqual(['exchange refresh-0', 'keep refresh-1']);
  });

  test('serves until a minute before its end, and is then renewed by the rotated refresh token', async () => {
    const { source, world } = aSource();
    await source.header();
    world.nowMs += 239_000;
    expect(await source.header()).toBe('Bearer access-1');
    world.nowMs += 2000;
    expect(await source.header()).toBe('Bearer access-2');
    expect(world.log.slice(2)).toEqual(['exchange refresh-1', 'keep refresh-2']);
  });

  test('of a short life serves for three quarters of it', async () => {
    const body = { access_token: 'short', token_type: 'bearer', expires_in: '4' };
    const { source, world } = aSource({ answers: [{ status: 200, body: JSON.stringify(body) }] });
    expect(await source.header()).toBe('Bearer short');
    world.nowMs += 2900;
    expect(await source.header()).toBe('Bearer short');
    world.nowMs += 200;
    expect(await source.header()).toBe('Bearer access-1');
  });

  test('is not used before the keyring holds the refresh token that came with it', async () => {
    const { source, world } = aSource({ answers: ['hang'] });
    const asked = source.header();
    await until(() => world.letGo.length === 1);
    world.keyring = locked();
    world.letGo[0]?.();
    await expect(asked).rejects.toMatchObject({ code: 'KEYRING_UNAVAILABLE' });
    world.keyring = null;
    world.nowMs += 30_000;
    expect(await source.header()).toBe('Bearer access-1');
    expect(world.log).toEqual(['exchange refresh-0', 'keep refresh-1']);
  });

  test('is masked, with the refresh tokens, and old ones are forgotten', async () => {
    const { source, world } = aSource();
    await source.header();
    expect(world.secrets).toEqual(['refresh-0', 'access-1', 'refresh-1']);
    world.nowMs += 300_000;
    await source.header();
    expect(world.secrets).toEqual(['access-1', 'refresh-1', 'access-2', 'refresh-2']);
    expect(source.secrets()).toEqual(world.secrets);
  });

  test('goes on being fetched when one who waited has left', async () => {
    const { source, world } = aSource({ answers: ['hang'] });
    const abort = new AbortController();
    const left = source.header(abort.signal);
    await until(() => world.letGo.length === 1);
    abort.abort();
    await expect(left).rejects.toMatchObject({ code: 'INTERRUPTED' });
    world.letGo[0]?.();
    expect(await source.header()).toBe('Bearer access-1');
    expect(world.log).toEqual(['exchange refresh-0', 'keep refresh-1']);
  });
});

describe('a platform that refuses a token', () => {
  test('is given another, once', async () => {
    const { source, world } = aSource();
    const first = await source.header();
    world.nowMs += 60_000;
    expect([await source.renew(first), await source.header()]).toEqual([true, 'Bearer access-2']);
    expect(await source.renew(first)).toBe(true);
    expect(world.log.filter((entry) => entry.startsWith('exchange'))).toHaveLength(2);
  });

  test('is given no other in place of one that is seconds old', async () => {
    const { source, world } = aSource();
    const first = await source.header();
    world.nowMs += 5000;
    expect(await source.renew(first)).toBe(false);
    expect(world.log).toHaveLength(2);
  });
});

describe('a network that fails', () => {
  test('is tried again, with growing waits', async () => {
    const { source, world } = aSource({ answers: [away(), away()] });
    expect(await source.header()).toBe('Bearer access-1');
    expect(world.waits).toEqual([1000, 2000]);
  });

  test('is told of as a call that was not sent, and asked again at the next', async () => {
    const { source } = aSource({ answers: [away(), away(), away()] });
    await expect(source.header()).rejects.toMatchObject({
      code: 'PLATFORM_UNREACHABLE',
      details: { outcome: 'not-sent' },
    });
    expect(await source.header()).toBe('Bearer access-1');
  });

  test('is not mistaken for a refusal where the server has a fault', async () => {
    const fault = { status: 503, body: JSON.stringify({ error: 'invalid_grant' }) };
    const { source } = aSource({ answers: [fault, fault, fault] });
    await expect(source.header()).rejects.toMatchObject({ code: 'PLATFORM_ERROR' });
  });
});

describe('somebody has to sign in', () => {
  test.each<[string, Parameters<typeof aSource>[0], string]>([
    ['nobody is', { kept: null }, 'Nobody is signed in. Somebody has to sign in.'],
    [
      'the server ended it',
      { answers: [refusal('invalid_grant')] },
      'auth.example ended the sign-in (invalid_grant). Somebody has to sign in.',
    ],
    [
      'it was for another address',
      { kept: { ...ANA, endpoint: 'https://evil.example/v2024-06-14' } },
      'Whoever signed in did so for another address or client than is set now. Somebody has to sign in.',
    ],
    [
      'it was by another server',
      { kept: { ...ANA, tokenUrl: 'https://evil.example/token' } },
      'Whoever signed in did so for another address or client than is set now. Somebody has to sign in.',
    ],
  ])('when %s', async (_what, given, message) => {
    const { source } = aSource(given);
    await expect(source.header()).rejects.toMatchObject({ code: 'SIGN_IN_NEEDED', message });
  });

  test('and then the next call goes on, at once where it is told of, else within half a minute', async () => {
    const { source, world } = aSource({ answers: [refusal('invalid_grant')] });
    await expect(source.header()).rejects.toMatchObject({ code: 'SIGN_IN_NEEDED' });
    world.kept = { ...ANA, refreshToken: 'refresh-new' };
    await expect(source.header()).rejects.toMatchObject({ code: 'SIGN_IN_NEEDED' });
    world.nowMs += 30_000;
    expect(await source.header()).toBe('Bearer access-1');
    world.kept = null;
    source.lookAgain();
    await expect(source.header()).rejects.toMatchObject({ message: expect.stringContaining('Nobody') });
    world.kept = { ...ANA, refreshToken: 'refresh-third' };
    source.lookAgain();
    expect(await source.header()).toBe('Bearer access-2');
  });

  test('and the server is not asked about a refresh token again that it ended', async () => {
    const { source, world } = aSource({ answers: [refusal('invalid_grant')] });
    await expect(source.header()).rejects.toMatchObject({ code: 'SIGN_IN_NEEDED' });
    source.lookAgain();
    await expect(source.header()).rejects.toMatchObject({ code: 'SIGN_IN_NEEDED' });
    expect(world.log).toEqual(['exchange refresh-0']);
  });

  test('while a look that finds all as it was asks for nothing', async () => {
    const { source, world } = aSource();
    await source.header();
    source.lookAgain();
    expect(await source.header()).toBe('Bearer access-1');
    expect(world.log).toHaveLength(2);
  });

  test('whom a new sign-in replaces is not brought back by what could not be kept', async () => {
    const { source, world } = aSource({ answers: ['hang'] });
    const asked = source.header();
    await until(() => world.letGo.length === 1);
    world.keyring = locked();
    world.letGo[0]?.();
    await expect(asked).rejects.toMatchObject({ code: 'KEYRING_UNAVAILABLE' });
    world.keyring = null;
    world.kept = { ...ANA, refreshToken: 'refresh-bea', account: 'bea@acme.example' };
    source.lookAgain();
    expect(await source.header()).toBe('Bearer access-2');
    expect(world.kept?.account).toBe('bea@acme.example');
  });
});

/** The promises that are due have run by then. */
async function until(holds: () => boolean): Promise<void> {
  for (let looks = 0; !holds(); looks++) {
    if (looks > 1000) throw new Error('It never came so far');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
