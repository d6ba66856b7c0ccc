import { timingSafeEqual } from 'node:crypto';
import { ApiError } from './api-error.ts';
import type { Principal } from './model.ts';
import { findByAccessToken } from './oauth/sessions.ts';
import type { PlatformState } from './platform-state.ts';
import type { Store } from './store.ts';

/**
 * Whom an Authorization header speaks for: Basic with client id and secret, or Bearer with an
 * application's token or that of a person who signed in.
 * @throws ApiError 401
 */
export function authenticate(state: PlatformState, header: string | undefined): Principal {
  const [, scheme, value] = /^(basic|bearer) +(\S+)$/i.exec(header?.trim() ?? '') ?? [];
  if (scheme === undefined || value === undefined) throw new ApiError(401, 'Full authentication is required');
  const principal =
    scheme.toLowerCase() === 'basic'
      ? byBasic(state.store, Buffer.from(value, 'base64').toString('utf8'))
      : byBearer(state, value);
  if (!principal) throw new ApiError(401, 'Bad credentials');
  return principal;
}

function byBearer(state: PlatformState, token: string): Principal | undefined {
  const isTheirs = ({ bearerToken }: Principal) => bearerToken !== null && same(bearerToken, token);
  return state.store.all('principal').find(isTheirs) ?? findByAccessToken(state, token);
}

function byBasic(store: Store, text: string): Principal | undefined {
  const colon = text.indexOf(':');
  const [clientId, secret] = [text.slice(0, colon), text.slice(colon + 1)];
  return store
    .all('principal')
    .find((one) => one.clientId === clientId && one.clientSecret !== null && same(one.clientSecret, secret));
}

function same(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}
