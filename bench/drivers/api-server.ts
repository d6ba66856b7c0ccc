import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import { join } from 'node:path';
import { ensureCertificates } from '../../src/agent/gateway/certificate-authority.ts';
import { createGateway } from '../../src/agent/gateway/gateway.ts';
import { openJournal } from '../../src/agent/journal/open-journal.ts';
import { runNodeScript } from '../../src/agent/process/run-node-script.ts';
import { sendBytes } from '../../test/helpers/send-bytes.ts';
import { errorText } from '../driver.ts';

// One side of a call, in a process of its own: the API that all others lead to, the gateway before it, or what one
// would write in five minutes in its place. Tells where it is to be reached, and ends with its parent.

export interface ApiServerJob {
  role: 'api' | 'gateway' | 'proxy';
  /** Where certificates and the journal may lie. */
  dir: string;
  /** Of the API: endpoint and authority. */
  upstream: ApiServer | null;
}

export interface ApiServer {
  endpoint: string;
  ca: string;
  token: string;
}

const VERSION = '/v2024-06-14';
/** As a small item is. */
const ITEM = JSON.stringify({ id: '1', task: { state: 'CLAIMED', data: { value: 'x'.repeat(1500) } } });
const ROLES = { api: startApi, gateway: startGateway, proxy: startProxy };

process.once('message', async (job: ApiServerJob) => {
  try {
    process.send?.(await ROLES[job.role](job));
  } catch (error) {
    process.send?.({ error: errorText(error) });
  }
});
process.on('disconnect', () => process.exit());

/** Answers a GET with an item, or with `?bytes=N` of document, and takes every upload. */
function startApi(job: ApiServerJob): Promise<ApiServer> {
  return listen(job, (asked, response) => {
    asked.resume();
    const bytes = Number(new URL(asked.url ?? '', 'https://api').searchParams.get('documentUri'));
    asked.on('end', () => {
      if (bytes > 0) sendDocument(response, bytes);
      else response.setHeader('content-type', 'application/json').end(ITEM);
    });
  });
}

function sendDocument(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes });
  sendBytes(response, bytes);
}

/** As an agent has it, each call in the journal; but no limit on how many there may be. */
async function startGateway({ dir, upstream }: ApiServerJob): Promise<ApiServer> {
  const journal = openJournal(join(dir, 'journal.db'));
  const gateway = await createGateway({
    upstream: upstream?.endpoint ?? '',
    authorization: { header: async () => 'Basic aG9zdDpzZWNyZXQ=', renew: async () => false },
    certificateDir: join(dir, 'gateway'),
    runNode: runNodeScript,
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: console.error },
    now: Date.now,
    agent: new Agent({ keepAlive: true, ca: upstream?.ca }),
    limits: { callsPerSecond: 1e9, callsInReserve: 1e9 },
  });
  const { token } = gateway.openRun({
    runId: 'run',
    scope: 'run',
    robotId: 'robot',
    robotCode: 'ROBOT',
    processId: 'process',
    taskId: 'task',
    onCall: (call) => journal.touched.addCall('run', call),
  });
  return { endpoint: gateway.endpoint, ca: gateway.caCertPem, token };
}

/** Passes everything on as it is. */
async function startProxy(job: ApiServerJob): Promise<ApiServer> {
  const agent = new Agent({ keepAlive: true, ca: job.upstream?.ca });
  const { origin } = new URL(job.upstream?.endpoint ?? '');
  return await listen(job, (asked, response) => {
    const { host: _host, ...headers } = asked.headers;
    const passed = request(origin + asked.url, { method: asked.method, agent, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    asked.pipe(passed);
  });
}

async function listen(
  { dir }: ApiServerJob,
  handle: (asked: IncomingMessage, response: ServerResponse) => void,
): Promise<ApiServer> {
  const { leaf, caCertPem } = await ensureCertificates({ dir, runNode: runNodeScript, now: Date.now });
  const server = createServer({ key: leaf.keyPem, cert: leaf.certPem, requestTimeout: 0 }, handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return { endpoint: `https://127.0.0.1:${address.port}${VERSION}`, ca: caCertPem, token: 'any' };
}
