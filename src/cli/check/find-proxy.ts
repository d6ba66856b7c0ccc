import { proxyVariables } from '../../agent/config/apply-network-settings.ts';
import { isDirect } from '../../agent/config/direct-hosts.ts';
import type { Settings } from '../../shared/settings.ts';
import type { Environment } from '../environment.ts';

/** The proxy that stands between this machine and an endpoint, without its password; null: none. */
export function findProxy(
  settings: Pick<Settings, 'proxy' | 'noProxy'>,
  endpoint: string,
  environment: Environment,
): string | null {
  const variables = proxyVariables(settings, environment);
  const url = new URL(endpoint);
  if (variables === null) return null;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  if (isDirect({ host, port }, variables.no_proxy)) return null;
  const proxy = url.protocol === 'https:' ? variables.https_proxy : variables.http_proxy;
  return proxy === undefined ? null : proxy.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^@/]*@/i, '$1***@');
}
