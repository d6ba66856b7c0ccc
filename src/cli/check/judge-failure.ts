import type { CheckProblem, Problem } from '../../shared/connection-check.ts';
import type { AgentError } from '../../shared/errors.ts';

/** Which step a failed call belongs to, and how the check names it. */
export interface Judged {
  readonly step: 'address' | 'credentials';
  readonly problem: Problem;
}

/** @param proxy through which the call went; null: directly */
export function judgeFailure(error: AgentError, proxy: string | null): Judged {
  const [step, code] = judge(error, proxy !== null);
  return { step, problem: { code, message: error.message, hint: error.hint || null } };
}

function judge({ code, details }: AgentError, hasProxy: boolean): [Judged['step'], CheckProblem] {
  const status = typeof details?.status === 'number' ? details.status : null;
  switch (code) {
    case 'UNAUTHORIZED':
      // A login page says 401 as well.
      if (details?.page === true) return ['address', 'NOT_KUFLOW'];
      return ['credentials', status === 403 ? 'NOT_ALLOWED' : 'CREDENTIALS_REFUSED'];
    case 'SIGN_IN_NEEDED':
      return ['credentials', 'SIGN_IN_NEEDED'];
    case 'RATE_LIMITED':
      return ['address', 'BUSY'];
    case 'PLATFORM_UNREACHABLE':
      if (status === 407) return ['address', 'PROXY_LOGIN'];
      return ['address', ofNetwork(String(details?.networkCode ?? 'none'), hasProxy)];
    case 'PLATFORM_ERROR':
      if (status === null) return ['address', 'NOT_KUFLOW'];
      return ['address', status < 400 ? 'REDIRECTED' : 'PLATFORM_FAULT'];
    case 'PLATFORM_REFUSED':
      return NOT_HERE.has(status ?? 0) ? ['address', 'NOT_KUFLOW'] : ['credentials', 'NOT_ALLOWED'];
    default:
      return ['address', 'UNEXPECTED'];
  }
}

/** How servers say that they have nothing of the kind at this path. */
const NOT_HERE = new Set([404, 405, 406, 410, 415]);

function ofNetwork(code: string, hasProxy: boolean): CheckProblem {
  if (code === 'PROXY_407') return 'PROXY_LOGIN';
  if (code.startsWith('PROXY_')) return 'PROXY_REFUSED';
  const found = NETWORK[code] ?? 'UNEXPECTED';
  // The way to the host itself is the proxy's: what this machine failed to reach is the proxy.
  return hasProxy && OF_THE_NEXT_HOP.has(found) ? 'PROXY_UNREACHABLE' : found;
}

const OF_THE_NEXT_HOP = new Set<CheckProblem>(['HOST_UNKNOWN', 'NO_NETWORK', 'REFUSED', 'TLS_MISSING']);

const NETWORK: Readonly<Record<string, CheckProblem>> = {
  ECONNREFUSED: 'REFUSED',
  ENOTFOUND: 'HOST_UNKNOWN',
  EAI_AGAIN: 'HOST_UNKNOWN',
  EHOSTUNREACH: 'NO_NETWORK',
  ENETUNREACH: 'NO_NETWORK',
  ENETDOWN: 'NO_NETWORK',
  TIMEOUT: 'NO_ANSWER',
  ETIMEDOUT: 'NO_ANSWER',
  UND_ERR_CONNECT_TIMEOUT: 'NO_ANSWER',
  UND_ERR_HEADERS_TIMEOUT: 'NO_ANSWER',
  UND_ERR_BODY_TIMEOUT: 'NO_ANSWER',
  ECONNRESET: 'CUT',
  EPIPE: 'CUT',
  UND_ERR_SOCKET: 'CUT',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'CUT',
  UND_ERR_PRX_TLS: 'PROXY_UNREACHABLE',
  ERR_SSL_WRONG_VERSION_NUMBER: 'TLS_MISSING',
  EPROTO: 'TLS_MISSING',
  HTTPParserError: 'NOT_KUFLOW',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'TLS_UNTRUSTED',
  SELF_SIGNED_CERT_IN_CHAIN: 'TLS_UNTRUSTED',
  UNABLE_TO_GET_ISSUER_CERT: 'TLS_UNTRUSTED',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'TLS_UNTRUSTED',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'TLS_UNTRUSTED',
  CERT_HAS_EXPIRED: 'TLS_INVALID',
  CERT_NOT_YET_VALID: 'TLS_INVALID',
  ERR_TLS_CERT_ALTNAME_INVALID: 'TLS_INVALID',
};
