import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { FormAnswer } from '../../../../src/agent/sign-in/post-form.ts';
import { challengeOf, type SignInOptions, signIn } from '../../../../src/agent/sign-in/sign-in.ts';

const OAUTH = {
  authorizationUrl: 'https://auth.example/auth?realm=acme',
  tokenUrl: 'https://auth.example/token',
  clientId: 'kubot',
  scopes: ['openid', 'email'],
  endpoint: 'https://api.example/v2024-06-14',
};
const CLAIMS = Buffer.from(JSON.stringify({ email: 'ana@acme.example' })).toString('base64url');
const TOKENS = {
  access_token: 'access-1',
  token_type: 'Bearer',
  expires_in: 300,
  refresh_token: 'refresh-1',
  id_token: `e30.${CLAIMS}.x`,
};
const KEPT = {
  refreshToken: 'refresh-1',
  clientId: 'kubot',
  tokenUrl: OAUTH.tokenUrl,
  endpoint: OAUTH.endpoint,
  account: 'ana@acme.example',
};

interface Page {
  status: number;
  text: string;
}

/** As a browser that is sent somewhere; fetch would not send these headers. */
function visit(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Page> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method,
      headers: { 'sec-fetch-dest': 'document', ...headers },
      agent: false,
    });
    sent.once('error', reject);
    sent.once('response', async (response) => {
      let text = '';
      for await (const chunk of response) text += String(chunk);
      resolve({ status: response.statusCode ?? 0, text });
    });
    sent.end();
  });
}

/** Begins to sign in, and hands over what the browser is shown. The token endpoint answers every form with the same. */
async function begin(answer: FormAnswer | Error, more: Partial<SignInOptions> = {}) {
  const shown = Promise.withResolvers<string>();
  const forms: Readonly<Record<string, string>>[] = [];
  const ended = signIn({
    oauth: OAUTH,
    show: shown.resolve,
    keep: async () => undefined,
    post: async (_url, fields) => {
      forms.push(fields);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    ...more,
  });
  // Each test looks at how it ended; one that fails before must not add an unhandled rejection.
  ended.catch(shown.reject);
  const asked = new URL(await shown.promise);
  const redirectUri = asked.searchParams.get('redirect_uri') ?? '';
  const state = asked.searchParams.get('state') ?? '';
  const back = (query: Record<string, string>) => `${redirectUri}?${new URLSearchParams(query)}`;
  return { ended, asked, redirectUri, state, back, forms };
}

const given = (status: number, document: unknown): FormAnswer => ({ status, body: JSON.stringify(document) });

test('makes the challenge as RFC 7636 shows it', () => {
  expect(challengeOf('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  );
});

describe('signing in by the browser', () => {
  test('asks for a code with a challenge whose verifier the token is asked with', async () => {
    const { ended, asked, redirectUri, state, back, forms } = await begin(given(200, TOKENS));
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      realm: 'acme',
      response_type: 'code',
      client_id: 'kubot',
      redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/),
      scope: 'openid email',
      state: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    const page = await visit(back({ code: 'code-1', state }));
    expect(page).toEqual({ status: 200, text: expect.stringContaining('You can close this page.') });
    expect(await ended).toEqual(KEPT);
    expect(forms).toEqual([
      {
        grant_type: 'authorization_code',
        code: 'code-1',
        redirect_uri: redirectUri,
        client_id: 'kubot',
        code_verifier: expect.stringMatching(/^[\w-]{43}$/),
      },
    ]);
    expect(challengeOf(forms[0]?.code_verifier ?? '')).toBe(asked.searchParams.get('code_challenge'));
  });

  test('says in the browser that it is done only once it is kept', async () => {
    const { ended, state, back } = await begin(given(200, TOKENS), {
      keep: () => Promise.reject(new Error('The keyring is full')),
    });
    const refused = expect(ended).rejects.toThrow('The keyring is full');
    expect((await visit(back({ code: 'code-1', state }))).text).toContain('Signing in did not work');
    await refused;
  });

  test.each<[string, Record<string, string>, string, string]>([
    [
      'the person refuses',
      { error: 'access_denied', error_description: 'No\nthanks' },
      'SIGN_IN_REFUSED',
      'Signing in was refused in the browser: No thanks.',
    ],
    [
      'the server refuses the request',
      { error: 'invalid_scope' },
      'SIGN_IN_FAILED',
      'The sign-in page answered with the error invalid_scope.',
    ],
  ])('ends when %s', async (_what, query, code, message) => {
    const { ended, state, back, forms } = await begin(given(200, TOKENS));
    const failed = expect(ended).rejects.toMatchObject({ code, message });
    await visit(back({ ...query, state }));
    await failed;
    expect(forms).toEqual([]);
  });

  test.each<[string, FormAnswer, string]>([
    [
      'refuses the code',
      given(400, { error: 'invalid_grant' }),
      'auth.example gave no token (invalid_grant).',
    ],
    [
      'answers with a page',
      { status: 200, body: '<html>' },
      'auth.example gave no token: it answered with status 200.',
    ],
    [
      'fails',
      given(503, { error: 'server_error' }),
      'auth.example gave no token: it answered with status 503.',
    ],
    [
      'gives no refresh token',
      given(200, { ...TOKENS, refresh_token: undefined }),
      'auth.example gave no refresh token, so the sign-in would not last.',
    ],
  ])('ends when the token endpoint %s', async (_what, answer, message) => {
    const { ended, state, back } = await begin(answer);
    const failed = expect(ended).rejects.toMatchObject({ code: 'SIGN_IN_FAILED', message });
    expect((await visit(back({ code: 'code-1', state }))).text).toContain('Signing in did not work');
    await failed;
  });

  test.each<[string, (to: { redirectUri: string; state: string }) => Promise<Page>, number]>([
    ['with another state', ({ redirectUri }) => visit(`${redirectUri}?code=evil&state=guess`), 400],
    ['without a state', ({ redirectUri }) => visit(`${redirectUri}?code=evil`), 400],
    ['with two codes', ({ redirectUri, state }) => visit(`${redirectUri}?code=a&code=b&state=${state}`), 400],
    [
      'with a code and an error',
      ({ redirectUri, state }) => visit(`${redirectUri}?code=a&error=b&state=${state}`),
      400,
    ],
    [
      'by another host name',
      ({ redirectUri, state }) => visit(`${redirectUri}?code=a&state=${state}`, { host: 'evil.example' }),
      421,
    ],
    [
      'from a script of another page',
      ({ redirectUri, state }) =>
        visit(`${redirectUri}?code=a&state=${state}`, { origin: 'https://evil.example' }),
      403,
    ],
    [
      'as an image',
      ({ redirectUri, state }) =>
        visit(`${redirectUri}?code=a&state=${state}`, { 'sec-fetch-dest': 'image' }),
      403,
    ],
    ['by POST', ({ redirectUri, state }) => visit(`${redirectUri}?code=a&state=${state}`, {}, 'POST'), 405],
    ['at another path', ({ redirectUri }) => visit(new URL('/other', redirectUri).href), 404],
  ])('turns away what comes %s, and waits on', async (_what, go, status) => {
    const { ended, redirectUri, state, back, forms } = await begin(given(200, TOKENS));
    const stray = await go({ redirectUri, state });
    expect([stray.status, stray.text]).toEqual([status, expect.stringContaining('Nothing to do here')]);
    expect(forms).toEqual([]);
    await visit(back({ code: 'code-1', state }));
    expect(await ended).toEqual(KEPT);
  });

  test('takes the opaque origin that a browser may keep of the form that led here', async () => {
    const { ended, state, back } = await begin(given(200, TOKENS));
    await visit(back({ code: 'code-1', state }), { origin: 'null' });
    expect(await ended).toEqual(KEPT);
  });

  test('waits for so long and no longer, and listens no more then', async () => {
    const { ended, redirectUri } = await begin(given(200, TOKENS), { timeoutMs: 10 });
    await expect(ended).rejects.toMatchObject({ code: 'SIGN_IN_TIMED_OUT' });
    await expect(visit(redirectUri)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('is given up when the person says so', async () => {
    const abort = new AbortController();
    const { ended } = await begin(given(200, TOKENS), { signal: abort.signal });
    abort.abort();
    await expect(ended).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});
