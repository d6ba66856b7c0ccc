import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** `errors[0].code` of the answers that are the gateway's own; a robot can tell them from the platform's. */
export type GatewayErrorCode =
  | 'GATEWAY_BAD_REQUEST'
  | 'GATEWAY_UNAUTHORIZED'
  | 'GATEWAY_REFUSED'
  | 'GATEWAY_OUT_OF_SCOPE'
  | 'GATEWAY_NOT_FOUND'
  | 'GATEWAY_TOO_LARGE'
  | 'GATEWAY_TOO_MANY'
  | 'GATEWAY_TIMEOUT'
  | 'GATEWAY_REDIRECTED'
  | 'GATEWAY_UNREACHABLE'
  | 'GATEWAY_SIGN_IN_FAILED';

export interface GatewayError {
  status: number;
  code: GatewayErrorCode;
  message: string;
  /** The setting of this machine that would allow what was refused. */
  setting?: string;
  headers?: Readonly<Record<string, string>>;
}

/** Answers with a body in the form of the API's own errors (`DefaultError` of the specification). */
export function answerError(response: ServerResponse, error: GatewayError, nowMs: number): void {
  const body = bodyOf(error, nowMs);
  response.writeHead(error.status, { ...headersOf(body), ...error.headers });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}

/** The same on a bare connection, for what the HTTP parser refuses; the connection ends with it. */
export function answerErrorOn(socket: Duplex, error: GatewayError, nowMs: number): void {
  const body = bodyOf(error, nowMs);
  const headers = Object.entries({ ...headersOf(body), ...error.headers, connection: 'close' });
  socket.end(
    [
      `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Error'}`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
      '',
      body,
    ].join('\r\n'),
  );
}

function bodyOf({ status, code, message, setting }: GatewayError, nowMs: number): string {
  const location = setting === undefined ? {} : { location: setting, locationType: 'SETTING' };
  return JSON.stringify({
    timestamp: new Date(nowMs).toISOString(),
    status,
    message,
    errors: [{ code, message, ...location }],
  });
}

function headersOf(body: string): Record<string, string> {
  return { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) };
}
