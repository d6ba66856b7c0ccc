import { expect, test } from 'vitest';
import { readTokenAnswer } from '../../../../src/agent/sign-in/token-answer.ts';

const TOKENS = { access_token: 'a', token_type: 'Bearer', expires_in: 300, refresh_token: 'r' };
const PLAIN = { kind: 'tokens', accessToken: 'a', lifeMs: 300_000, refreshToken: 'r', account: null };
const idToken = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`;

test.each<[string, number, unknown, unknown]>([
  ['tokens', 200, TOKENS, PLAIN],
  ['a life that is sent as text', 200, { ...TOKENS, expires_in: '300' }, PLAIN],
  [
    'no life and no refresh token',
    200,
    { access_token: 'a', token_type: 'bearer' },
    { ...PLAIN, lifeMs: null, refreshToken: null },
  ],
  [
    'who signed in',
    200,
    { ...TOKENS, id_token: idToken({ email: 'ana@acme.example', preferred_username: 'ana' }) },
    { ...PLAIN, account: 'ana@acme.example' },
  ],
  [
    'a name where there is no email',
    200,
    { ...TOKENS, id_token: idToken({ preferred_username: 'ana\u202e\n' }) },
    { ...PLAIN, account: 'ana' },
  ],
  ['an id token that is none', 200, { ...TOKENS, id_token: 'x' }, PLAIN],
  ['an id token of another type', 200, { ...TOKENS, id_token: 7 }, PLAIN],
  ['a token of another kind', 200, { ...TOKENS, token_type: 'mac' }, { kind: 'unusable' }],
  ['an empty token', 200, { ...TOKENS, access_token: '' }, { kind: 'unusable' }],
  ['a page', 200, null, { kind: 'unusable' }],
  [
    'a refusal',
    400,
    { error: 'invalid_grant', error_description: 'Session\nnot active' },
    { kind: 'refused', error: 'invalid_grant', description: 'Session not active' },
  ],
  [
    'a refusal of few words',
    401,
    { error: 'invalid_client', error_description: 7 },
    { kind: 'refused', error: 'invalid_client', description: null },
  ],
  ['a refusal in other words', 400, { message: 'no' }, { kind: 'unusable' }],
  ['a fault that looks like a refusal', 503, { error: 'invalid_grant' }, { kind: 'unusable' }],
  ['a wish to slow down', 429, { error: 'invalid_grant' }, { kind: 'unusable' }],
])('reads %s', (_what, status, document, expected) => {
  expect(readTokenAnswer(status, document === null ? '<html>' : JSON.stringify(document))).toEqual(expected);
});
