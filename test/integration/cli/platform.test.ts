import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startKubot } from './kubot.ts';

let home: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kubot platform é-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  child = undefined;
  rmSync(home, { recursive: true, force: true });
});

/** Starts it, and gives its first line and all that it prints on stdout. */
async function startPlatform(...args: string[]) {
  child = startKubot(['platform', '--json', ...args], { KUBOT_HOME: home });
  if (child.stdout === null) throw new Error('Its output is not piped');
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  await once(reader, 'line');
  return { child, lines, info: JSON.parse(lines[0] ?? '') };
}

describe('kubot platform', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'says where it is in one line, and ends with 0 at %s, open connections or not',
    async (signal) => {
      const { child: running, lines, info } = await startPlatform('--port', '0');
      expect(info).toEqual({
        url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        clientId: expect.any(String),
        clientSecret: expect.any(String),
        tenantId: expect.any(String),
        oauth: {
          authorizationUrl: `${info.url}/oauth/authorize`,
          tokenUrl: `${info.url}/oauth/token`,
          clientId: 'kubot-runner',
        },
      });
      const open = connect(Number(new URL(info.url).port), '127.0.0.1');
      await once(open, 'connect');
      open.on('error', () => undefined);
      open.write('GET /v2024-06-14/robots HTTP/1.1\r\nhost: x\r\n');
      running.kill(signal);
      expect(await once(running, 'exit')).toEqual([0, null]);
      open.destroy();
      expect(lines).toHaveLength(1);
    },
  );

  test('serves what the seed says to who knows its secret', async () => {
    const seed = join(home, 'seed');
    mkdirSync(join(seed, 'hello'), { recursive: true });
    writeFileSync(join(seed, 'hello/kubot.yaml'), 'name: Hello\n');
    writeFileSync(
      join(seed, 'seed.json'),
      JSON.stringify({
        tenant: { name: 'Lab' },
        robots: [{ code: 'HELLO', name: 'Hello', package: 'hello/' }],
      }),
    );
    const { info } = await startPlatform('--seed', seed);
    const url = `${info.url}/v2024-06-14/robots`;
    expect((await fetch(url)).status).toBe(401);
    const token = Buffer.from(`${info.clientId}:${info.clientSecret}`).toString('base64');
    const answer = await fetch(url, { headers: { authorization: `Basic ${token}` } });
    expect(await answer.json()).toMatchObject({ content: [{ code: 'HELLO' }] });
  });

  test('that cannot read its seed ends with an error document', async () => {
    const { child: running, info } = await startPlatform('--seed', join(home, 'not there'));
    expect(info.error).toMatchObject({ code: 'CONFIG_INVALID' });
    if (running.exitCode === null) await once(running, 'exit');
    expect(running.exitCode).toBe(3);
  });
});
