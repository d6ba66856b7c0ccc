import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ControlServer, startControlServer } from '../../../src/agent/control/control-server.ts';
import { createPeerCheck } from '../../../src/agent/control/peer-check.ts';
import { handlersOf } from '../../helpers/control-agent.ts';

let dir: string;
let server: ControlServer;
let refused: { pid: number; reason: string }[];
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-peers-'));
  refused = [];
  const handlers = handlersOf({ robots: async () => [] });
  const log = { warn: (_message: string, fields: object) => refused.push(fields as (typeof refused)[0]) };
  const check = await createPeerCheck(log);
  server = await startControlServer({
    socketPath: join(dir, 's'),
    admit: (socket) => check(socket) ?? handlers,
    log: { error: () => undefined },
  });
});
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Asks for the robots and prints status and answer. */
const ASK = `require('node:http').request({ socketPath: process.argv[1], path: '/v1/robots', method: 'POST' }, async (r) => {
  let text = ''; for await (const part of r) text += part; console.log(r.statusCode, text);
}).end('{}')`;

async function ask(env: Record<string, string>, wrapper: string[] = []): Promise<string> {
  const [file = '', ...args] = [...wrapper, process.execPath, '-e', ASK, join(dir, 's')];
  const child = spawn(file, args, {
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const part of child.stdout) text += String(part);
  return text.trim();
}

const REFUSED = /^403 \{"error":\{"code":"PEER_REFUSED","message":"Robots may not use the control API."/;
const IN_NAMESPACE = ['bwrap', '--bind', '/', '/', '--dev', '/dev', '--unshare-pid', '--clearenv', '--'];
const hasNamespaces = spawnSync('/usr/bin/env', [...IN_NAMESPACE, '/bin/true']).status === 0;

describe.runIf(process.platform === 'linux')('the control API', () => {
  test('answers a process of the person’s', async () => {
    expect(await ask({ HOME: '/' })).toBe('200 []');
  });

  test('refuses a process that carries the mark of a run, and says so in the agent log', async () => {
    expect(await ask({ KUBOT_RUN_ID: '0190' })).toMatch(REFUSED);
    expect(refused.at(-1)?.reason).toBe('it belongs to a run');
  });

  test('refuses one that cleared its environment below one that carries it', async () => {
    const wrapper = ['/bin/sh', '-c', '/usr/bin/env -i "$@"; true', 'sh'];
    expect(await ask({ KUBOT_RUN_ID: '0190' }, wrapper)).toMatch(REFUSED);
  });

  test.runIf(hasNamespaces)('refuses one of another namespace that carries nothing', async () => {
    expect(await ask({}, IN_NAMESPACE)).toMatch(REFUSED);
  });
});
