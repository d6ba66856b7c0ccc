import { AgentError } from '../../shared/errors.ts';
import { isLoopback } from '../../shared/loopback.ts';
import type { Settings } from '../../shared/settings.ts';

/** Where people sign in, and as what. */
export interface OauthSettings {
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** URL of the API with its version: whom the tokens are for. */
  readonly endpoint: string;
}

/**
 * What signing in needs, checked. Not a part of compiling: who works as an application has none of it.
 * @throws AgentError CONFIG_INVALID
 */
export function compileOauth(
  settings: Pick<Settings, 'oauthAuthorizationUrl' | 'oauthTokenUrl' | 'oauthClientId' | 'oauthScopes'>,
  endpoint: string,
): OauthSettings {
  const { oauthAuthorizationUrl, oauthTokenUrl, oauthClientId, oauthScopes } = settings;
  assertUsable('oauthAuthorizationUrl', oauthAuthorizationUrl);
  assertUsable('oauthTokenUrl', oauthTokenUrl);
  if (oauthClientId === null) {
    throw new AgentError(
      'CONFIG_INVALID',
      'It is not said as what program to sign in: oauthClientId is not set.',
      {
        hint: 'Set oauthClientId to the public client that whoever runs the sign-in server registered for KuBot Runner.',
      },
    );
  }
  return Object.freeze({
    authorizationUrl: oauthAuthorizationUrl,
    tokenUrl: oauthTokenUrl,
    clientId: oauthClientId,
    scopes: oauthScopes.split(/\s+/).filter((scope) => scope !== ''),
    endpoint,
  });
}

function assertUsable(key: string, text: string): void {
  const flaw = flawOfUrl(text);
  if (flaw === null) return;
  throw new AgentError('CONFIG_INVALID', `${key} is not usable: ${flaw}.`, {
    hint: `Set ${key} to the address that whoever runs the sign-in server names.`,
  });
}

/** What is wrong with a URL that codes and tokens are to go to; null: nothing. */
function flawOfUrl(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return 'expected a URL that begins with https://';
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    return 'a URL without user and fragment is expected';
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    return `plain http to ${url.host} would send tokens in the clear; use https (http is for this machine alone)`;
  return null;
}
