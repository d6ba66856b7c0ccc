import type { SettingNow, SetUpKey, SetUpState } from '../../src/shared/set-up.ts';

const DEFAULTS: Record<SetUpKey, unknown> = {
  apiEndpoint: 'https://api.kuflow.com',
  caFile: null,
  proxy: null,
  authentication: 'basic',
  clientId: null,
  oauthClientId: null,
  oauthAuthorizationUrl: 'https://auth.kuflow.com/auth',
  oauthTokenUrl: 'https://auth.kuflow.com/token',
  oauthScopes: 'openid email',
  tenantId: null,
  robotFilter: [],
  maxConcurrentRuns: 2,
  diskReserveBytes: 1024 ** 3,
};

/** Settings as they are on a new machine, with some that are otherwise. */
export function settingsNow(
  values: Partial<Record<SetUpKey, unknown>> = {},
  fixed: readonly SetUpKey[] = [],
): Record<SetUpKey, SettingNow> {
  return Object.fromEntries(
    Object.entries({ ...DEFAULTS, ...values }).map(([key, value]) => [
      key,
      { value, fixedBy: fixed.some((one) => one === key) ? 'policy' : null, lockedBy: null },
    ]),
  ) as Record<SetUpKey, SettingNow>;
}

export function setUpState(more: Partial<SetUpState> = {}): SetUpState {
  return {
    settings: settingsNow(),
    secret: null,
    keychain: 'safe',
    autostart: null,
    attached: false,
    ...more,
  };
}
