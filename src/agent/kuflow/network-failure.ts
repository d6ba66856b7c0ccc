/** Why a connection or an answer failed, in words that complete a sentence, and whether the platform may have acted. */
export interface NetworkFailure {
  reason: string;
  /** What the system, TLS or undici call it, where they do. */
  code: string | null;
  outcome: 'not-sent' | 'unknown';
  hint: string | null;
}

/** Failures of finding, reaching or trusting the host: no request has left this machine. */
const NOT_SENT: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host name',
  EAI_AGAIN: 'the name lookup failed for now',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no network',
  ENETDOWN: 'no network',
  UND_ERR_CONNECT_TIMEOUT: 'the host does not answer',
  UND_ERR_PRX_TLS: 'the proxy could not be reached securely',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the host does not speak TLS on that port',
  EPROTO: 'the host does not speak TLS on that port',
  ...certificate('DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is self-signed'),
  ...certificate(
    'SELF_SIGNED_CERT_IN_CHAIN',
    'its certificate comes from an authority this machine does not trust',
  ),
  ...certificate(
    'UNABLE_TO_GET_ISSUER_CERT',
    'its certificate comes from an authority this machine does not trust',
  ),
  ...certificate(
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'its certificate comes from an authority this machine does not trust',
  ),
  ...certificate(
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'its certificate comes from an authority this machine does not trust',
  ),
  ...certificate('CERT_HAS_EXPIRED', 'its certificate has expired'),
  ...certificate('CERT_NOT_YET_VALID', 'its certificate is not valid yet'),
  ...certificate('ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host'),
};

/** The connection stood, so the request may have arrived. */
const UNKNOWN: Record<string, string> = {
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer broke off',
  ETIMEDOUT: 'no answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped in its middle',
};

/** What fetch's error, or that of reading its body, means. */
export function readNetworkFailure(error: unknown): NetworkFailure {
  const chain = causesOf(error);
  for (const { name, code, syscall, message } of chain) {
    if (name === 'HTTPParserError')
      return { reason: 'the answer is not HTTP', code: name, outcome: 'unknown', hint: null };
    const refusedBy = PROXY_ANSWER.exec(message)?.[1];
    if (refusedBy !== undefined) return ofProxy(refusedBy);
    if (code === undefined) continue;
    const notSent = NOT_SENT[code];
    if (notSent !== undefined) return { reason: notSent, code, outcome: 'not-sent', hint: hintFor(code) };
    // A connect that times out has sent nothing; a read that does may have.
    if (code === 'ETIMEDOUT' && syscall === 'connect') {
      return { reason: 'the host does not answer', code, outcome: 'not-sent', hint: null };
    }
    const unknown = UNKNOWN[code];
    if (unknown !== undefined) return { reason: unknown, code, outcome: 'unknown', hint: null };
  }
  const last = chain.at(-1);
  return {
    reason: last?.message || 'the connection failed',
    code: last?.code ?? null,
    outcome: 'unknown',
    hint: null,
  };
}

/** undici tells the status that a proxy answered to CONNECT in this text alone. */
const PROXY_ANSWER = /^Proxy response \((\d{3})\)/;

function ofProxy(status: string): NetworkFailure {
  const wantsLogin = status === '407';
  return {
    reason: wantsLogin
      ? 'the proxy asks for a login (407)'
      : `the proxy does not let the connection through (${status})`,
    code: `PROXY_${status}`,
    outcome: 'not-sent',
    hint: wantsLogin
      ? 'Put user and password into the URL of the setting proxy.'
      : 'Ask who runs the proxy to allow this host, or name it in noProxy.',
  };
}

interface Cause {
  name: string;
  code: string | undefined;
  syscall: string | undefined;
  message: string;
}

/** The error, then its causes; of several tries at once (both IP families) the first. */
function causesOf(error: unknown): Cause[] {
  const causes: Cause[] = [];
  let present = error;
  while (present instanceof Error && causes.length < 8) {
    causes.push({
      name: present.name,
      code: textOf(present, 'code'),
      syscall: textOf(present, 'syscall'),
      message: present.message,
    });
    present = present instanceof AggregateError ? present.errors[0] : present.cause;
  }
  return causes;
}

function textOf(error: Error, key: string): string | undefined {
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' ? value : undefined;
}

function certificate(code: string, reason: string): Record<string, string> {
  return { [code]: reason };
}

function hintFor(code: string): string | null {
  if (/CERT|LEAF|ISSUER/.test(code)) {
    return 'If a proxy of your company opens TLS, set caFile to its certificate authority; also check the clock of this machine.';
  }
  return null;
}
