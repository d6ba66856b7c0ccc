import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { errorText } from '../driver.ts';
import { timed } from '../measure.ts';
import type { ApiServer } from './api-server.ts';

// A robot that calls the API, once a question: many small calls, or one large body up or down.

export interface ApiClientJob {
  server: ApiServer;
  work: 'calls' | 'upload' | 'download';
  /** Calls, or bytes. */
  amount: number;
}

const AT_ONCE = 8;
const CHUNK = Buffer.alloc(64 * 1024, 'k');
const WORKS = { calls, upload, download };
const agents = new Map<string, Agent>();

process.on('message', async ({ server, work, amount }: ApiClientJob) => {
  try {
    process.send?.({ ms: await timed(() => WORKS[work](server, amount)) });
  } catch (error) {
    process.send?.({ error: errorText(error) });
  }
});
process.on('disconnect', () => process.exit());

/** Eight at a time, on connections that are kept. */
async function calls(server: ApiServer, amount: number): Promise<void> {
  let left = amount;
  const callOn = async () => {
    while (left-- > 0) {
      const call = open(server, 'GET', '/process-items/task');
      call.end();
      await whole(call, 1000);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, callOn));
}

async function upload(server: ApiServer, bytes: number): Promise<void> {
  const call = open(server, 'POST', '/processes/process/~actions/upload-document?fileName=a', {
    'content-type': 'application/octet-stream',
    'content-length': String(bytes),
  });
  const answered = whole(call, 1000);
  for (let left = bytes; left > 0; left -= CHUNK.length) {
    if (!call.write(left >= CHUNK.length ? CHUNK : CHUNK.subarray(0, left))) await once(call, 'drain');
  }
  call.end();
  await answered;
}

async function download(server: ApiServer, bytes: number): Promise<void> {
  const call = open(server, 'GET', `/processes/process/~actions/download-document?documentUri=${bytes}`);
  call.end();
  await whole(call, bytes);
}

function open({ endpoint, ca, token }: ApiServer, method: string, path: string, headers = {}) {
  const agent = agents.get(endpoint) ?? new Agent({ keepAlive: true, ca });
  agents.set(endpoint, agent);
  const authorization = `Bearer ${token}`;
  return request(endpoint + path, { method, agent, headers: { authorization, ...headers } });
}

/** @throws when the answer is no success, or has fewer bytes */
async function whole(call: ReturnType<typeof request>, leastBytes: number): Promise<void> {
  const [answer] = (await once(call, 'response')) as [IncomingMessage];
  let bytes = 0;
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await once(answer, 'end');
  if (answer.statusCode !== 200 || bytes < leastBytes)
    throw new Error(`The answer was ${answer.statusCode} with ${bytes} bytes`);
}
