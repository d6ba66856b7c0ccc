import { readFileSync } from 'node:fs';
import http from 'node:http';
import tls from 'node:tls';
import { AgentError } from '../../shared/errors.ts';
import type { Settings } from '../../shared/settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Makes this process trust what the operating system and `caFile` trust, and reach the network by the proxy.
 * For composition roots, once: both are global to Node.
 * @throws AgentError CONFIG_INVALID when caFile cannot be used
 */
export function applyNetworkSettings(
  settings: Pick<Settings, 'caFile' | 'proxy' | 'noProxy'>,
  endpoint: string,
  environment: Environment,
): void {
  const extra = settings.caFile === null ? [] : [readCaFile(settings.caFile)];
  // Reading the system's store takes time that a plain loopback endpoint has no use for.
  if (endpoint.startsWith('https:') || extra.length > 0) {
    tls.setDefaultCACertificates([
      ...tls.getCACertificates('default'),
      ...tls.getCACertificates('system'),
      ...extra,
    ]);
  }
  const variables = proxyVariables(settings, environment);
  if (variables !== null) http.setGlobalProxyFromEnv(variables);
}

/**
 * The certificates of a PEM file.
 * @throws AgentError CONFIG_INVALID
 */
export function readCaFile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new AgentError('CONFIG_INVALID', `The file ${path} of caFile cannot be read.`, { cause: error });
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw new AgentError('CONFIG_INVALID', `The file ${path} of caFile holds no certificate in PEM form.`);
  }
  return text;
}

/** What never goes through a proxy: the gateway, the embedded platform. */
const LOOPBACK = ['127.0.0.1', 'localhost', '::1'];

/**
 * The proxy in the words of the usual variables: the setting's, else those of the environment; null: none. The
 * environment's lower-case names win, as curl has it.
 */
export function proxyVariables(
  settings: Pick<Settings, 'proxy' | 'noProxy'>,
  environment: Environment,
): { http_proxy?: string; https_proxy?: string; no_proxy: string } | null {
  const named = (name: string) => environment[name] || environment[name.toUpperCase()] || undefined;
  const httpProxy = settings.proxy ?? named('http_proxy');
  const httpsProxy = settings.proxy ?? named('https_proxy');
  if (httpProxy === undefined && httpsProxy === undefined) return null;
  const direct = (settings.noProxy ?? named('no_proxy') ?? '').split(',').map((host) => host.trim());
  return {
    ...(httpProxy === undefined ? {} : { http_proxy: httpProxy }),
    ...(httpsProxy === undefined ? {} : { https_proxy: httpsProxy }),
    no_proxy: [...new Set([...direct, ...LOOPBACK])].filter((host) => host !== '').join(','),
  };
}
