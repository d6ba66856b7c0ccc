import { AgentError } from '../../shared/errors.ts';
import { isLoopback } from '../../shared/loopback.ts';

/** Version of the API that this agent speaks. */
const VERSION_PATH = '/v2024-06-14';

/**
 * The URL of the API with its version path, from one with or without it. Plain http would send the secret in
 * the clear, so it is for this machine alone.
 * @throws AgentError CONFIG_INVALID
 */
export function compileEndpoint(text: string, origin: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw invalid(origin, 'expected a URL such as https://api.kuflow.com');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw invalid(origin, 'a URL without user, query or fragment is expected');
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw invalid(
      origin,
      `plain http to ${url.host} would send the client secret in the clear; use https (http is for this machine alone)`,
    );
  }
  const path = url.pathname.replace(/\/+$/, '');
  return `${url.origin}${/\/v\d{4}-\d{2}-\d{2}$/.test(path) ? path : `${path}${VERSION_PATH}`}`;
}

function invalid(origin: string, reason: string): AgentError {
  return new AgentError('CONFIG_INVALID', `apiEndpoint from ${origin} is not usable: ${reason}.`);
}
