import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { OauthSession, Principal } from '../model.ts';
import type { PlatformState } from '../platform-state.ts';

/** What a token endpoint answers (RFC 6749, 5.1). */
export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  /** Absent where the one that was given goes on. */
  readonly refresh_token?: string;
  readonly refresh_expires_in: number;
  readonly scope: string;
  readonly id_token: string;
}

interface Caller {
  readonly sourceAddress: string;
}

/** An id token is read by whoever got it from us; nobody else can check this one. */
const ID_TOKEN_KEY = randomBytes(32);

/** A person who allowed a program to act for them, until the session ends. Tokens are kept as hashes alone. */
export function openSession(
  state: PlatformState,
  allowed: { principal: Principal; clientId: string; scope: string },
  caller: Caller,
): TokenAnswer {
  const session: OauthSession = {
    id: randomUUID(),
    principalId: allowed.principal.id,
    clientId: allowed.clientId,
    scope: allowed.scope,
    accesses: [],
    refreshHash: '',
    spentRefreshHashes: [],
    refreshExpiresAtMs: 0,
    isEnded: false,
  };
  return renew(state, session, 'openSession', caller);
}

/**
 * New tokens for a refresh token; null: it is good for nothing. One that was used before is in two hands, of which one
 * has stolen it, so it ends the session.
 */
export function refreshSession(
  state: PlatformState,
  given: { refreshToken: string; clientId: string },
  caller: Caller,
): TokenAnswer | null {
  const hash = hashOf(given.refreshToken);
  const known = state.store.all('session').filter(({ clientId }) => clientId === given.clientId);
  const reused = known.find(({ spentRefreshHashes }) => spentRefreshHashes.includes(hash));
  if (reused !== undefined) {
    endSession(state, reused, 'endSessionOfReusedToken', caller);
    return null;
  }
  const session = known.find(({ refreshHash }) => refreshHash === hash);
  if (session === undefined || session.isEnded || session.refreshExpiresAtMs <= state.now()) return null;
  return renew(state, session, 'refreshSession', caller);
}

/** Whom an access token speaks for. */
export function findByAccessToken(state: PlatformState, token: string): Principal | undefined {
  const hash = hashOf(token);
  const session = state.store
    .all('session')
    .find(
      ({ isEnded, accesses }) =>
        !isEnded && accesses.some((one) => one.hash === hash && one.expiresAtMs > state.now()),
    );
  return session && state.store.find('principal', session.principalId);
}

/** Ends every session, as whoever runs the server can. */
export function endSessions(state: PlatformState): void {
  for (const session of state.store.all('session').filter(({ isEnded }) => !isEnded))
    endSession(state, session, 'endSession', { sourceAddress: '' });
}

function endSession(state: PlatformState, session: OauthSession, operation: string, caller: Caller): void {
  state.store.save('session', { ...session, isEnded: true });
  audit(state, session, operation, caller);
}

function renew(state: PlatformState, session: OauthSession, operation: string, caller: Caller): TokenAnswer {
  const { store, behaviour, now } = state;
  const { accessTokenSeconds, refreshTokenSeconds, rotatesRefreshTokens } = behaviour;
  const [accessToken, fresh] = [newToken(), newToken()];
  const isFirst = session.refreshHash === '';
  const rotates = rotatesRefreshTokens || isFirst;
  const refreshToken = rotates ? fresh : null;
  store.save('session', {
    ...session,
    accesses: [
      ...session.accesses.filter(({ expiresAtMs }) => expiresAtMs > now()),
      { hash: hashOf(accessToken), expiresAtMs: now() + accessTokenSeconds * 1000 },
    ],
    refreshHash: refreshToken === null ? session.refreshHash : hashOf(refreshToken),
    spentRefreshHashes:
      rotates && !isFirst ? [...session.spentRefreshHashes, session.refreshHash] : session.spentRefreshHashes,
    refreshExpiresAtMs: now() + refreshTokenSeconds * 1000,
  });
  audit(state, session, operation, caller);
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: accessTokenSeconds,
    ...(refreshToken !== null && { refresh_token: refreshToken }),
    refresh_expires_in: refreshTokenSeconds,
    scope: session.scope,
    id_token: idTokenOf(state, session),
  };
}

function idTokenOf({ store, now }: PlatformState, { principalId, clientId }: OauthSession): string {
  const principal = store.find('principal', principalId);
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { sub: principalId, aud: clientId, email: principal?.email, name: principal?.name };
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ ...claims, iat: Math.floor(now() / 1000) })}`;
  return `${text}.${createHmac('sha256', ID_TOKEN_KEY).update(text).digest('base64url')}`;
}

function audit(
  { store, now }: PlatformState,
  { id, principalId, clientId, scope }: OauthSession,
  operation: string,
  { sourceAddress }: Caller,
): void {
  store.audit({
    at: new Date(now()).toISOString(),
    principalId,
    sourceAddress,
    operation,
    resource: `session/${id}`,
    before: null,
    after: { clientId, scope },
  });
}

function newToken(): string {
  return randomBytes(32).toString('base64url');
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
