import http, { type Agent, type ClientRequest } from 'node:http';
import https from 'node:https';
import { urlToHttpOptions } from 'node:url';
import type { Headers } from './headers.ts';
import { API_VERSION } from './operations.ts';

/** The real API, as the gateway reaches it. */
export interface Upstream {
  /** Opens a call; `path` is below the version, with its query. */
  request(call: { method: string; path: string; headers: Headers }): ClientRequest;
}

/** @param endpoint URL of the API, with or without the version; http is for an embedded platform on loopback */
export function createUpstream(endpoint: string, agent: Agent): Upstream {
  const url = new URL(endpoint);
  const root = url.pathname.replace(/\/+$/, '');
  const basePath = root.endsWith(`/${API_VERSION}`) ? root : `${root}/${API_VERSION}`;
  const { protocol, hostname, port } = urlToHttpOptions(url);
  const open = url.protocol === 'https:' ? https.request : http.request;
  return {
    request: ({ method, path, headers }) =>
      open({
        protocol: protocol ?? url.protocol,
        hostname: hostname ?? url.hostname,
        ...(port === undefined ? {} : { port }),
        agent,
        method,
        path: `${basePath}${path}`,
        headers,
      }),
  };
}

/** Shorter than the idle time of common servers (5 s in Node, 60 s elsewhere), which say theirs in Keep-Alive. */
const IDLE_SOCKET_MS = 10_000;

/** Proxies in the form of the environment variables: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`. */
export type ProxyVariables = Partial<Record<'HTTP_PROXY' | 'HTTPS_PROXY' | 'NO_PROXY', string>>;

/**
 * Connections to the API, kept alive and shared by all runs. `http.setGlobalProxyFromEnv` reaches Node's global
 * agents only, so the proxy is given here; authorities come from `tls.setDefaultCACertificates`.
 */
export function createUpstreamAgent(endpoint: string, proxy: ProxyVariables = {}): Agent {
  const options = { keepAlive: true, maxFreeSockets: 32, timeout: IDLE_SOCKET_MS, proxyEnv: proxy };
  return new URL(endpoint).protocol === 'https:' ? new https.Agent(options) : new http.Agent(options);
}
