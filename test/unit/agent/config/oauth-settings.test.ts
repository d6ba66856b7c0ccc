import { expect, test } from 'vitest';
import { compileOauth } from '../../../../src/agent/config/oauth-settings.ts';
import { SettingsSchema } from '../../../../src/shared/settings.ts';

const ENDPOINT = 'https://api.kuflow.com/v2024-06-14';
const compile = (settings: Record<string, unknown>) =>
  compileOauth(SettingsSchema.parse({ oauthClientId: 'kubot', ...settings }), ENDPOINT);

test('goes by the addresses and scopes of the specification unless others are set', () => {
  expect(compile({})).toEqual({
    authorizationUrl: 'https://auth.kuflow.com/realms/KuFlow/protocol/openid-connect/auth',
    tokenUrl: 'https://auth.kuflow.com/realms/KuFlow/protocol/openid-connect/token',
    clientId: 'kubot',
    scopes: ['openid', 'email'],
    endpoint: ENDPOINT,
  });
});

test('takes plain http to this machine', () => {
  const oauthTokenUrl = 'http://127.0.0.1:8080/token';
  expect(compile({ oauthTokenUrl, oauthScopes: ' openid  offline_access ' })).toMatchObject({
    tokenUrl: oauthTokenUrl,
    scopes: ['openid', 'offline_access'],
  });
});

test.each<[Record<string, unknown>, string]>([
  [{ oauthClientId: null }, 'It is not said as what program to sign in: oauthClientId is not set.'],
  [
    { oauthTokenUrl: 'http://auth.example/token' },
    'oauthTokenUrl is not usable: plain http to auth.example would send tokens in the clear; use https (http is for this machine alone).',
  ],
  [
    { oauthAuthorizationUrl: 'javascript:alert(1)' },
    'oauthAuthorizationUrl is not usable: expected a URL that begins with https://.',
  ],
  [
    { oauthTokenUrl: 'https://me:secret@auth.example/token' },
    'oauthTokenUrl is not usable: a URL without user and fragment is expected.',
  ],
])('refuses %o', (settings, message) => {
  expect(() => compile(settings)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID', message }));
});
