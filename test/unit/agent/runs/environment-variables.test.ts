import { describe, expect, test } from 'vitest';
import { buildVariables, type VariablesInput } from '../../../../src/agent/runs/environment-variables.ts';

const BUNDLE = '/home/kubot/gateway/trust-bundle.pem';

const INPUT: VariablesInput = {
  system: {
    platform: 'linux',
    binDirs: ['/shims', '/env/bin'],
    homeDir: '/run/home',
    tmpDir: '/run/tmp',
    userName: 'ana',
    timeZone: 'Europe/Madrid',
    required: {},
    screen: {},
  },
  trustBundlePath: BUNDLE,
  proxy: null,
  noProxy: null,
  packageIndexes: {},
  kuflow: { KUFLOW_API_TOKEN: 'of the run' },
  agent: { KUBOT_RUN_ID: 'r', XDG_CACHE_HOME: '/run/home/.cache' },
  robot: {},
  extra: {},
};

function build(changes: Partial<VariablesInput> = {}, system: Partial<VariablesInput['system']> = {}) {
  return buildVariables({ ...INPUT, ...changes, system: { ...INPUT.system, ...system } });
}

test('a robot’s variables are built from nothing, by the table', () => {
  expect(build()).toEqual({
    variables: {
      PATH: '/shims:/env/bin:/usr/bin:/bin',
      LANG: 'C.UTF-8',
      TZ: 'Europe/Madrid',
      HOME: '/run/home',
      TMPDIR: '/run/tmp',
      TMP: '/run/tmp',
      TEMP: '/run/tmp',
      TERM: 'dumb',
      NO_COLOR: '1',
      USER: 'ana',
      LOGNAME: 'ana',
      PYTHONUNBUFFERED: '1',
      PYTHONUTF8: '1',
      PYTHONIOENCODING: 'utf-8:backslashreplace',
      PYTHONDONTWRITEBYTECODE: '1',
      PIP_DISABLE_PIP_VERSION_CHECK: '1',
      PIP_NO_INPUT: '1',
      npm_config_update_notifier: 'false',
      npm_config_fund: 'false',
      SSL_CERT_FILE: BUNDLE,
      REQUESTS_CA_BUNDLE: BUNDLE,
      CURL_CA_BUNDLE: BUNDLE,
      PIP_CERT: BUNDLE,
      NODE_EXTRA_CA_CERTS: BUNDLE,
      npm_config_cafile: BUNDLE,
      GIT_SSL_CAINFO: BUNDLE,
      AWS_CA_BUNDLE: BUNDLE,
      NO_PROXY: '127.0.0.1,localhost',
      no_proxy: '127.0.0.1,localhost',
      KUFLOW_API_TOKEN: 'of the run',
      KUBOT_RUN_ID: 'r',
      XDG_CACHE_HOME: '/run/home/.cache',
    },
    warnings: [],
    extraCaFiles: [],
  });
});

test('where the time zone is not known there is none; the screen is there where it is allowed', () => {
  const { variables } = build({}, { timeZone: null, screen: { DISPLAY: ':0' } });
  expect([variables.TZ, variables.DISPLAY]).toEqual([undefined, ':0']);
});

test('on Windows there are its required few, its separator and its names of home and user', () => {
  const required = { SystemRoot: 'D:\\Windows', ComSpec: 'D:\\Windows\\System32\\cmd.exe', PATHEXT: '.EXE' };
  const { variables } = build({}, { platform: 'win32', binDirs: ['C:\\shims', 'C:\\env'], required });
  expect(variables).toMatchObject({
    ...required,
    PATH: 'C:\\shims;C:\\env;D:\\Windows\\System32',
    HOME: '/run/home',
    USERPROFILE: '/run/home',
    USERNAME: 'ana',
  });
  expect(build({}, { platform: 'win32' }).variables.PATH).toMatch(/;C:\\Windows\\System32$/);
});

describe('a variable of the robot’s own', () => {
  const winning = [
    'LANG',
    'TZ',
    'PYTHONUNBUFFERED',
    'PYTHONUTF8',
    'PYTHONIOENCODING',
    'PYTHONDONTWRITEBYTECODE',
    'PIP_DISABLE_PIP_VERSION_CHECK',
    'PIP_NO_INPUT',
    'npm_config_update_notifier',
    'npm_config_fund',
    'PIP_INDEX_URL',
    'npm_config_registry',
    'VAT_RATE',
    'PYTHONPATH',
    'LANGUAGE',
    'HOMEPAGE',
    'PATHS',
    'MY_KUFLOW_X',
  ];

  test.each(winning)('wins: %s', (name) => {
    const packageIndexes = { PIP_INDEX_URL: 'https://host', npm_config_registry: 'https://host' };
    const { variables, warnings } = build({ packageIndexes, robot: { [name]: 'own' } });
    expect([variables[name], warnings]).toEqual(['own', []]);
  });

  const refused = [
    ...['KUFLOW_API_TOKEN', 'KUFLOW_MADE_UP', 'kuflow_api_token', 'KUBOT_RUN_ID', 'KUBOT_X'],
    ...['PATH', 'Path', 'HOME', 'USERPROFILE', 'TMP', 'TEMP', 'TMPDIR', 'USER', 'LOGNAME', 'USERNAME'],
    ...['HTTP_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy', 'ALL_PROXY', 'all_proxy'],
    ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'DYLD_INSERT_LIBRARIES', 'NODE_OPTIONS', 'PYTHONSTARTUP'],
    ...['PYTHONHOME', 'ELECTRON_RUN_AS_NODE', 'IFS', 'ENV', 'BASH_ENV', 'SystemRoot', 'ComSpec'],
    ...['TERM', 'NO_COLOR', 'XDG_CACHE_HOME'],
  ];

  test.each(refused)('is refused with a warning: %s', (name) => {
    const { variables, warnings } = build({ robot: { [name]: 'own' } });
    expect(Object.values(variables)).not.toContain('own');
    expect(variables).toEqual(build().variables);
    expect(warnings).toEqual([
      `The variable ${name} was left out: the agent sets it, or it changes how programs load.`,
    ]);
  });

  test.each(['', '1A', 'A B', 'A=B', 'Ñ', '-A'])('is refused for a name that cannot be: %j', (name) => {
    const { variables, warnings } = build({ robot: { [name]: 'own' } });
    expect(Object.values(variables)).not.toContain('own');
    expect(warnings).toEqual([
      `The variable ${JSON.stringify(name)} was left out: no such name is possible.`,
    ]);
  });

  test('is refused for a NUL in its value', () => {
    const { variables, warnings } = build({ robot: { A: 'b\0c' } });
    expect(variables.A).toBeUndefined();
    expect(warnings).toEqual(['The variable A was left out: its value holds a NUL character.']);
  });

  test('may hold anything else, line ends and quotes too', () => {
    const value = '"a"\n$(b) `c` ñ\t\\';
    expect(build({ robot: { A: value } }).variables.A).toBe(value);
  });

  test('gives way to one that was given for the run, under the same rules', () => {
    const { variables, warnings } = build({
      robot: { A: 'robot', B: 'robot' },
      extra: { A: 'given', PATH: '/given' },
    });
    expect([variables.A, variables.B]).toEqual(['given', 'robot']);
    expect(variables.PATH).not.toBe('/given');
    expect(warnings).toHaveLength(1);
  });

  test('on Windows is the agent’s whatever its case', () => {
    const required = { PATHEXT: '.EXE' };
    const { variables, warnings } = build(
      { robot: { PathExt: '.VBS', term: 'xterm' } },
      { platform: 'win32', required },
    );
    expect(variables).toMatchObject(required);
    expect(Object.keys(variables)).not.toContain('PathExt');
    expect(warnings).toHaveLength(2);
    expect(build({ robot: { term: 'xterm' } }).variables.term).toBe('xterm');
  });

  test.each([
    'SSL_CERT_FILE',
    'REQUESTS_CA_BUNDLE',
    'CURL_CA_BUNDLE',
    'PIP_CERT',
    'NODE_EXTRA_CA_CERTS',
    'npm_config_cafile',
    'NPM_CONFIG_CAFILE',
    'GIT_SSL_CAINFO',
    'AWS_CA_BUNDLE',
  ])('that names a CA file is one to be merged: %s', (name) => {
    const { variables, warnings, extraCaFiles } = build({ robot: { [name]: 'certs/own.pem' } });
    expect({ variables, warnings, extraCaFiles }).toEqual({
      variables: build().variables,
      warnings: [],
      extraCaFiles: ['certs/own.pem'],
    });
  });
});

describe('the proxy', () => {
  test('has its names in both cases', () => {
    const proxy = 'http://proxy:3128';
    expect(build({ proxy }).variables).toMatchObject({
      HTTP_PROXY: proxy,
      http_proxy: proxy,
      HTTPS_PROXY: proxy,
      https_proxy: proxy,
    });
  });

  test.each([
    [null, '127.0.0.1,localhost'],
    ['', '127.0.0.1,localhost'],
    ['intranet, .acme.com ,,', '127.0.0.1,localhost,intranet,.acme.com'],
    ['localhost,127.0.0.1,intranet', '127.0.0.1,localhost,intranet'],
    ['*', '127.0.0.1,localhost,*'],
  ])('is never asked for this machine: noProxy %j', (noProxy, expected) => {
    const { variables } = build({ proxy: 'http://proxy:3128', noProxy });
    expect([variables.NO_PROXY, variables.no_proxy]).toEqual([expected, expected]);
  });
});
