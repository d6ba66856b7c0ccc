import createApi, { type Client } from 'openapi-fetch';
import type { z } from 'zod';
import { AgentError, isAgentError, toAgentError } from '../../shared/errors.ts';
import type { AgentLog } from '../logs/agent-log.ts';
import type { DownloadResponse } from '../packages/download.ts';
import type { paths } from './api.gen.ts';
import {
  type CallSite,
  errorOfAnswer,
  errorOfBody,
  errorOfNetwork,
  errorOfPage,
  errorOfTimeout,
  isPage,
} from './api-error.ts';
import type { Authorization } from './authorization.ts';
import type { ConnectionTracker } from './connection.ts';
import { OPERATIONS, type OperationId } from './operations.ts';
import { bodyUntil, readErrorBody, readJson } from './response-body.ts';
import { interrupted, parseRetryAfter, retryAfterOf, type Sleep, withRetry } from './retry.ts';

export type Api = Client<paths>;

/** What every call of the generated client is given. */
export interface CallInit {
  signal: AbortSignal;
  headers: Record<string, string>;
  fetch: (request: Request) => Promise<Response>;
  parseAs: 'stream';
  redirect: 'manual' | 'follow';
}

/** Makes one call by the generated client. */
export type Send = (api: Api, init: CallInit) => Promise<{ response: Response }>;

export interface Answer<T> {
  value: T;
  status: number;
  headers: Headers;
}

export interface TransportOptions {
  /** With the version path. */
  endpoint: string;
  authorization: Authorization;
  connection: ConnectionTracker;
  fetch: (request: Request) => Promise<Response>;
  now: () => number;
  /** Milliseconds of a clock that nobody sets. */
  monotonic: () => number;
  sleep: Sleep;
  random: () => number;
  log: AgentLog;
  /** Overrides the operations' own; for tests. */
  timeoutMs?: number | undefined;
}

/**
 * Calls the API: credentials, time limits, retries, errors in our words, and bodies parsed.
 * Its methods throw AgentError: PLATFORM_UNREACHABLE, PLATFORM_ERROR, PLATFORM_REFUSED {status}, RATE_LIMITED,
 * UNAUTHORIZED, SIGN_IN_NEEDED, KEYRING_UNAVAILABLE; INTERRUPTED when `signal` aborts.
 */
export class Transport {
  readonly #options: TransportOptions;
  readonly #api: Api;
  readonly #host: string;
  /** Whose Authorization header was accepted last. */
  #accepted: string | null = null;
  /** The platform wants no call for a while (429, 503 with Retry-After). By a clock that is never moved. */
  #welcomeAtMs = 0;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#api = createApi<paths>({ baseUrl: options.endpoint });
    this.#host = new URL(options.endpoint).host;
  }

  /** A call whose answer is JSON. */
  async json<S extends z.ZodType>(
    operationId: OperationId,
    schema: S,
    send: Send,
    signal?: AbortSignal,
  ): Promise<Answer<z.output<S>>> {
    return await this.#repeated(operationId, signal, async (site, attempt) => {
      const { response } = await send(this.#api, this.#init(site, attempt, 'manual'));
      const value = await readJson(site, response, schema, attempt.signal);
      return { value, status: response.status, headers: response.headers };
    });
  }

  /** A call whose answer is bytes; storage that the platform redirects to is followed, without our credentials. */
  async download(
    operationId: OperationId,
    send: Send,
    request: { headers: Record<string, string>; signal: AbortSignal },
  ): Promise<DownloadResponse> {
    return await this.#repeated(operationId, request.signal, async (site, attempt) => {
      const init = this.#init(site, attempt, 'follow');
      const { response } = await send(this.#api, {
        ...init,
        headers: { ...request.headers, ...init.headers },
      });
      if (this.#options.endpoint.startsWith('https:') && response.url.startsWith('http:')) {
        await response.body?.cancel();
        throw errorOfBody(site, `a redirection to plain http (${new URL(response.url).host})`);
      }
      return {
        status: response.status,
        headers: response.headers,
        body: bodyUntil(attempt.signal, response),
      };
    });
  }

  async #repeated<T>(
    operationId: OperationId,
    signal: AbortSignal | undefined,
    work: (site: CallSite, attempt: Attempt) => Promise<T>,
  ): Promise<T> {
    const operation = OPERATIONS[operationId];
    const site = { does: operation.does, host: this.#host, operationId };
    const timeoutMs = operation.timeoutMs === null ? null : (this.#options.timeoutMs ?? operation.timeoutMs);
    const { sleep, random, now, log, connection, authorization } = this.#options;
    const once = (header: { sent: string | null }) =>
      withinTime({ site, timeoutMs, signal }, async (attempt) => {
        header.sent = await authorization.header(attempt.signal);
        return await work(site, { ...attempt, authorization: header.sent });
      });
    return await withRetry({
      operation,
      sleep,
      random,
      signal,
      attempt: async () => {
        await this.#untilWelcome(signal);
        try {
          const value = await this.#renewed(once);
          connection.succeeded();
          return value;
        } catch (thrown) {
          throw this.#noted(toAgentError(thrown));
        }
      },
      onWait: (waitMs, error) => {
        connection.noteNextTry(now() + waitMs);
        log.debug('API call is tried again', {
          operationId,
          code: error.code,
          message: error.message,
          waitMs,
        });
      },
    });
  }

  /** A 401 did nothing: where there is another token to be had, the call is made once more, whatever it is. */
  async #renewed<T>(once: (header: { sent: string | null }) => Promise<T>): Promise<T> {
    const header: { sent: string | null } = { sent: null };
    try {
      return await once(header);
    } catch (error) {
      const isRefused = isAgentError(error) && error.code === 'UNAUTHORIZED' && error.details?.status === 401;
      if (!isRefused || header.sent === null) throw error;
      if (!(await this.#options.authorization.renew(header.sent))) throw error;
      return await once(header);
    }
  }

  /** An error that all of the client learns from. */
  #noted(error: AgentError): AgentError {
    const retryAfterMs = retryAfterOf(error);
    if (retryAfterMs !== null)
      this.#welcomeAtMs = Math.max(this.#welcomeAtMs, this.#options.monotonic() + retryAfterMs);
    const { authorization, connection } = this.#options;
    const named = explained(error, connection.connection.clockSkewMs, authorization.refusedHint);
    connection.failed(named);
    return named;
  }

  async #untilWelcome(signal: AbortSignal | undefined): Promise<void> {
    const waitMs = this.#welcomeAtMs - this.#options.monotonic();
    if (waitMs > 0) await this.#options.sleep(waitMs, signal);
    if (signal?.aborted) throw interrupted('not-sent');
  }

  #init(site: CallSite, { signal, authorization }: Attempt, redirect: CallInit['redirect']): CallInit {
    const party = this.#options.authorization.party();
    return {
      signal,
      redirect,
      parseAs: 'stream',
      headers: { authorization },
      fetch: async (request) => {
        const response = await this.#options.fetch(request);
        this.#options.connection.noteServerTime(response.headers.get('date'));
        if (!response.ok) throw await this.#errorOf(site, response, { signal, authorization }, party);
        if (isPage(response.headers.get('content-type'), '')) {
          await response.body?.cancel();
          throw errorOfPage(site);
        }
        this.#accepted = party;
        return response;
      },
    };
  }

  async #errorOf(
    site: CallSite,
    response: Response,
    { signal, authorization }: Attempt,
    party: string,
  ): Promise<AgentError> {
    const { status, headers } = response;
    const body = await readErrorBody(response, signal);
    return errorOfAnswer(site, {
      status,
      contentType: headers.get('content-type'),
      body: withoutSecrets(body, [
        authorization.split(' ')[1] ?? '',
        ...this.#options.authorization.secrets(),
      ]),
      retryAfterMs:
        status === 429 || status === 503
          ? parseRetryAfter(headers.get('retry-after'), this.#options.now())
          : null,
      authenticated: this.#accepted === party,
    });
  }
}

interface Attempt {
  readonly signal: AbortSignal;
  /** The header it is made with. */
  readonly authorization: string;
}

/** Tokens and certificates are good for a time: a clock that is off is the likely reason for a refusal. */
function explained(error: AgentError, clockSkewMs: number | null, refusedHint: string | null): AgentError {
  if (error.code !== 'UNAUTHORIZED') return error;
  const { message, details } = error;
  const kept = { ...(details && { details }), cause: error };
  if (clockSkewMs === null) {
    return refusedHint === null
      ? error
      : new AgentError('UNAUTHORIZED', message, { hint: refusedHint, ...kept });
  }
  const minutes = Math.round(Math.abs(clockSkewMs) / 60_000);
  const clock = `The clock of this machine is ${minutes} min ${clockSkewMs > 0 ? 'ahead of' : 'behind'} the platform's.`;
  return new AgentError('UNAUTHORIZED', `${message} ${clock}`, {
    hint: `Set the clock of this machine. ${refusedHint ?? 'Then check the client id and secret of the application.'}`,
    ...kept,
  });
}

/** Runs one attempt under its time limit and the caller's signal, and says which of them ended it. */
async function withinTime<T>(
  limits: { site: CallSite; timeoutMs: number | null; signal: AbortSignal | undefined },
  work: (attempt: { signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const { site, timeoutMs, signal } = limits;
  const abort = new AbortController();
  const leave = () => abort.abort(interrupted('unknown'));
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted) leave();
  const timer =
    timeoutMs === null
      ? undefined
      : setTimeout(() => abort.abort(errorOfTimeout(site, timeoutMs)), timeoutMs);
  // An answer that is a stream goes on after this; the caller's signal still ends it.
  let streams = false;
  try {
    const value = await work({ signal: abort.signal });
    streams = timeoutMs === null;
    return value;
  } catch (error) {
    if (abort.signal.aborted) throw abort.signal.reason;
    throw isAgentError(error) ? error : errorOfNetwork(site, error);
  } finally {
    clearTimeout(timer);
    if (!streams) signal?.removeEventListener('abort', leave);
  }
}

/** A server that echoes what it was sent must not bring the secret into our messages. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.filter((value) => value !== '').reduce((rest, value) => rest.replaceAll(value, '***'), text);
}
