import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { isPage } from '../kuflow/api-error.ts';
import type { BufferCollector } from './collect-buffers.ts';
import { answerError, type GatewayError } from './default-error.ts';
import { headersForRobot, headersForUpstream } from './headers.ts';
import type { GatewayLimits } from './limits.ts';
import type { Upstream } from './upstream.ts';

export interface ForwardedCall {
  request: IncomingMessage;
  response: ServerResponse;
  /** Path below the version, with its query. */
  path: string;
  authorization: string;
  /** Another header after the platform refused this one; null: there is none. */
  renew: (refused: string) => Promise<string | null>;
  maxBodyBytes: number;
  /** The answer is a file, which may be of any kind; any other is JSON. */
  isDownload: boolean;
  limits: Pick<GatewayLimits, 'idleTimeoutMs' | 'slowBodyMs' | 'minBodyBytesPerSecond'>;
  now: () => number;
  collector: BufferCollector;
}

export interface ForwardResult {
  /** Of the answer the robot got; null if there was none. */
  status: number | null;
  /** Why the call did not end as the platform meant it to; null if it did. */
  reason: string | null;
  bytesUp: number;
  bytesDown: number;
}

/**
 * Passes one call to the API and its answer back, both streamed with back pressure. Calls `onEnd` exactly once:
 * for a whole answer before its last bytes go out, so that whoever asks after the robot's exit knows of the call.
 * When either side goes, the other is let go too; a broken answer never looks like a whole one.
 */
export function forward(
  call: ForwardedCall,
  upstream: Upstream,
  onEnd: (result: ForwardResult) => void,
): void {
  new Forwarding(call, upstream, onEnd).send();
}

class Forwarding {
  readonly #call: ForwardedCall;
  readonly #upstream: Upstream;
  readonly #onEnd: (result: ForwardResult) => void;
  readonly #idle: NodeJS.Timeout;
  readonly #hasBody: boolean;
  #outgoing: ClientRequest | null = null;
  #answered = false;
  #ended = false;
  #retried = false;
  #authorization: string;
  #renewed = false;
  #bytesUp = 0;
  #bytesDown = 0;
  #pace: NodeJS.Timeout | undefined;
  /** Of the body, when its pace was last looked at; null while it was the platform that did not keep up. */
  #pacedBytes: number | null = 0;

  constructor(call: ForwardedCall, upstream: Upstream, onEnd: (result: ForwardResult) => void) {
    this.#call = call;
    this.#upstream = upstream;
    this.#onEnd = onEnd;
    this.#authorization = call.authorization;
    this.#hasBody = hasBody(call.request);
    this.#idle = setTimeout(() => this.#giveUp(), call.limits.idleTimeoutMs);
    if (this.#hasBody) this.#pace = setInterval(() => this.#checkPace(), call.limits.slowBodyMs);
    call.response.once('close', () => this.#onRobotGone());
    call.request.on('data', (chunk: Buffer) => this.#onUpload(chunk.length));
    call.request.pause();
  }

  send(): void {
    const { request, path } = this.#call;
    const authorization = this.#authorization;
    const outgoing = this.#upstream.request({
      method: request.method ?? 'GET',
      path,
      headers: { ...headersForUpstream(request), ...framingOf(request), authorization },
    });
    this.#outgoing = outgoing;
    outgoing.on('response', (answer) => {
      if (answer.statusCode === 401 && !this.#renewed) void this.#renew(outgoing, answer);
      else this.#passAnswer(answer);
    });
    outgoing.on('drain', () => {
      this.#idle.refresh();
      this.#pacedBytes = null;
    });
    outgoing.on('error', (error) => this.#onUpstreamError(outgoing, error));
    if (this.#hasBody) request.pipe(outgoing);
    else outgoing.end();
  }

  /**
   * The platform did nothing: with another token the call is made once more. One whose body is under way cannot be; its
   * answer goes to the robot, and the next call has the token.
   */
  async #renew(outgoing: ClientRequest, answer: IncomingMessage): Promise<void> {
    this.#renewed = true;
    const fresh = await this.#call.renew(this.#authorization);
    if (this.#ended) return;
    if (fresh === null || this.#hasBody) {
      this.#passAnswer(answer);
      return;
    }
    this.#authorization = fresh;
    this.#outgoing = null;
    outgoing.destroy();
    this.send();
  }

  #passAnswer(answer: IncomingMessage): void {
    const { response, isDownload } = this.#call;
    if (!isDownload && isPage(answer.headers['content-type'] ?? null, '')) {
      this.#fail(WEB_PAGE);
      return;
    }
    if (isRedirect(answer)) {
      this.#fail(REDIRECTED);
      return;
    }
    this.#answered = true;
    this.#idle.refresh();
    response.writeHead(answer.statusCode ?? 502, headersForRobot(answer));
    answer.on('data', (chunk: Buffer) => {
      this.#bytesDown += chunk.length;
      this.#call.collector.add(chunk.length);
      this.#idle.refresh();
    });
    response.on('drain', () => this.#idle.refresh());
    answer.on('end', () => {
      this.#end(answer.statusCode ?? null, null);
      response.end();
      this.#dropRestOfUpload();
    });
    answer.on('error', () => this.#breakOff('The platform broke off in its answer.'));
    answer.pipe(response, { end: false });
    // Headers wait for the first bytes of the body, to travel with them; a body that is late must not hold them.
    setImmediate(() => {
      if (this.#bytesDown === 0 && !response.writableEnded && !response.destroyed) response.flushHeaders();
    });
  }

  #onUpload(bytes: number): void {
    this.#bytesUp += bytes;
    this.#call.collector.add(bytes);
    this.#idle.refresh();
    if (this.#bytesUp <= this.#call.maxBodyBytes) return;
    const reason = `The body is larger than ${this.#call.maxBodyBytes} bytes.`;
    if (this.#ended || this.#answered) this.#breakOff(reason);
    else this.#fail({ status: 413, code: 'GATEWAY_TOO_LARGE', message: reason, headers: CLOSE });
  }

  #onUpstreamError(outgoing: ClientRequest, error: Error): void {
    if (this.#ended || outgoing !== this.#outgoing) return;
    // The server closed a kept connection in the very moment it was used again. Only calls that change nothing
    // are sent once more: nobody knows whether another one was read.
    if (outgoing.reusedSocket && !this.#answered && !this.#retried && isSafe(this.#call.request)) {
      this.#retried = true;
      this.send();
    } else if (this.#answered) this.#breakOff('The platform broke off in its answer.');
    else {
      this.#fail({
        status: 502,
        code: 'GATEWAY_UNREACHABLE',
        message: `KuFlow could not be reached from this machine: ${describe(error)}.`,
      });
    }
  }

  /** Of a robot that sends its body byte by byte, so that it never stands still and never ends. */
  #checkPace(): void {
    if (this.#call.request.complete) {
      clearInterval(this.#pace);
      return;
    }
    const { slowBodyMs, minBodyBytesPerSecond } = this.#call.limits;
    const before = this.#outgoing?.writableNeedDrain ? null : this.#pacedBytes;
    this.#pacedBytes = this.#bytesUp;
    if (before === null || (this.#bytesUp - before) * 1000 >= minBodyBytesPerSecond * slowBodyMs) return;
    const message = `The request's body came slower than ${minBodyBytesPerSecond} bytes a second.`;
    if (this.#answered) this.#breakOff(message);
    else this.#fail({ status: 408, code: 'GATEWAY_TIMEOUT', message, headers: CLOSE });
  }

  #giveUp(): void {
    const seconds = Math.round(this.#call.limits.idleTimeoutMs / 1000);
    if (this.#answered) this.#breakOff(`No byte moved for ${seconds} s.`);
    else if (this.#hasBody && !this.#call.request.complete) {
      const message = `The request's body stood still for ${seconds} s.`;
      this.#fail({ status: 408, code: 'GATEWAY_TIMEOUT', message, headers: CLOSE });
    } else {
      const message = `KuFlow gave no answer within ${seconds} s.`;
      this.#fail({ status: 504, code: 'GATEWAY_TIMEOUT', message });
    }
  }

  #onRobotGone(): void {
    this.#end(this.#answered ? this.#call.response.statusCode : null, 'The robot hung up, or its run ended.');
    this.#outgoing?.destroy();
    clearTimeout(this.#idle);
  }

  /** An answer of our own, where none has begun. */
  #fail(error: GatewayError): void {
    this.#end(error.status, error.message);
    answerError(this.#call.response, error, this.#call.now());
    this.#outgoing?.destroy();
    this.#dropRestOfUpload();
  }

  /** The robot must not take half an answer for a whole one: its connection ends. */
  #breakOff(reason: string): void {
    this.#end(this.#answered ? this.#call.response.statusCode : null, reason);
    this.#outgoing?.destroy();
    this.#call.response.destroy();
    this.#call.request.destroy();
  }

  /** Clients that read the answer only after their upload (Python's requests) must be able to end it. */
  #dropRestOfUpload(): void {
    if (this.#call.request.complete) return;
    if (this.#outgoing) this.#call.request.unpipe(this.#outgoing);
    this.#outgoing?.destroy();
    this.#call.request.resume();
  }

  #end(status: number | null, reason: string | null): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#idle);
    clearInterval(this.#pace);
    this.#onEnd({ status, reason, bytesUp: this.#bytesUp, bytesDown: this.#bytesDown });
  }
}

/** A login page of the network, with status 200 as often as not: to the robot it must not look like success. */
const WEB_PAGE: GatewayError = {
  status: 502,
  code: 'GATEWAY_UNREACHABLE',
  message:
    'A web page came in place of an answer of KuFlow: a proxy or a login page of the network stands between.',
};

/**
 * The API has none. A client that followed one would carry its token to another host, and what stands there is not
 * what was judged.
 */
const REDIRECTED: GatewayError = {
  status: 502,
  code: 'GATEWAY_REDIRECTED',
  message:
    'KuFlow, or something between, answered with a redirect, which the gateway does not pass on. Check the API endpoint that this machine is set to.',
};

/** 304 sends nobody anywhere: it answers a conditional request. */
function isRedirect({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 300 && statusCode < 400 && statusCode !== 304;
}

const CLOSE = { connection: 'close' };

/** True when a body follows the headers; HTTP has no other sign of one. */
export function hasBody(request: IncomingMessage): boolean {
  return (
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  );
}

/** Exactly one framing, made from what the parser understood, never copied. */
function framingOf(request: IncomingMessage): Record<string, string> {
  if (request.headers['transfer-encoding'] !== undefined) return { 'transfer-encoding': 'chunked' };
  const length = request.headers['content-length'];
  if (length !== undefined) return { 'content-length': length };
  return isSafe(request) || request.method === 'DELETE' ? {} : { 'content-length': '0' };
}

function isSafe(request: IncomingMessage): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

function describe(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  return code === null || error.message.includes(code) ? error.message : `${error.message} (${code})`;
}
