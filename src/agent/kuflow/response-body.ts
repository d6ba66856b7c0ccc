import type { z } from 'zod';
import { type CallSite, errorOfBody, errorOfPage, isPage } from './api-error.ts';

/** An answer of JSON is at most this long; a task with a full log takes some MB. */
const JSON_LIMIT_BYTES = 64 * 1024 * 1024;
/** Of an error's body, so much is read. */
const ERROR_LIMIT_BYTES = 64 * 1024;

/**
 * The body of a 2xx, parsed.
 * @throws AgentError PLATFORM_ERROR when it is no JSON, or not what the schema says; else what the network throws
 */
export async function readJson<S extends z.ZodType>(
  site: CallSite,
  response: Response,
  schema: S,
  signal: AbortSignal,
): Promise<z.output<S>> {
  const text = await readText(site, response, signal);
  if (text === '') throw errorOfBody(site, `an empty body (${response.status})`);
  if (isPage(null, text)) throw errorOfPage(site);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw errorOfBody(site, 'a body that is not complete JSON', error);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.length ? ` at ${issue.path.join('.')}` : '';
  throw errorOfBody(site, `a body of another shape${where} (${issue?.message ?? 'unknown'})`, parsed.error);
}

/** What is there of an error's body, however it ends. */
export async function readErrorBody(response: Response, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of bodyUntil(signal, response) ?? []) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= ERROR_LIMIT_BYTES) break;
    }
  } catch {
    // The status tells enough.
  }
  return Buffer.concat(chunks).subarray(0, ERROR_LIMIT_BYTES).toString('utf8');
}

/**
 * The body, which breaks off when `signal` aborts. fetch alone does not see to that: it follows the signal of a call
 * by weak references, and once those are collected as garbage an answer that trickles is read for ever.
 */
export function bodyUntil(signal: AbortSignal, { body }: Response): Response['body'] {
  return body?.pipeThrough(new TransformStream(), { signal }) ?? null;
}

async function readText(site: CallSite, response: Response, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bodyUntil(signal, response) ?? []) {
    length += chunk.length;
    if (length > JSON_LIMIT_BYTES) throw errorOfBody(site, `more than ${JSON_LIMIT_BYTES / 1024 / 1024} MB`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
