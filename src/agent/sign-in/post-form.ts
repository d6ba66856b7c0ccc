import { isAgentError } from '../../shared/errors.ts';
import { errorOfBody, errorOfNetwork, errorOfTimeout } from '../kuflow/api-error.ts';
import { bodyUntil } from '../kuflow/response-body.ts';

export interface FormAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Sends a form and reads the answer; redirects are answers too.
 * @throws AgentError PLATFORM_UNREACHABLE, PLATFORM_ERROR
 */
export type PostForm = (url: string, fields: Readonly<Record<string, string>>) => Promise<FormAnswer>;

/** An answer with tokens is a few kilobytes. */
const MAX_ANSWER_BYTES = 256 * 1024;
const ANSWER_TIMEOUT_MS = 30_000;

/** By Node's own fetch: with the proxy and the authorities of the settings, as every call of the agent. */
export function createPostForm(
  send: (request: Request) => Promise<Response> = (request) => fetch(request),
  timeoutMs = ANSWER_TIMEOUT_MS,
): PostForm {
  return async (url, fields) => {
    const site = { does: 'ask for a token', host: new URL(url).host, operationId: 'token' };
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const request = new Request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        body: new URLSearchParams(fields).toString(),
        redirect: 'manual',
        signal,
      });
      const response = await send(request);
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of bodyUntil(signal, response) ?? []) {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) throw errorOfBody(site, `more than ${MAX_ANSWER_BYTES / 1024} KB`);
        chunks.push(chunk);
      }
      return { status: response.status, body: Buffer.concat(chunks).toString('utf8') };
    } catch (error) {
      if (signal.aborted) throw errorOfTimeout(site, timeoutMs);
      throw isAgentError(error) ? error : errorOfNetwork(site, error);
    }
  };
}
