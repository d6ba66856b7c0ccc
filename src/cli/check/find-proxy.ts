import { proxyVariables } from '../../agent/config/apply-network-settings.ts';
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
  if (variables === null || isDirect(url, variables.no_proxy)) return null;
  const proxy = url.protocol === 'https:' ? variables.https_proxy : variables.http_proxy;
  return proxy === undefined ? null : proxy.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^@/]*@/i, '$1***@');
}

/** As Node reads the list: `*`, a host with all below it, either with a port. */
function isDirect({ hostname, port, protocol }: URL, list: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  const hostPort = port || (protocol === 'https:' ? '443' : '80');
  return list.split(',').some((entry) => {
    const [, name = '', wantedPort] = /^(.*?)(?::(\d+))?$/.exec(entry.trim()) ?? [];
    if (entry.trim() === host) return true;
    if (wantedPort !== undefined && wantedPort !== hostPort) return false;
    const bare = name.replace(/^\*?\.?/, '').toLowerCase();
    if (name === '*') return true;
    return bare !== '' && (host === bare || host.endsWith(`.${bare}`));
  });
}
