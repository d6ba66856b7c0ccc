import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AgentHost } from '../../../src/main/agent-host.ts';
import { createSocketTransport } from '../../../src/main/agent-socket.ts';
import { AgentError } from '../../../src/shared/errors.ts';
import type { HostState } from '../../../src/shared/shell-api.ts';

const CLI = resolve(import.meta.dirname, '../../../src/cli/main.ts');
const WAIT = { timeout: 20_000 };

/** A keychain that asks its person first. */
function keychain() {
  const asked: PromiseWithResolvers<string | null>[] = [];
  return {
    asked,
    find: () => {
      const answer = Promise.withResolvers<string | null>();
      asked.push(answer);
      return answer.promise;
    },
  };
}

let dir: string;
let states: HostState[];
let secrets: ReturnType<typeof keychain>;
let host: AgentHost;
let kept: Promise<void>;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-host-'));
  states = [];
  secrets = keychain();
  host = new AgentHost(
    {
      nodePath: process.execPath,
      cliPath: CLI,
      environment: {
        ...process.env,
        HOME: dir,
        // Nothing listens there: the agent waits for its platform and lives.
        KUBOT_API_ENDPOINT: 'http://127.0.0.1:9',
        KUBOT_CLIENT_ID: 'an-application',
      },
      transport: createSocketTransport(() => host.place),
      findSecret: secrets.find,
      findGranted: async () => null,
      onState: (state) => states.push(state),
    },
    { home: join(dir, 'first'), demo: false },
  );
  kept = host.keepRunning();
});

afterEach(async () => {
  for (const one of secrets.asked) one.resolve(null);
  await host.stop({ now: true });
  await kept;
  rmSync(dir, { recursive: true, force: true });
});

const names = () => states.map(({ name }) => name);

test('an app that is quit while the keychain asks starts no agent', async () => {
  await expect.poll(() => secrets.asked.length, WAIT).toBe(1);
  await host.stop({ now: false });
  secrets.asked[0]?.resolve('secret');
  await kept;
  expect(names()).toEqual(['stopped']);
  expect(readdirSync(dir)).toEqual([]);
});

test('what is chosen while the keychain asks is what is started', async () => {
  await expect.poll(() => secrets.asked.length, WAIT).toBe(1);
  await host.restart({ home: join(dir, 'second'), demo: false });
  secrets.asked[0]?.resolve('an old secret');
  await expect.poll(() => secrets.asked.length, WAIT).toBe(2);
  secrets.asked[1]?.resolve('secret');
  await expect.poll(() => host.state.name, WAIT).toBe('running');
  expect(readdirSync(dir)).toEqual(['second']);
  expect(names()).not.toContain('waiting');
});

test('a keychain that does not open is waited for, and the agent started once it does', async () => {
  await expect.poll(() => secrets.asked.length, WAIT).toBe(1);
  secrets.asked[0]?.reject(new AgentError('KEYRING_UNAVAILABLE', 'It is locked.'));
  await expect.poll(() => host.state, WAIT).toMatchObject({ why: 'keychain', message: 'It is locked.' });
  host.startNow();
  await expect.poll(() => secrets.asked.length, WAIT).toBe(2);
  expect(readdirSync(dir)).toEqual([]);
  secrets.asked[1]?.resolve('secret');
  await expect.poll(() => host.state.name, WAIT).toBe('running');
});
