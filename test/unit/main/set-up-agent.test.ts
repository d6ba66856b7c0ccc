import { describe, expect, test } from 'vitest';
import { checkEnvironment, settingsOf } from '../../../src/main/check-set-up.ts';
import { changesOf, withoutFixed } from '../../../src/main/set-up-agent.ts';
import type { Choices, TryInput } from '../../../src/shared/set-up.ts';
import { settingsNow } from '../../helpers/a-set-up-state.ts';

const ENTERED: TryInput = {
  apiEndpoint: 'https://kuflow.acme.example',
  proxy: null,
  credentials: { kind: 'secret', clientId: 'app-1', clientSecret: 'secret' },
  tenantId: 't-1',
};
const CHOICES: Choices = {
  robotFilter: ['A'],
  maxConcurrentRuns: 2,
  diskReserveBytes: 5,
  autostart: null,
  mayBePlain: false,
};

describe('what is tried', () => {
  const environment = { PATH: '/bin', KUBOT_CLIENT_SECRET_FILE: '/secret', KUBOT_LOG_LEVEL: 'debug' };

  test('goes by the environment, the secret by a pipe', () => {
    expect(checkEnvironment(environment, ENTERED, 'secret')).toEqual({
      PATH: '/bin',
      KUBOT_LOG_LEVEL: 'debug',
      KUBOT_SECRET_FD: '0',
      KUBOT_AUTHENTICATION: 'basic',
      KUBOT_API_ENDPOINT: 'https://kuflow.acme.example',
      KUBOT_PROXY: 'null',
      KUBOT_CLIENT_ID: 'app-1',
      KUBOT_TENANT_ID: 't-1',
    });
  });

  test('of an address alone has nobody’s secret', () => {
    const input = { apiEndpoint: 'https://anybody.example', credentials: null, tenantId: null };
    expect(checkEnvironment(environment, input, null)).toEqual({
      PATH: '/bin',
      KUBOT_LOG_LEVEL: 'debug',
      KUBOT_API_ENDPOINT: 'https://anybody.example',
      KUBOT_AUTHENTICATION: 'basic',
      KUBOT_TENANT_ID: 'null',
    });
  });

  test('in a person’s name has no secret of an application', () => {
    const input: TryInput = {
      credentials: {
        kind: 'sign-in',
        oauthClientId: 'kubot',
        oauthAuthorizationUrl: 'https://auth.example/auth',
        oauthTokenUrl: 'https://auth.example/token',
        oauthScopes: 'openid',
      },
      tenantId: null,
    };
    expect(checkEnvironment(environment, input, null)).toEqual({
      PATH: '/bin',
      KUBOT_LOG_LEVEL: 'debug',
      KUBOT_AUTHENTICATION: 'oauth',
      KUBOT_OAUTH_CLIENT_ID: 'kubot',
      KUBOT_OAUTH_AUTHORIZATION_URL: 'https://auth.example/auth',
      KUBOT_OAUTH_TOKEN_URL: 'https://auth.example/token',
      KUBOT_OAUTH_SCOPES: 'openid',
      KUBOT_TENANT_ID: 'null',
    });
  });

  test('signs in at no server but the one that a policy fixed', () => {
    const fixed = settingsNow({ authentication: 'oauth' }, ['authentication', 'oauthTokenUrl']);
    const signIn = {
      kind: 'sign-in',
      oauthClientId: 'kubot',
      oauthTokenUrl: 'https://evil.example/token',
    } as const;
    expect(withoutFixed({ credentials: signIn, tenantId: null }, fixed).credentials).toEqual({
      kind: 'sign-in',
      oauthClientId: 'kubot',
    });
    expect(() => withoutFixed(ENTERED, fixed)).toThrow('It was fixed that this machine works as a person.');
  });

  test('has the secret that IT put somewhere, where none is given', () => {
    const input: TryInput = { credentials: { kind: 'kept', clientId: 'app-1' }, tenantId: null };
    expect(checkEnvironment(environment, input, null)).toMatchObject({ KUBOT_CLIENT_SECRET_FILE: '/secret' });
  });

  test('leaves what a policy fixed as it is, whatever the window says', () => {
    const fixed = settingsNow({ clientId: 'theirs', tenantId: 't-9' }, [
      'apiEndpoint',
      'clientId',
      'tenantId',
    ]);
    expect(withoutFixed(ENTERED, fixed)).toEqual({
      apiEndpoint: undefined,
      caFile: undefined,
      proxy: null,
      credentials: { kind: 'secret', clientId: 'theirs', clientSecret: 'secret' },
      tenantId: 't-9',
    });
  });
});

describe('what is written', () => {
  test('is what differs from what is set', () => {
    expect(changesOf(ENTERED, CHOICES, settingsNow())).toEqual([
      ['apiEndpoint', 'https://kuflow.acme.example'],
      ['clientId', 'app-1'],
      ['tenantId', 't-1'],
      ['robotFilter', '["A"]'],
      ['diskReserveBytes', '5'],
    ]);
  });

  test('says whom the machine works as, and where they sign in', () => {
    const signIn = {
      kind: 'sign-in',
      oauthClientId: 'kubot',
      oauthTokenUrl: 'https://auth.kuflow.com/token',
    } as const;
    expect(
      changesOf({ credentials: signIn, tenantId: null }, CHOICES, settingsNow({ clientId: 'app-1' })),
    ).toEqual([
      ['authentication', 'oauth'],
      ['oauthClientId', 'kubot'],
      ['robotFilter', '["A"]'],
      ['diskReserveBytes', '5'],
    ]);
    const now = settingsNow({ authentication: 'oauth', oauthClientId: 'kubot' });
    expect(changesOf(ENTERED, CHOICES, now)).toContainEqual(['authentication', 'basic']);
  });

  test('takes out what was emptied, and leaves what a policy fixed', () => {
    const now = settingsNow({ proxy: 'http://proxy:8080', tenantId: 't-0' }, [
      'robotFilter',
      'diskReserveBytes',
    ]);
    expect(changesOf({ ...ENTERED, tenantId: null }, CHOICES, now)).toEqual([
      ['apiEndpoint', 'https://kuflow.acme.example'],
      ['proxy', 'null'],
      ['clientId', 'app-1'],
      ['tenantId', 'null'],
    ]);
  });
});

test('who fixed a setting is told: a policy by its name, the environment, or nobody', () => {
  const settings = settingsOf([
    { key: 'apiEndpoint', value: 'https://a', source: 'policy', locked: true, lockedBy: 'Acme IT' },
    { key: 'clientId', value: 'app-1', source: 'environment', locked: false },
    { key: 'proxy', value: null, source: 'default', locked: false },
    { key: 'logLevel', value: 'info', source: 'default', locked: false },
  ]);
  expect([settings.apiEndpoint, settings.clientId, settings.proxy, 'logLevel' in settings]).toEqual([
    { value: 'https://a', fixedBy: 'policy', lockedBy: 'Acme IT' },
    { value: 'app-1', fixedBy: 'environment', lockedBy: null },
    { value: null, fixedBy: null, lockedBy: null },
    false,
  ]);
});
