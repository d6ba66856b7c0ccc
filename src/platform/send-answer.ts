import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Answer } from './platform-state.ts';

/** Writes an answer: JSON, or a file with Range where it is on. */
export async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  range: boolean,
): Promise<void> {
  if ('body' in answer) {
    const body = Buffer.from(JSON.stringify(answer.body));
    response.writeHead(answer.status, {
      ...answer.headers,
      'content-type': 'application/json',
      'content-length': body.length,
    });
    response.end(request.method === 'HEAD' ? undefined : body);
    return;
  }
  const { path, lengthBytes, etag } = answer.file;
  const part = range ? rangeOf(request, lengthBytes, etag) : null;
  if (part === 'none') {
    response.writeHead(416, { 'content-range': `bytes */${lengthBytes}`, 'content-length': 0 }).end();
    return;
  }
  const [first, last] = part ?? [0, lengthBytes - 1];
  response.writeHead(part ? 206 : 200, {
    'content-type': 'application/octet-stream',
    'content-length': last - first + 1,
    ...(range && { 'accept-ranges': 'bytes', etag }),
    ...(part && { 'content-range': `bytes ${first}-${last}/${lengthBytes}` }),
  });
  if (request.method === 'HEAD' || lengthBytes === 0) {
    response.end();
    return;
  }
  await pipeline(createReadStream(path, { start: first, end: last }), response);
}

/**
 * First and last byte asked for; null where all of it is to be sent: no range, several, or one of another content
 * than If-Range says. 'none': a range that begins beyond the end.
 */
function rangeOf(request: IncomingMessage, length: number, etag: string): [number, number] | null | 'none' {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const condition = request.headers['if-range'];
  if (from === undefined || (condition !== undefined && condition !== etag)) return null;
  const first = Number(from);
  const last = to ? Math.min(Number(to), length - 1) : length - 1;
  if (first >= length) return 'none';
  return first <= last ? [first, last] : null;
}
