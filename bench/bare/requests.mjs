// The least that a client can be: sends what it is given, one request after the other on one connection, by node:http
// or by fetch, and reads the answers to their ends.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';

/**
 * @typedef {object} Request
 * @property {string} method
 * @property {string} path with its query
 * @property {string} [body]
 * @property {string} [bodyPath] a file that is the body
 * @property {string} [contentType]
 */

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const WAYS = { http: byHttp, fetch: byFetch };

process.on('message', async ({ way, endpoint, clientId, clientSecret, requests }) => {
  try {
    const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
    const ready = requests.map((/** @type {Request} */ { bodyPath, contentType, ...rest }) => ({
      body: bodyPath ? readFileSync(bodyPath) : undefined,
      ...rest,
      headers: { authorization, 'content-type': contentType ?? 'application/json' },
    }));
    const [began, used] = [performance.now(), process.cpuUsage()];
    for (const one of ready) {
      const status = await WAYS[way](endpoint, one);
      if (status >= 400) throw new Error(`${one.method} ${one.path}: ${status}`);
    }
    const { user, system } = process.cpuUsage(used);
    process.send?.({ ms: performance.now() - began, cpuMs: (user + system) / 1000 });
  } catch (error) {
    process.send?.({ error: String(error) });
  }
});
process.on('disconnect', () => process.exit());

function byHttp(endpoint, { method, path, body, headers }) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request(`${endpoint}${path}`, { method, headers: { ...headers, ...length }, agent });
    sent.on('error', reject);
    sent.on('response', (answer) => {
      answer.on('error', reject);
      answer.on('end', () => resolve(answer.statusCode));
      answer.resume();
    });
    sent.end(body);
  });
}

async function byFetch(endpoint, { method, path, body, headers }) {
  const answer = await fetch(`${endpoint}${path}`, { method, headers, body });
  await answer.arrayBuffer();
  return answer.status;
}
