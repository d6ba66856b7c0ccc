import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import net, { type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ensureCertificates } from '../../../src/agent/gateway/certificate-authority.ts';
import { runNodeScript } from '../../../src/agent/process/run-node-script.ts';
import type { ConnectionCheck } from '../../../src/shared/connection-check.ts';
import { startRawServer } from '../../helpers/raw-server.ts';
import { kubot, startKubot } from './kubot.ts';

/** A home that is not there, in a folder that a test may use, with a client secret in a file. */
export function makeCheckFolder(): { dir: string; home: string; secretPath: string } {
  const dir = mkdtempSync(join(tmpdir(), 'kubot check é-'));
  const secretPath = join(dir, 'secret');
  writeFileSync(secretPath, 'a-secret-of-mine\n', { mode: 0o600 });
  return { dir, home: join(dir, 'home'), secretPath };
}

export interface Judgement {
  readonly code: number | null;
  readonly check: ConnectionCheck;
}

/** `kubot check --json` in a home that is not there, and that must not be there afterwards. */
export async function check(
  home: string,
  flags: readonly string[],
  environment: Record<string, string> = {},
): Promise<Judgement> {
  const { code, stdout, stderr } = await kubot(['check', '--json', '--home', home, ...flags], environment);
  if (existsSync(home)) throw new Error('The check made a home');
  if (stdout.split('\n').length !== 2) throw new Error(`Not one document: ${stdout}${stderr}`);
  return { code, check: JSON.parse(stdout) as ConnectionCheck };
}

/** The same with a secret that comes by its stdin, as the shell gives it. */
export async function checkByPipe(
  home: string,
  flags: readonly string[],
  secret: string,
): Promise<Judgement> {
  const child = startKubot(['check', '--json', '--home', home, ...flags], { KUBOT_SECRET_FD: '0' }, 'pipe');
  child.stdin?.end(secret);
  if (child.stdout === null) throw new Error('Its output is not piped');
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { code: code as number | null, check: JSON.parse(stdout) as ConnectionCheck };
}

/** A server of TLS whose certificate an authority of a company vouches for, in front of an API. */
export async function startTlsServer(
  dir: string,
  status: number,
): Promise<{ url: string; caPath: string; close(): Promise<void> }> {
  const { leaf } = await ensureCertificates({ dir, runNode: runNodeScript, now: Date.now });
  const server = https.createServer({ key: leaf.keyPem, cert: leaf.certPem }, (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caPath: join(dir, 'ca.pem'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A server below HTTP: what it says to whoever connects; null: nothing, ever. */
export async function startDumbServer(
  answer: string | null,
): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    if (answer !== null) socket.once('data', () => socket.end(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A platform of the later revision, as far as the check asks it, and an agent at its start. */
export async function startPlatformOf(answers: {
  robots?: readonly object[];
  tenants?: readonly object[];
  workers?: number;
  tasks?: number;
}) {
  const page = (content: readonly object[]) =>
    JSON.stringify({
      metadata: { size: 200, page: 0, totalElements: content.length, totalPages: 1 },
      content,
    });
  return await startRawServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const [, , resource, id] = pathname.split('/');
    const send = (status: number, body: string) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    const robots = answers.robots ?? [];
    if (resource === 'robots' && id)
      send(200, JSON.stringify(robots.find((robot) => Reflect.get(robot, 'id') === id)));
    else if (resource === 'robots') send(200, page(robots));
    else if (resource === 'workers')
      void text(request).then((body) =>
        body === '{}' ? send(answers.workers ?? 400, '{"message":"No"}') : send(201, '{"id":"w"}'),
      );
    else if (resource === 'process-items') send(answers.tasks ?? 200, page([]));
    else if (resource === 'tenants' && answers.tenants) send(200, page(answers.tenants));
    else send(404, '{"message":"There is no such thing"}');
  });
}
