import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { homePaths } from '../../../src/agent/home/home-paths.ts';
import { connectToAgent } from '../../../src/cli/control-client.ts';
import type { ControlHandlers } from '../../../src/shared/control-api.ts';
import { AgentError } from '../../../src/shared/errors.ts';
import type { LogLine } from '../../../src/shared/run.ts';
import type { RobotView } from '../../../src/shared/status.ts';
import { askRaw, type ControlAgent, startControlAgent, writeHolder } from '../../helpers/control-agent.ts';

const ROBOT: RobotView = {
  id: 'r1',
  code: 'INVOICES',
  name: 'Invoices ñ \u2028',
  revision: null,
  state: 'ready',
  reason: null,
  operations: ['Check'],
  runtimes: { python: '3.11.7' },
  signature: null,
};

let home: string;
let server: ControlAgent | undefined;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kc é-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(home, { recursive: true, force: true });
});

async function serve(handlers: Partial<ControlHandlers>): Promise<ControlHandlers> {
  server = await startControlAgent(home, handlers);
  return connectToAgent(home);
}

function line(seq: number, text = `line ${seq}`): LogLine {
  return { seq, time: '2026-01-02T03:04:05.000Z', stream: 'stdout', level: 'INFO', text };
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const value of values) found.push(value);
  return found;
}

describe('a call', () => {
  test('crosses with its input and output as they are', async () => {
    const inputs: unknown[] = [];
    const client = await serve({
      robots: async () => [ROBOT],
      runs: async (query) => {
        inputs.push(query);
        return [];
      },
      configGet: async ({ key }) => ({ key, value: { deep: [1, null] }, source: 'file' }),
    });
    expect(await client.robots()).toEqual([ROBOT]);
    const query = { limit: 5, before: null, state: 'ended' as const, robot: null };
    expect(await client.runs(query)).toEqual([]);
    expect(inputs).toEqual([query]);
    expect(await client.configGet({ key: 'x' })).toEqual({
      key: 'x',
      value: { deep: [1, null] },
      source: 'file',
    });
  });

  test('that fails gives the same error on both sides', async () => {
    const client = await serve({
      cancel: async () => {
        throw new AgentError('CONFLICT', 'It has ended.', { hint: 'Nothing.', details: { ids: ['a'] } });
      },
    });
    await expect(client.cancel({ id: 'x' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'It has ended.',
      hint: 'Nothing.',
      retryable: false,
      details: { ids: ['a'] },
    });
    expect(server?.logged).toEqual([]);
  });

  test('with input that the contract refuses never reaches the handler', async () => {
    let isCalled = false;
    const client = await serve({
      runs: async () => {
        isCalled = true;
        return [];
      },
    });
    await expect(client.runs({ limit: 0, before: null, state: null, robot: null })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('limit'),
    });
    expect(isCalled).toBe(false);
  });

  test('with output that the contract refuses is a fault, and logged', async () => {
    const client = await serve({ robots: async () => [{ ...ROBOT, operations: undefined as never }] });
    await expect(client.robots()).rejects.toMatchObject({ code: 'UNEXPECTED' });
    expect(server?.logged).toHaveLength(1);
  });

  test('that the contract does not have is refused', async () => {
    await serve({});
    const answer = await askRaw(
      homePaths(home).socket,
      'POST /v1/constructor HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":"USAGE"');
  });

  test('with text that is not JSON is refused', async () => {
    await serve({});
    const answer = await askRaw(
      homePaths(home).socket,
      'POST /v1/run HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\nconnection: close\r\n\r\n{',
    );
    expect(answer).toContain('The request is not JSON.');
  });
});

describe('a stream', () => {
  test('gives every value in order, whatever its characters', async () => {
    const lines = Array.from({ length: 5000 }, (_, seq) => line(seq, `ñ\u2028\n"${seq}" ${'x'.repeat(200)}`));
    const client = await serve({
      logs: async function* () {
        yield* lines;
      },
    });
    expect(await collect(client.logs({ id: 'x', follow: false }))).toEqual(lines);
  });

  test('that fails at once or midway fails for the client too', async () => {
    const client = await serve({
      logs: async function* ({ id }) {
        if (id === 'midway') yield line(1);
        throw new AgentError('RUN_NOT_FOUND', 'No such run.');
      },
    });
    for (const id of ['at once', 'midway']) {
      await expect(collect(client.logs({ id, follow: false }))).rejects.toMatchObject({
        code: 'RUN_NOT_FOUND',
      });
    }
  });

  test('tells the handler when its listener leaves', async () => {
    const left = Promise.withResolvers<void>();
    const client = await serve({
      logs: async function* (_input, signal) {
        yield line(1);
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
        left.resolve();
      },
    });
    for await (const value of client.logs({ id: 'x', follow: true })) {
      expect(value.seq).toBe(1);
      break;
    }
    await left.promise;
  });

  test('ends quietly for a client that aborts', async () => {
    const leaving = new AbortController();
    const client = await serve({
      logs: async function* (_input, signal) {
        yield line(1);
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
      },
    });
    const seen: number[] = [];
    for await (const value of client.logs({ id: 'x', follow: true }, leaving.signal)) {
      seen.push(value.seq);
      leaving.abort();
    }
    expect(seen).toEqual([1]);
  });

  test('that the agent’s end cuts off is not taken for a whole one', async () => {
    const client = await serve({
      logs: async function* (_input, signal) {
        yield line(1);
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
      },
    });
    const reading = (async () => {
      for await (const value of client.logs({ id: 'x', follow: true })) {
        if (value.seq === 1) void server?.close();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: 'AGENT_NOT_RUNNING' });
  });
});

describe('finding the agent', () => {
  test('without a holder, and with one that died, says that none runs', async () => {
    expect(() => connectToAgent(home)).toThrow(expect.objectContaining({ code: 'AGENT_NOT_RUNNING' }));
    const client = await serve({});
    await server?.close();
    server = undefined;
    await expect(client.status()).rejects.toMatchObject({ code: 'AGENT_NOT_RUNNING' });
  });

  test('whose holder file is damaged, or which has no control API, finds none', async () => {
    writeFileSync(homePaths(home).holder, '{');
    expect(() => connectToAgent(home)).toThrow(expect.objectContaining({ code: 'AGENT_NOT_RUNNING' }));
    writeFileSync(
      homePaths(home).holder,
      JSON.stringify({ pid: 1, startedAt: 'x', socketPath: null, version: '1' }),
    );
    expect(() => connectToAgent(home)).toThrow(expect.objectContaining({ code: 'AGENT_NOT_RUNNING' }));
  });

  test('whose socket is gone says that none runs', async () => {
    writeHolder(home, join(home, 'gone.sock'));
    expect(() => connectToAgent(home)).toThrow(expect.objectContaining({ code: 'AGENT_NOT_RUNNING' }));
  });

  test.skipIf(process.platform === 'win32')('refuses a socket of somebody else', () => {
    writeHolder(home, socketOfSomebodyElse());
    expect(() => connectToAgent(home)).toThrow(
      expect.objectContaining({
        code: 'HOME_UNUSABLE',
        message: expect.stringContaining('does not belong to the owner of the home'),
      }),
    );
  });
});

/** Root gives a file away; anybody else has root's at hand. */
function socketOfSomebodyElse(): string {
  if (process.getuid?.() !== 0) return '/dev/null';
  const path = join(home, 'foreign.sock');
  writeFileSync(path, '');
  chownSync(path, 12_345, 12_345);
  return path;
}
