import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ConfigInput, compileConfig } from '../../../../src/agent/config/compile-config.ts';
import { explainConfig, explainSetting } from '../../../../src/agent/config/explain-config.ts';
import { AgentError } from '../../../../src/shared/errors.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubot-config-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function compile(input: Partial<ConfigInput>) {
  return compileConfig({
    flags: {},
    environment: {},
    settingsFile: {},
    home: join(folder, 'home'),
    cwd: folder,
    ...input,
  });
}

function refusal(input: Partial<ConfigInput>): AgentError {
  try {
    compile(input);
  } catch (error) {
    if (error instanceof AgentError) return error;
    throw error;
  }
  throw new Error('It was accepted');
}

describe('where a value comes from', () => {
  const flags = { maxConcurrentRuns: '4' };
  const environment = { KUBOT_MAX_CONCURRENT_RUNS: '3' };
  const settingsFile = { maxConcurrentRuns: 5 };

  test.each([
    ['the flag wins', { flags, environment, settingsFile }, 4, 'flag'],
    ['then the variable', { environment, settingsFile }, 3, 'environment'],
    ['then the file', { settingsFile }, 5, 'file'],
    ['then the default', {}, 2, 'default'],
    [
      'an empty variable counts as unset',
      { environment: { KUBOT_MAX_CONCURRENT_RUNS: '' }, settingsFile },
      5,
      'file',
    ],
  ])('%s', (_, input, value, source) => {
    const config = compile(input);
    expect(config.settings.maxConcurrentRuns).toBe(value);
    expect(explainSetting(config, 'maxConcurrentRuns')).toEqual({
      key: 'maxConcurrentRuns',
      value,
      source,
    });
  });

  test('settings of one robot merge setting by setting', () => {
    const config = compile({
      settingsFile: { runTimeoutMs: 5000, robots: { INVOICES: { desktop: true, gui: 'none' } } },
      environment: {
        KUBOT_ROBOTS_INVOICES: '{"desktop":false}',
        KUBOT_ROBOTS: '{"OTHER":{"takeOver":true}}',
      },
    });
    expect(config.robot('INVOICES')).toMatchObject({ desktop: false, gui: 'none', runTimeoutMs: 5000 });
    expect(config.robot('OTHER')).toMatchObject({ takeOver: true, runTimeoutMs: 5000 });
    expect(explainConfig(config).filter(({ key }) => key.startsWith('robots.'))).toEqual([
      { key: 'robots.INVOICES.desktop', value: false, source: 'environment', locked: false },
      { key: 'robots.INVOICES.gui', value: 'none', source: 'file', locked: false },
      { key: 'robots.OTHER.takeOver', value: true, source: 'environment', locked: false },
    ]);
    expect(explainSetting(config, 'robots.INVOICES.runTimeoutMs')).toMatchObject({
      value: 5000,
      source: 'file',
    });
  });

  test('relative paths start from the caller’s folder, those in the file from the home', () => {
    expect(compile({ flags: { caFile: 'ca.pem' } }).settings.caFile).toBe(join(folder, 'ca.pem'));
    expect(compile({ settingsFile: { caFile: 'ca.pem' } }).settings.caFile).toBe(
      join(folder, 'home', 'ca.pem'),
    );
  });

  test('the result cannot be changed', () => {
    const config = compile({ settingsFile: { robots: { A: { desktop: true } } } });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.settings.robots.A)).toBe(true);
  });

  test('a password in a proxy’s URL is not shown', () => {
    const config = compile({ environment: { KUBOT_PROXY: 'http://me:pass@proxy:3128' } });
    expect(config.settings.proxy).toBe('http://me:pass@proxy:3128');
    expect(explainSetting(config, 'proxy').value).toBe('http://***@proxy:3128');
  });
});

describe('what is refused', () => {
  test.each<[string, Partial<ConfigInput>, string]>([
    [
      'a number that is none',
      { environment: { KUBOT_MAX_CONCURRENT_RUNS: 'many' } },
      'maxConcurrentRuns from KUBOT_MAX_CONCURRENT_RUNS is not usable: expected a whole number, got other text.',
    ],
    [
      'a number out of range',
      { flags: { maxConcurrentRuns: '0' } },
      'maxConcurrentRuns from --max-concurrent-runs is not usable: it must be at least 1, got a number.',
    ],
    [
      'a value of another kind',
      { settingsFile: { maxConcurrentRuns: '2' } },
      'maxConcurrentRuns from settings.json is not usable: expected a number, got text.',
    ],
    [
      'a choice that is none',
      { settingsFile: { sandbox: 'tight' } },
      'sandbox from settings.json is not usable: expected one of off, standard, strict, got text.',
    ],
    [
      'an unknown key, with the nearest',
      { settingsFile: { maxConcurentRuns: 2 } },
      'settings.json names a setting that does not exist: maxConcurentRuns. Did you mean maxConcurrentRuns?',
    ],
    [
      'an unknown setting of a robot, with the nearest',
      { settingsFile: { robots: { A: { desktp: true } } } },
      'settings.json names a setting that does not exist: robots.A.desktp. Did you mean desktop?',
    ],
    [
      'a nested value of another kind',
      { environment: { KUBOT_ROUTES: '{"T":{"robot":7}}' } },
      'routes.T.robot from KUBOT_ROUTES is not usable: expected text.',
    ],
    [
      'text that is not JSON',
      { environment: { KUBOT_ROUTES: '{' } },
      'routes from KUBOT_ROUTES is not usable: expected a JSON document, got other text.',
    ],
    [
      'plain http to another machine',
      { environment: { KUBOT_API_ENDPOINT: 'http://kuflow.example' } },
      'apiEndpoint from KUBOT_API_ENDPOINT is not usable: plain http to kuflow.example would send the client secret in the clear; use https (http is for this machine alone).',
    ],
    [
      'a file that holds no object',
      { settingsFile: [] },
      'settings.json is not usable: expected an object of settings.',
    ],
  ])('%s', (_, input, message) => {
    expect(refusal(input)).toMatchObject({ code: 'CONFIG_INVALID', message });
  });

  test('the value itself is never told', () => {
    const { message } = refusal({ environment: { KUBOT_RUN_TIMEOUT_MS: 'hunter2' } });
    expect(message).not.toContain('hunter2');
  });
});

describe('the endpoint', () => {
  test.each([
    ['https://api.kuflow.com', 'https://api.kuflow.com/v2024-06-14'],
    ['https://api.kuflow.com/v2024-06-14/', 'https://api.kuflow.com/v2024-06-14'],
    ['https://gw.example/kuflow', 'https://gw.example/kuflow/v2024-06-14'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/v2024-06-14'],
    ['http://localhost:8080/', 'http://localhost:8080/v2024-06-14'],
    ['http://[::1]:8080', 'http://[::1]:8080/v2024-06-14'],
  ])('%s is %s', (text, endpoint) => {
    expect(compile({ environment: { KUBOT_API_ENDPOINT: text } }).endpoint).toBe(endpoint);
  });

  test.each(['http://127.0.0.1.example.com', 'ftp://x', 'kuflow', 'https://me:pass@x', 'https://x?y'])(
    '%s is refused without being repeated where it may hold a password',
    (text) => {
      const { code, message } = refusal({ environment: { KUBOT_API_ENDPOINT: text } });
      expect(code).toBe('CONFIG_INVALID');
      expect(message).not.toContain('pass@');
    },
  );
});

describe('the credentials', () => {
  const KUBOT_CLIENT_ID = 'app';

  test('come from a file that only its owner can read, without a warning', () => {
    const path = join(folder, 'secret');
    writeFileSync(path, 's3cret\n', { mode: 0o600 });
    const config = compile({ environment: { KUBOT_CLIENT_ID, KUBOT_CLIENT_SECRET_FILE: 'secret' } });
    expect(config).toMatchObject({
      credentials: { clientId: 'app', clientSecret: 's3cret' },
      credentialsSource: 'file',
      secretFilePath: path,
      warnings: [],
    });
    writeFileSync(path, 'another\n');
    expect(config.reload().credentials?.clientSecret).toBe('another');
  });

  test('come from the environment with a warning', () => {
    const config = compile({ environment: { KUBOT_CLIENT_ID, KUBOT_CLIENT_SECRET: 's3cret' } });
    expect(config).toMatchObject({
      credentials: { clientId: 'app', clientSecret: 's3cret' },
      credentialsSource: 'environment',
    });
    expect(config.warnings).toHaveLength(1);
    expect(config.warnings.join()).not.toContain('s3cret');
  });

  test('are left in the keyring until they are asked for, and only where nothing else gives them', () => {
    const inKeyring = { KUBOT_CLIENT_ID, KUBOT_CLIENT_SECRET_KEYRING: 'true' };
    expect(compile({ environment: inKeyring })).toMatchObject({
      credentials: null,
      credentialsSource: 'keyring',
      secretFilePath: null,
      warnings: [],
    });
    const off = { KUBOT_CLIENT_ID, KUBOT_CLIENT_SECRET_KEYRING: 'false' };
    expect(compile({ environment: off }).credentialsSource).toBe('none');
    const path = join(folder, 'secret');
    writeFileSync(path, 's3cret\n', { mode: 0o600 });
    const both = { ...inKeyring, KUBOT_CLIENT_SECRET_FILE: path };
    expect(compile({ environment: both })).toMatchObject({ credentialsSource: 'file', secretFilePath: path });
  });

  test('are refused where it is not clear whether they are in the keyring', () => {
    expect(refusal({ environment: { KUBOT_CLIENT_SECRET_KEYRING: 'gnome' } })).toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'KUBOT_CLIENT_SECRET_KEYRING is not usable: expected true or false.',
    });
  });

  test('are null where a part is missing', () => {
    expect(compile({ environment: { KUBOT_CLIENT_ID } }).credentials).toBeNull();
    expect(compile({ environment: { KUBOT_CLIENT_SECRET: 's3cret' } }).credentials).toBeNull();
  });

  test.skipIf(process.platform === 'win32')('a file that others can read is refused', () => {
    const path = join(folder, 'secret');
    writeFileSync(path, 's3cret');
    chmodSync(path, 0o640);
    const error = refusal({ environment: { KUBOT_CLIENT_ID, KUBOT_CLIENT_SECRET_FILE: path } });
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(error.message).toContain(`${path} can be read by others`);
  });

  test('a missing and an empty file are refused by name', () => {
    const path = join(folder, 'secret');
    const environment = { KUBOT_CLIENT_ID, KUBOT_CLIENT_SECRET_FILE: path };
    expect(refusal({ environment }).message).toContain(`${path} cannot be read (ENOENT)`);
    writeFileSync(path, '\n', { mode: 0o600 });
    expect(refusal({ environment }).message).toContain(`${path} is empty`);
  });
});

test('a setting of something still to come is a warning', () => {
  expect(compile({ flags: { engineAddress: 'engine.kuflow.com:443' } }).warnings).toEqual([
    'The setting engineAddress has no effect in this version yet.',
  ]);
});

test('null as text takes back what the file holds', () => {
  const { settings, sources } = compile({
    settingsFile: { proxy: 'http://proxy.example.com' },
    environment: { KUBOT_PROXY: 'null' },
  });
  expect([settings.proxy, sources.proxy]).toEqual([null, 'environment']);
  expect(refusal({ flags: { apiEndpoint: 'null' } })).toMatchObject({ code: 'CONFIG_INVALID' });
});
