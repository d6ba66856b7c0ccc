import { timingSafeEqual } from 'node:crypto';
import { ApiError } from './api-error.ts';
import type { Principal } from './model.ts';
import type { Store } from './store.ts';

/**
 * Whom an Authorization header speaks for: Basic with client id and secret, or Bearer with an application's token.
 * @throws ApiError 401
 */
export function authenticate(store: Store, header: string | undefined): Principal {
  const [, scheme, value] = /^(basic|bearer) +(\S+)$/i.exec(header?.trim() ?? '') ?? [];
  if (scheme === undefined || value === undefined) throw new ApiError(401, 'Full authentication is required');
  const principal =
    scheme.toLowerCase() === 'basic'
      ? byBasic(store, Buffer.from(value, 'base64').toString('utf8'))
      : store.all('principal').find((one) => one.bearerToken !== null && same(one.bearerToken, value));
  if (!principal) throw new ApiError(401, 'Bad credentials');
  return principal;
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
