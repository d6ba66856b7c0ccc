import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { homePaths } from '../../../src/agent/home/home-paths.ts';
import { connectToAgent } from '../../../src/cli/control-client.ts';
import type { ControlHandlers } from '../../../src/shared/control-api.ts';
import type { LogLine } from '../../../src/shared/run.ts';
import { askRaw, type ControlAgent, startControlAgent } from '../../helpers/control-agent.ts';

let home: string;
let socketPath: string;
let agent: ControlAgent | undefined;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kc é-'));
  socketPath = homePaths(home).socket;
});
afterEach(async () => {
  await agent?.close();
  agent = undefined;
  rmSync(home, { recursive: true, force: true });
});

async function serve(handlers: Partial<ControlHandlers>): Promise<ControlHandlers> {
  agent = await startControlAgent(home, handlers);
  return connectToAgent(home);
}

function head(path: string, length: number, method = 'POST'): string {
  return `${method} ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n`;
}

function line(seq: number): LogLine {
  return { seq, time: '2026-01-02T03:04:05.000Z', stream: 'stdout', level: 'INFO', text: `line ${seq}` };
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
}

describe('a request', () => {
  test.each([
    ['GET', '/v1/status'],
    ['POST', '/v1/nothing'],
    ['POST', '/v1/toString'],
    ['POST', '/v1/status?x=1'],
    ['POST', '/v2/status'],
    ['POST', '/'],
  ])('%s %s is refused by name', async (method, path) => {
    await serve({});
    const answer = await askRaw(socketPath, head(path, 2, method), '{}');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain(
      `{"error":{"code":"USAGE","message":"The control API has no ${method} ${path}."`,
    );
    expect(agent?.logged).toEqual([]);
  });

  test.each([
    ['{"id":""}', 'id'],
    ['{"id":7}', 'id'],
    ['{"id":"x","more":1}', 'the input'],
    ['{}', 'id'],
    ['[]', 'the input'],
    ['null', 'the input'],
    ['"x"', 'the input'],
  ])('with the input %s is refused, naming %s', async (body, field) => {
    await serve({});
    const answer = await askRaw(socketPath, head('/v1/run', body.length), body);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain(`"message":"run: ${field} is not usable: `);
  });

  test('of up to 1 MB is heard', async () => {
    const sizes: number[] = [];
    const client = await serve({
      start: async ({ variables }) => {
        sizes.push(variables.BIG?.length ?? 0);
        throw new Error('no run here');
      },
    });
    const input = { requestId: crypto.randomUUID(), robot: 'A', operation: null, taskId: null };
    await expect(
      client.start({ ...input, variables: { BIG: 'x'.repeat(1024 * 1024 - 500) } }),
    ).rejects.toMatchObject({ code: 'UNEXPECTED', message: 'no run here' });
    expect(sizes).toEqual([1024 * 1024 - 500]);
  });

  test('of more than 1 MB is told so, however large it is', async () => {
    const client = await serve({});
    const input = { requestId: crypto.randomUUID(), robot: 'A', operation: null, taskId: null };
    for (const megabytes of [1, 20]) {
      await expect(
        client.start({ ...input, variables: { BIG: 'x'.repeat(megabytes * 1024 * 1024) } }),
      ).rejects.toMatchObject({ code: 'USAGE', message: 'The request is larger than 1 MB.' });
    }
  });

  test('that comes in pieces is heard', async () => {
    await serve({ run: async ({ id }) => Promise.reject(new Error(`no run ${id}`)) });
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(socketPath);
      const pieces = [...head('/v1/run', 12), ...'{"id":"r-7"}'];
      const next = () => {
        const piece = pieces.shift();
        if (piece !== undefined) socket.write(piece, () => setImmediate(next));
      };
      socket.once('connect', next);
      socket.setEncoding('utf8').once('data', (text) => resolve(String(text)));
      socket.once('error', reject);
    });
    expect(answer).toContain('no run r-7');
  });
});

describe('a client that goes away', () => {
  test('in the middle of its request is no fault of the agent', async () => {
    const client = await serve({ robots: async () => [] });
    const gone = new Promise<void>((resolve) => {
      const socket = connect(socketPath, () => {
        socket.write(`${head('/v1/run', 1000)}{"id":`, () => socket.destroy());
      });
      socket.once('close', () => resolve());
    });
    await gone;
    expect(await client.robots()).toEqual([]);
    await agent?.close();
    expect(agent?.logged).toEqual([]);
  });

  test('from a stream ends the stream of its handler alone', async () => {
    const left: string[] = [];
    const wake = Promise.withResolvers<void>();
    const client = await serve({
      logs: async function* ({ id }, signal) {
        yield line(1);
        await Promise.race([aborted(signal), wake.promise]);
        if (signal?.aborted) left.push(id);
        else yield line(2);
      },
    });
    const staying = client.logs({ id: 'stays', follow: true })[Symbol.asyncIterator]();
    const leaving = client.logs({ id: 'leaves', follow: true })[Symbol.asyncIterator]();
    expect([(await staying.next()).value, (await leaving.next()).value]).toEqual([line(1), line(1)]);
    await leaving.return?.();
    while (left.length === 0) await new Promise((resolve) => setImmediate(resolve));
    wake.resolve();
    expect((await staying.next()).value).toEqual(line(2));
    expect((await staying.next()).done).toBe(true);
    expect(left).toEqual(['leaves']);
  });

  test('by reading no more holds its stream back, and the agent’s end does not wait for it', async () => {
    let given = 0;
    await serve({
      logs: async function* () {
        const text = 'x'.repeat(10_000);
        for (;;) {
          given++;
          yield { ...line(given), text };
        }
      },
    });
    const socket = connect(socketPath);
    const body = '{"id":"x","follow":true}';
    socket.write(head('/v1/logs', body.length) + body);
    await new Promise((resolve) => socket.once('readable', resolve));
    let before = -1;
    while (given !== before) {
      before = given;
      // Long enough for thousands of lines if nothing held them back.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(given).toBeLessThan(1000);
    await agent?.close();
    socket.destroy();
  });
});

describe.skipIf(process.platform === 'win32')('the socket', () => {
  test('is for its owner alone from its first moment', async () => {
    const before = process.umask(0);
    try {
      await serve({});
      expect(statSync(socketPath).mode & 0o777).toBe(0o600);
      expect(process.umask(0)).toBe(0);
    } finally {
      process.umask(before);
    }
  });

  test('that a crash left is taken over', async () => {
    const dead = createServer().listen(join(home, 'dead.sock'));
    await new Promise((resolve) => dead.once('listening', resolve));
    renameSync(join(home, 'dead.sock'), socketPath);
    await new Promise((resolve) => dead.close(resolve));
    expect(statSync(socketPath).isSocket()).toBe(true);
    const client = await serve({ robots: async () => [] });
    expect(await client.robots()).toEqual([]);
  });

  test('is gone when the agent has closed', async () => {
    await serve({});
    await agent?.close();
    expect(existsSync(socketPath)).toBe(false);
  });

  test('whose place something else has cannot be opened, which is said with its path', async () => {
    mkdirSync(join(socketPath, 'full'), { recursive: true });
    await expect(startControlAgent(home, {})).rejects.toMatchObject({
      code: 'HOME_UNUSABLE',
      message: expect.stringContaining(`The control socket ${socketPath} cannot be opened: `),
    });
    await expect(startControlAgent(home, {}, join(home, 'gone', 'x.sock'))).rejects.toMatchObject({
      code: 'HOME_UNUSABLE',
    });
  });
});

test('the end of the agent ends streams and half requests in about a second', async () => {
  const client = await serve({
    logs: async function* (_input, signal) {
      yield line(1);
      await aborted(signal);
    },
  });
  const half = connect(socketPath);
  half.on('error', () => undefined);
  await new Promise<void>((resolve) => half.write(`${head('/v1/run', 100)}{`, () => resolve()));
  const stream = client.logs({ id: 'x', follow: true })[Symbol.asyncIterator]();
  await stream.next();
  const ended = expect(stream.next()).rejects.toMatchObject({ code: 'AGENT_NOT_RUNNING' });
  await agent?.close();
  await ended;
  half.destroy();
  await expect(client.status()).rejects.toMatchObject({ code: 'AGENT_NOT_RUNNING' });
});
