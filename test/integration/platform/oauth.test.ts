import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestPlatform, type TestPlatform } from '../../helpers/start-test-platform.ts';

const VERIFIER = 'a-verifier-that-is-long-enough-for-everybody-0';
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');
const REDIRECT = 'http://127.0.0.1:9/callback';

let platform: TestPlatform;
let nowMs: number;
beforeEach(async () => {
  nowMs = Date.now();
  platform = await startTestPlatform({ now: () => nowMs });
});
afterEach(() => platform.close());

function ask(changes: Record<string, string | null> = {}): Promise<Response> {
  const url = new URL(platform.oauth.authorizationUrl);
  const fields = {
    response_type: 'code',
    client_id: platform.oauth.clientId,
    redirect_uri: REDIRECT,
    scope: 'openid email',
    state: 'state-1',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...changes,
  };
  for (const [name, value] of Object.entries(fields)) if (value !== null) url.searchParams.set(name, value);
  return fetch(url, { redirect: 'manual' });
}

async function decide(decision: string): Promise<URL> {
  const html = await (await ask()).text();
  const answer = await fetch(platform.oauth.authorizationUrl, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({
      ticket: /name="ticket" value="([^"]+)"/.exec(html)?.[1] ?? '',
      person: /<option value="([^"]+)"/.exec(html)?.[1] ?? '',
      decision,
    }),
  });
  expect(answer.status).toBe(303);
  return new URL(answer.headers.get('location') ?? '');
}

interface Tokens {
  access_token: string;
  refresh_token: string;
}

async function post<T = { error: string }>(
  fields: Record<string, string>,
): Promise<{ status: number; json: T }> {
  const answer = await fetch(platform.oauth.tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({ client_id: platform.oauth.clientId, ...fields }),
  });
  return { status: answer.status, json: (await answer.json()) as T };
}

const redeem = (code: string, changes: Record<string, string> = {}) =>
  post<Tokens & { error?: string }>({
    grant_type: 'authorization_code',
    code,
    redirect_uri: REDIRECT,
    code_verifier: VERIFIER,
    ...changes,
  });
const refresh = (token: string) =>
  post<Tokens & { error?: string }>({ grant_type: 'refresh_token', refresh_token: token });

async function signIn(): Promise<Tokens> {
  const { json } = await redeem((await decide('allow')).searchParams.get('code') ?? '');
  return json;
}

async function statusFor(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await platform.api('GET', '/robots', undefined, { as: null, headers })).status;
}

describe('the authorization page', () => {
  test('sends the person back with a code, or with their refusal', async () => {
    expect(Object.fromEntries((await decide('allow')).searchParams)).toEqual({
      code: expect.stringMatching(/^[\w-]{43}$/),
      state: 'state-1',
    });
    expect(Object.fromEntries((await decide('refuse')).searchParams)).toEqual({
      error: 'access_denied',
      error_description: 'The person refused',
      state: 'state-1',
    });
  });

  test.each<[string, Record<string, string | null>, string]>([
    ['no challenge', { code_challenge: null }, 'invalid_request'],
    ['a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['another kind of answer', { response_type: 'token' }, 'unsupported_response_type'],
    ['another scope', { scope: 'openid everything' }, 'invalid_scope'],
  ])('sends a program back that asks with %s', async (_what, changes, error) => {
    const answer = await ask(changes);
    expect([answer.status, new URL(answer.headers.get('location') ?? '').searchParams.get('error')]).toEqual([
      303,
      error,
    ]);
  });

  test.each<[string, Record<string, string>]>([
    ['another client', { client_id: 'somebody' }],
    ['another machine', { redirect_uri: 'https://evil.example/callback' }],
    ['a name of this machine', { redirect_uri: 'http://localhost:9/callback' }],
  ])('sends nobody to %s', async (_what, changes) => {
    const answer = await ask(changes);
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
  });
});

describe('the token endpoint', () => {
  test('gives tokens for a code, once', async () => {
    const code = (await decide('allow')).searchParams.get('code') ?? '';
    expect(await redeem(code)).toEqual({
      status: 200,
      json: {
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 300,
        refresh_token: expect.any(String),
        refresh_expires_in: 1800,
        scope: 'openid email',
        id_token: expect.any(String),
      },
    });
    expect(await redeem(code)).toEqual({ status: 400, json: { error: 'invalid_grant' } });
  });

  test.each<[string, Record<string, string>, string]>([
    ['without the verifier', { code_verifier: 'another' }, 'invalid_grant'],
    ['from another address', { redirect_uri: 'http://127.0.0.1:10/callback' }, 'invalid_grant'],
    ['by another client', { client_id: 'somebody' }, 'invalid_client'],
    ['in another way', { grant_type: 'password' }, 'unsupported_grant_type'],
  ])('gives none %s', async (_what, changes, error) => {
    const code = (await decide('allow')).searchParams.get('code') ?? '';
    expect(await redeem(code, changes)).toEqual({ status: 400, json: { error } });
  });

  test('gives none for a code that is a minute old', async () => {
    const code = (await decide('allow')).searchParams.get('code') ?? '';
    nowMs += 60_000;
    expect((await redeem(code)).json).toEqual({ error: 'invalid_grant' });
  });

  test('rotates refresh tokens, and one that comes again ends the session', async () => {
    const first = await signIn();
    const second = (await refresh(first.refresh_token)).json;
    expect([await statusFor(first.access_token), await statusFor(second.access_token)]).toEqual([200, 200]);
    expect((await refresh(first.refresh_token)).json).toEqual({ error: 'invalid_grant' });
    expect((await refresh(second.refresh_token)).json).toEqual({ error: 'invalid_grant' });
    expect(await statusFor(second.access_token)).toBe(401);
  });

  test('leaves the refresh token as it is where that is so set', async () => {
    platform.behaviour.rotatesRefreshTokens = false;
    const { refresh_token } = await signIn();
    expect((await refresh(refresh_token)).json).not.toHaveProperty('refresh_token');
    expect((await refresh(refresh_token)).status).toBe(200);
  });

  test('gives none for a refresh token that has ended', async () => {
    const { refresh_token } = await signIn();
    nowMs += 1_800_000;
    expect((await refresh(refresh_token)).json).toEqual({ error: 'invalid_grant' });
  });
});

describe('an access token', () => {
  test('speaks for the person who allowed it, until it ends', async () => {
    const { access_token } = await signIn();
    expect(await statusFor(access_token)).toBe(200);
    nowMs += 300_000;
    expect(await statusFor(access_token)).toBe(401);
  });

  test('is refused once the session was ended', async () => {
    const { access_token, refresh_token } = await signIn();
    platform.endSessions();
    expect([await statusFor(access_token), (await refresh(refresh_token)).json]).toEqual([
      401,
      { error: 'invalid_grant' },
    ]);
  });

  test('wants a tenant to be named for engine credentials, as the specification has it', async () => {
    const headers = { authorization: `Bearer ${(await signIn()).access_token}` };
    const make = (more: object) =>
      platform.api('POST', '/authentications', { type: 'ENGINE_TOKEN', ...more }, { as: null, headers });
    const statuses = [(await make({})).status, (await make({ tenantId: platform.tenantId })).status];
    expect(statuses).toEqual([400, 200]);
  });
});

test('the audit tells of sessions, and of no token', async () => {
  const { access_token, refresh_token } = await signIn();
  await refresh(refresh_token);
  const entries = platform.audit().filter(({ resource }) => resource.startsWith('session/'));
  expect(entries.map(({ operation }) => operation)).toEqual(['openSession', 'refreshSession']);
  const text = JSON.stringify(entries);
  expect([text.includes(access_token), text.includes(refresh_token)]).toEqual([false, false]);
});
