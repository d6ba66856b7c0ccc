import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '../api-error.ts';
import type { Principal } from '../model.ts';
import type { PlatformState } from '../platform-state.ts';
import { authorizePage, faultPage } from './authorize-page.ts';
import { openSession, refreshSession, type TokenAnswer } from './sessions.ts';

/** The program that people may sign in with: a public client, which has no secret. */
export const OAUTH_CLIENT_ID = 'kubot-runner';

export interface OauthServer {
  /** Answers what is for it; false: the request is for somebody else. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

interface Asked {
  readonly redirectUri: string;
  readonly state: string | null;
  readonly challenge: string;
  readonly scope: string;
  readonly expiresAtMs: number;
}
type Allowed = Asked & { readonly principal: Principal };

/** For a person to decide, and for a program to come with its code. */
const DECIDE_WITHIN_MS = 10 * 60_000;
const REDEEM_WITHIN_MS = 60_000;
const MAX_FORM_BYTES = 64 * 1024;
const KNOWN_SCOPES = new Set(['openid', 'email', 'offline_access']);

/** Authorization code with PKCE S256, and refresh: as much of OAuth2 (RFC 6749, 7636, 8252) as KuFlow's scheme names. */
export function createOauthServer(state: PlatformState): OauthServer {
  const asked = new Map<string, Asked>();
  const allowed = new Map<string, Allowed>();

  const take = <T extends { expiresAtMs: number }>(from: Map<string, T>, key: string | null): T | null => {
    const found = key === null ? undefined : from.get(key);
    if (key !== null) from.delete(key);
    return found !== undefined && found.expiresAtMs > state.now() ? found : null;
  };

  const ask = (url: URL): Reply => {
    const once = reader(url.searchParams);
    const redirectUri = once('redirect_uri');
    if (once('client_id') !== OAUTH_CLIENT_ID) return page(400, faultPage('No such client.'));
    if (redirectUri === null || !isLoopback(redirectUri))
      return page(400, faultPage('The redirect URI is not on this machine.'));
    const given = once('state');
    const refuse = (error: string) => back(redirectUri, { error, ...(given && { state: given }) });
    if (once('response_type') !== 'code') return refuse('unsupported_response_type');
    const challenge = once('code_challenge');
    if (challenge === null || once('code_challenge_method') !== 'S256') return refuse('invalid_request');
    const scope = once('scope') ?? '';
    const scopes = scope.split(' ');
    if (!scopes.includes('openid') || scopes.some((one) => !KNOWN_SCOPES.has(one)))
      return refuse('invalid_scope');
    const ticket = random();
    asked.set(ticket, {
      redirectUri,
      state: given,
      challenge,
      scope,
      expiresAtMs: state.now() + DECIDE_WITHIN_MS,
    });
    return page(200, authorizePage(ticket, OAUTH_CLIENT_ID, peopleOf(state)));
  };

  const decide = (form: URLSearchParams): Reply => {
    const once = reader(form);
    const request = take(asked, once('ticket'));
    const principal = peopleOf(state).find(({ id }) => id === once('person'));
    if (request === null || principal === undefined)
      return page(400, faultPage('This page is too old. Begin again.'));
    const given = request.state === null ? {} : { state: request.state };
    if (once('decision') !== 'allow')
      return back(request.redirectUri, {
        error: 'access_denied',
        error_description: 'The person refused',
        ...given,
      });
    const code = random();
    allowed.set(code, { ...request, principal, expiresAtMs: state.now() + REDEEM_WITHIN_MS });
    return back(request.redirectUri, { code, ...given });
  };

  const redeem = (form: URLSearchParams, sourceAddress: string): TokenAnswer | TokenError => {
    const once = reader(form);
    if (once('client_id') !== OAUTH_CLIENT_ID) return 'invalid_client';
    switch (once('grant_type')) {
      case 'authorization_code': {
        const grant = take(allowed, once('code'));
        const verifier = once('code_verifier') ?? '';
        const isSame =
          grant !== null &&
          grant.redirectUri === once('redirect_uri') &&
          grant.challenge === createHash('sha256').update(verifier, 'ascii').digest('base64url');
        if (!isSame) return 'invalid_grant';
        const { principal, scope } = grant;
        return openSession(state, { principal, clientId: OAUTH_CLIENT_ID, scope }, { sourceAddress });
      }
      case 'refresh_token': {
        const refreshToken = once('refresh_token') ?? '';
        const given = { refreshToken, clientId: OAUTH_CLIENT_ID };
        return refreshSession(state, given, { sourceAddress }) ?? 'invalid_grant';
      }
      default:
        return 'unsupported_grant_type';
    }
  };

  return {
    handle: async (request, response) => {
      if (!request.url?.startsWith('/oauth/')) return false;
      const url = new URL(request.url, 'http://platform');
      const sourceAddress = request.socket.remoteAddress ?? '';
      switch (`${request.method} ${url.pathname}`) {
        case 'GET /oauth/authorize':
          send(response, ask(url));
          return true;
        case 'POST /oauth/authorize':
          send(response, decide(await readForm(request)));
          return true;
        case 'POST /oauth/token': {
          const form = await readForm(request);
          const answer = state.store.atomically(() => redeem(form, sourceAddress));
          send(response, json(answer));
          return true;
        }
        default:
          return false;
      }
    },
  };
}

type TokenError = 'invalid_client' | 'invalid_grant' | 'unsupported_grant_type';

/** Those who could sign in: the seed's people; without any, one who is made for it. */
function peopleOf({ store }: PlatformState): Principal[] {
  const people = store.all('principal').filter(({ type }) => type === 'USER');
  if (people.length > 0) return people;
  const somebody: Principal = {
    id: randomUUID(),
    type: 'USER',
    name: 'Somebody',
    email: 'somebody@kubot.example',
    clientId: null,
    clientSecret: null,
    bearerToken: null,
  };
  store.save('principal', somebody);
  return [somebody];
}

/** RFC 8252, 7.3: the port is the program's to choose. */
function isLoopback(uri: string): boolean {
  const url = URL.parse(uri);
  return url?.protocol === 'http:' && ['127.0.0.1', '[::1]'].includes(url.hostname) && url.hash === '';
}

function reader(from: URLSearchParams): (name: string) => string | null {
  return (name) => {
    const values = from.getAll(name);
    return values.length === 1 && values[0] ? values[0] : null;
  };
}

/** @throws ApiError 400, 413 */
async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? ''))
    throw new ApiError(400, 'A form is expected');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_FORM_BYTES) throw new ApiError(413, 'The form is too large');
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function back(redirectUri: string, query: Record<string, string>): Reply {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return { status: 303, headers: { location: url.href }, body: '' };
}

function json(answer: TokenAnswer | TokenError): Reply {
  const isRefused = typeof answer === 'string';
  return {
    status: isRefused ? 400 : 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(isRefused ? { error: answer } : answer),
  };
}

function page(status: number, body: string): Reply {
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    // Browsers hold where a form's answer redirects to against this as well.
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' http://127.0.0.1:* http://[::1]:*; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
  };
  return { status, headers, body };
}

function send(response: ServerResponse, { status, headers, body }: Reply): void {
  const length = { 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' };
  response.writeHead(status, { ...headers, ...length }).end(body);
}

function random(): string {
  return randomBytes(32).toString('base64url');
}
