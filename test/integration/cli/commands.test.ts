import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeHomeLock } from '../../../src/agent/home/home-lock.ts';
import { homePaths } from '../../../src/agent/home/home-paths.ts';
import { kubot, startKubot } from './kubot.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kubot home é-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const ask = (args: string[], env: Record<string, string> = {}) => kubot(args, { KUBOT_HOME: home, ...env });

describe('a failure', () => {
  const credentials = { KUBOT_CLIENT_ID: 'app', KUBOT_CLIENT_SECRET: 's3cret' };

  test.each<[string[], Record<string, string>, number, string]>([
    [['runs', '--no-such-flag'], {}, 2, 'USAGE'],
    [['no-such-command'], {}, 2, 'USAGE'],
    [['run'], {}, 2, 'USAGE'],
    [['runs', '--limit', 'many'], {}, 2, 'USAGE'],
    [['runs', '--state', 'asleep'], {}, 2, 'USAGE'],
    [['settle', 'x'], {}, 2, 'USAGE'],
    [['settle', 'x', '--complete', '--hand-over', 'a@b.c'], {}, 2, 'USAGE'],
    [['pause', '--for', 'soon'], {}, 2, 'USAGE'],
    [['start', 'A', '--env', 'NOT_THERE'], {}, 2, 'USAGE'],
    [['agent', '--once', '--give-up-after', '0s'], credentials, 2, 'USAGE'],
    [['platform', '--port', '70000'], {}, 2, 'USAGE'],
    [['agent', '--once'], {}, 3, 'CONFIG_INVALID'],
    [
      ['agent', '--once'],
      { ...credentials, KUBOT_API_ENDPOINT: 'http://kuflow.example' },
      3,
      'CONFIG_INVALID',
    ],
    [['agent', '--once'], { ...credentials, KUBOT_MAX_CONCURRENT_RUNS: 'many' }, 3, 'CONFIG_INVALID'],
    [['agent', '--once', '--max-concurrent-runs', '0'], credentials, 3, 'CONFIG_INVALID'],
    [['config', 'set', 'maxConcurrentRuns', 'many'], {}, 3, 'CONFIG_INVALID'],
    [['config', 'get', 'maxConcurentRuns'], {}, 6, 'SETTING_NOT_FOUND'],
    [['cancel', 'abcdef'], {}, 4, 'AGENT_NOT_RUNNING'],
    [['start', 'INVOICES'], {}, 4, 'AGENT_NOT_RUNNING'],
    [['pause'], {}, 4, 'AGENT_NOT_RUNNING'],
    [['robots', '--prepare', 'INVOICES'], {}, 4, 'AGENT_NOT_RUNNING'],
  ])('of %j with %j has exit code %i and is one document, %s', async (args, env, code, errorCode) => {
    const result = await ask([...args, '--json'], env);
    expect(result.code).toBe(code);
    const { error } = JSON.parse(result.stdout);
    expect(error).toEqual({
      code: errorCode,
      message: expect.stringMatching(/[.?]$/),
      hint: expect.any(String),
      retryable: expect.any(Boolean),
      details: null,
    });
  });

  test('for people is sentences on stderr alone', async () => {
    const result = await ask(['config', 'get', 'maxConcurentRuns']);
    expect(result).toMatchObject({ code: 6, stdout: '' });
    expect(result.stderr).toContain('Did you mean maxConcurrentRuns?');
    expect(result.stderr).not.toContain(' at ');
  });

  test('never tells the secret', async () => {
    const result = await ask(['agent', '--once', '--json'], { ...credentials, KUBOT_SANDBOX: 's3cret' });
    expect(result.stdout + result.stderr).not.toContain('s3cret');
  });
});

describe('without an agent', () => {
  test('status says null and exits 4, which is a result', async () => {
    expect(await ask(['status', '--json'])).toEqual({ code: 4, stdout: '{"agent":null}\n', stderr: '' });
    expect(await ask(['status'])).toMatchObject({
      code: 4,
      stdout: expect.stringContaining('No agent runs'),
    });
  });

  test('config set writes the file, and get and explain tell where values come from', async () => {
    expect(await ask(['config', 'set', 'pollMinMs', '3s', '--json'])).toMatchObject({
      code: 0,
      stdout: '{"key":"pollMinMs","value":3000,"source":"file"}\n',
    });
    await ask(['config', 'set', 'robots.INVOICES.desktop', 'true']);
    const get = (key: string, env = {}) => ask(['config', 'get', key, '--json'], env);
    expect(JSON.parse((await get('robots.INVOICES.desktop')).stdout).value).toBe(true);
    expect(JSON.parse((await get('pollMinMs', { KUBOT_POLL_MIN_MS: '9s' })).stdout)).toEqual({
      key: 'pollMinMs',
      value: 9000,
      source: 'environment',
    });
    const explained = JSON.parse((await ask(['config', 'explain', '--json'])).stdout);
    expect(explained).toContainEqual({ key: 'pollMinMs', value: 3000, source: 'file', locked: false });
    expect(explained).toContainEqual({ key: 'logLevel', value: 'info', source: 'default', locked: false });
  });

  test('config set takes a value from stdin, where nobody sees it in a list of processes', async () => {
    const child = startKubot(['config', 'set', 'proxy', '-', '--json', '--home', home], {}, 'pipe');
    child.stdin?.end('http://ann:pass@proxy.example.com\n');
    const [stdout] = await Promise.all([text(child.stdout ?? Readable.from([])), once(child, 'exit')]);
    expect(JSON.parse(stdout)).toEqual({
      key: 'proxy',
      value: 'http://***@proxy.example.com',
      source: 'file',
    });
  });

  test('config set in a home that is held exits 7 and names the holder', async () => {
    const lock = takeHomeLock(homePaths(home), {
      pid: process.pid,
      startedAt: '2026-01-02T03:04:05.000Z',
      socketPath: null,
      version: '1',
    });
    const result = await ask(['config', 'set', 'pollMinMs', '3s']);
    lock.release();
    expect(result.code).toBe(7);
    expect(result.stderr).toContain(`the process ${process.pid}`);
  });

  test('a damaged settings file is named, exit code 3', async () => {
    writeFileSync(join(home, 'settings.json'), '{');
    const result = await ask(['config', 'explain']);
    expect(result.code).toBe(3);
    expect(result.stderr).toContain(join(home, 'settings.json'));
  });
});

describe('--help and --version', () => {
  test('go to stdout and exit 0', async () => {
    expect(await ask(['--version'])).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    });
    const help = await ask(['agent', '--help']);
    expect(help.code).toBe(0);
    for (const flag of [
      '--home <dir>',
      '--json',
      '--once',
      '--max-concurrent-runs <integer>',
      '--no-proxy <text>',
      '--take-over [boolean]',
    ]) {
      expect(help.stdout).toContain(flag);
    }
  });

  test('a missing command shows the help on stderr and exits 2', async () => {
    const result = await ask([]);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('Usage: kubot');
  });
});
