import type { IncomingMessage, ServerResponse } from 'node:http';
import { toAgentError } from '../../shared/errors.ts';
import type { Authorization } from '../kuflow/authorization.ts';
import { authorize, type Verdict } from './authorize.ts';
import type { BufferCollector } from './collect-buffers.ts';
import { answerError, type GatewayError } from './default-error.ts';
import { forward, hasBody } from './forward.ts';
import type { GatewayLog } from './gateway-log.ts';
import { countHeader } from './headers.ts';
import type { GatewayLimits } from './limits.ts';
import { type MatchedCall, matchOperation } from './match-operation.ts';
import type { CallRecord, LiveCall, OpenRun } from './open-run.ts';
import type { OperationId } from './operations.ts';
import type { RunTokens } from './run-tokens.ts';
import type { Upstream } from './upstream.ts';

/** The host's own Authorization header, as the agent's other calls have it. */
export type HostAuthorization = Pick<Authorization, 'header' | 'renew'>;

export interface CallContext {
  tokens: RunTokens<OpenRun>;
  upstream: Upstream;
  authorization: HostAuthorization;
  limits: GatewayLimits;
  collector: BufferCollector;
  log: GatewayLog;
  now: () => number;
  /** `127.0.0.1:<port>`: the only Host that is served. */
  host: () => string;
}

/** A call that may be forwarded. */
interface JudgedCall extends Exclude<MatchedCall, { status: number }> {
  maxBodyBytes: number;
}

/** One request of a robot: judged, then forwarded or refused; told to its run and to the log either way. */
export function handleCall(request: IncomingMessage, response: ServerResponse, context: CallContext): void {
  // A connection that breaks is seen at the response; without a listener it would end the agent.
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  const flaw = flawOfConnection(request, context.host());
  const run = flaw === null ? context.tokens.find(request.headers.authorization) : undefined;
  if (run === undefined) refuse(request, response, context, flaw ?? UNAUTHORIZED);
  else handleCallOf(run, request, response, context);
}

function handleCallOf(
  run: OpenRun,
  request: IncomingMessage,
  response: ServerResponse,
  context: CallContext,
): void {
  const report = reporterOf(run, request, context);
  const nowMs = performance.now();
  if (!run.budget.take(nowMs)) {
    const error = tooMany(`more than ${context.limits.callsPerSecond} calls a second`);
    run.turnedAway.add(nowMs, (times) =>
      report({ status: error.status, verdict: 'refused', reason: error.message, times }),
    );
    refuse(request, response, context, error);
    return;
  }
  const judged = judge(run, request, context.limits);
  if ('status' in judged) {
    report({ ...judged.about, status: judged.status, verdict: 'refused', reason: judged.message });
    refuse(request, response, context, judged);
    return;
  }
  forwardJudged(run, judged, request, response, report, context).catch((thrown: unknown) => {
    context.log.error('Gateway call broke off', { runId: run.runId, message: toAgentError(thrown).message });
    response.destroy();
  });
}

const UNAUTHORIZED: GatewayError = {
  status: 401,
  code: 'GATEWAY_UNAUTHORIZED',
  message: 'The token is unknown, or its run has ended.',
  headers: { 'www-authenticate': 'Bearer' },
};

/** What is wrong with the message itself, before anyone asks who sent it. */
function flawOfConnection(request: IncomingMessage, host: string): GatewayError | null {
  const bad = (status: number, message: string): GatewayError => ({
    status,
    code: 'GATEWAY_BAD_REQUEST',
    message,
  });
  if (countHeader(request, 'host') !== 1) return bad(400, 'The request must have one Host header.');
  if (request.headers.host !== host) return bad(421, `This endpoint is ${host} and no other host.`);
  // The parser lets the head of such a request pass before it refuses the body.
  const encoding = request.headers['transfer-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked')
    return bad(400, 'Of all transfer encodings only chunked is known here.');
  if (countHeader(request, 'authorization') > 1)
    return bad(400, 'The request has two Authorization headers.');
  return null;
}

function tooMany(what: string): GatewayError {
  return {
    status: 429,
    code: 'GATEWAY_TOO_MANY',
    message: `This run makes ${what}; the gateway allows no more.`,
    headers: { 'retry-after': '1' },
  };
}

type Refusal = GatewayError & { about: Partial<CallRecord> };

/** Which operation it is and whether this run may call it so. */
function judge(run: OpenRun, request: IncomingMessage, limits: GatewayLimits): JudgedCall | Refusal {
  const method = request.method ?? '';
  const matched = matchOperation(method, request.url ?? '');
  if ('status' in matched) {
    return {
      status: matched.status,
      code: matched.status === 400 ? 'GATEWAY_BAD_REQUEST' : 'GATEWAY_NOT_FOUND',
      message: matched.reason,
      ...(matched.allow === undefined ? {} : { headers: { allow: matched.allow } }),
      about: {},
    };
  }
  const { operationId, params, path } = matched;
  const about = { operationId, params, path };
  const verdict = authorize(run.caller, matched);
  if (!verdict.allowed) return { ...refusalOf(verdict), about };
  if (run.callsOnTheirWay >= limits.maxCallsAtOnce)
    return { ...tooMany(`more than ${limits.maxCallsAtOnce} calls at the same time`), about };
  if ((method === 'GET' || method === 'HEAD') && hasBody(request)) {
    const message = `A ${method} has no body.`;
    return { status: 400, code: 'GATEWAY_BAD_REQUEST', message, about };
  }
  const maxBodyBytes = isUpload(operationId) ? limits.maxUploadBytes : limits.maxBodyBytes;
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
    const message = `The body is larger than ${maxBodyBytes} bytes.`;
    return { status: 413, code: 'GATEWAY_TOO_LARGE', message, headers: { connection: 'close' }, about };
  }
  return { ...matched, maxBodyBytes };
}

function refusalOf({ status, reason, setting }: Exclude<Verdict, { allowed: true }>): GatewayError {
  if (status === 400) return { status, code: 'GATEWAY_BAD_REQUEST', message: reason };
  if (setting === null) return { status, code: 'GATEWAY_REFUSED', message: reason };
  return { status, code: 'GATEWAY_OUT_OF_SCOPE', message: reason, setting };
}

function isUpload(operationId: OperationId): boolean {
  return operationId.startsWith('upload');
}

function isDownload(operationId: OperationId): boolean {
  return operationId.startsWith('download');
}

async function forwardJudged(
  run: OpenRun,
  call: JudgedCall,
  request: IncomingMessage,
  response: ServerResponse,
  report: (outcome: Partial<CallRecord>) => void,
  context: CallContext,
): Promise<void> {
  const { operationId, params, path } = call;
  const live: LiveCall = { operationId, params, response };
  run.enter(live);
  const end = (outcome: Partial<CallRecord>) => {
    run.leave(live);
    report({ operationId, params, path, ...outcome });
  };
  let authorization: string;
  try {
    authorization = await context.authorization.header();
  } catch (thrown) {
    const { code, message } = toAgentError(thrown);
    context.log.warn('Gateway could not sign in', { runId: run.runId, code, message });
    end({ status: SIGN_IN_FAILED.status, reason: SIGN_IN_FAILED.message });
    return refuse(request, response, context, SIGN_IN_FAILED);
  }
  if (response.destroyed) return end({ reason: 'The robot hung up, or its run ended.' });
  if (request.headers.expect !== undefined) response.writeContinue();
  forward(
    {
      request,
      response,
      path: `${path}${call.query}`,
      authorization,
      renew: (refused) => renewed(context, refused),
      maxBodyBytes: call.maxBodyBytes,
      isDownload: isDownload(operationId),
      limits: context.limits,
      now: context.now,
      collector: context.collector,
    },
    context.upstream,
    end,
  );
}

const SIGN_IN_FAILED: GatewayError = {
  status: 502,
  code: 'GATEWAY_SIGN_IN_FAILED',
  message: 'This machine could not sign in at KuFlow; its agent log says why.',
};

/** Another header than the one that was refused; null: there is none to be had. */
async function renewed({ authorization, log }: CallContext, refused: string): Promise<string | null> {
  try {
    return (await authorization.renew(refused)) ? await authorization.header() : null;
  } catch (thrown) {
    const { code, message } = toAgentError(thrown);
    log.debug('Gateway could not renew its token', { code, message });
    return null;
  }
}

/** Answers, and reads what is left of the body, so that clients which only then look for an answer find it. */
function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  context: CallContext,
  error: GatewayError,
): void {
  context.log.debug('Gateway refused a call', { status: error.status, reason: error.message });
  let dropped = 0;
  request.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > context.limits.maxBodyBytes) request.destroy();
  });
  if (hasBody(request)) {
    const patience = setTimeout(() => request.destroy(), context.limits.slowBodyMs);
    request.once('close', () => clearTimeout(patience));
  }
  answerError(response, error, context.now());
}

function reporterOf(run: OpenRun, request: IncomingMessage, context: CallContext) {
  const startedAtMs = context.now();
  const method = request.method ?? '';
  const path = ((request.url ?? '').split('?', 1)[0] ?? '').slice(0, 500);
  return (outcome: Partial<CallRecord>): void => {
    const record: CallRecord = {
      at: new Date(startedAtMs).toISOString(),
      runId: run.runId,
      operationId: null,
      method,
      path,
      status: null,
      verdict: 'forwarded',
      reason: null,
      params: {},
      bytesUp: 0,
      bytesDown: 0,
      durationMs: context.now() - startedAtMs,
      times: 1,
      ...outcome,
    };
    try {
      run.onCall(record);
    } catch (thrown) {
      const { code, message } = toAgentError(thrown);
      context.log.error('Robot call could not be recorded', { runId: run.runId, code, message });
    }
  };
}
