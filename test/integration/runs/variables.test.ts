import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureCertificates } from '../../../src/agent/gateway/certificate-authority.ts';
import { isInherited } from '../../../src/agent/process/close-inherited-descriptors.ts';
import { runNodeScript } from '../../../src/agent/process/run-node-script.ts';
import { findHostPython } from '../../../src/platform/assets/find-host-runtimes.ts';
import type { RunDetails } from '../../../src/shared/run.ts';
import { type Lab, NODE_HERE, robotIdOf, startLab } from '../../helpers/lab.ts';

const python = await findHostPython(process.env);
const OPERATION = 'Sum up "März", ñ & co';
const DAY_MS = 24 * 60 * 60_000;

/** What the host has; nothing of it is a robot's. */
const HOST = {
  PATH: process.env.PATH,
  HOME: join(import.meta.dirname, 'no-such-home'),
  TZ: 'Europe/Madrid',
  LANG: 'es_ES.UTF-8',
  AWS_SECRET_ACCESS_KEY: 'of the host',
  SSH_AUTH_SOCK: '/run/user/1/ssh',
  DISPLAY: ':7',
  NODE_OPTIONS: '--max-old-space-size=100',
  LD_PRELOAD: '/nowhere.so',
  PYTHONPATH: '/nowhere',
  http_proxy: 'http://127.0.0.1:9',
  VIRTUAL_ENV: '/nowhere',
};

/** The table of docs/write-a-robot.md: every variable, and from which group. */
const TABLE = [
  ...['PATH', 'LANG', 'TZ', 'HOME', 'TMPDIR', 'TMP', 'TEMP', 'TERM', 'NO_COLOR', 'USER', 'LOGNAME'],
  ...['PYTHONUNBUFFERED', 'PYTHONUTF8', 'PYTHONIOENCODING', 'PYTHONDONTWRITEBYTECODE'],
  ...['PIP_DISABLE_PIP_VERSION_CHECK', 'PIP_NO_INPUT', 'npm_config_update_notifier', 'npm_config_fund'],
  ...['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'PIP_CERT', 'NODE_EXTRA_CA_CERTS'],
  ...['npm_config_cafile', 'GIT_SSL_CAINFO', 'AWS_CA_BUNDLE'],
  ...['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'no_proxy'],
  ...['PIP_INDEX_URL', 'npm_config_registry'],
  ...['KUFLOW_API_ENDPOINT', 'KUFLOW_API_TOKEN', 'KUFLOW_API_TOKEN_EXPIRE_ON', 'KUFLOW_TENANT_ID'],
  ...['KUFLOW_PROCESS_ID', 'KUFLOW_TASK_ID', 'KUFLOW_ROBOT_ID', 'KUFLOW_ROBOT_OPERATION'],
  ...['KUFLOW_ROBOT_HOME_PATH', 'KUFLOW_EXECUTION_OUTDIR'],
  ...['KUBOT_RUN_ID', 'XDG_CACHE_HOME', 'PLAYWRIGHT_BROWSERS_PATH'],
];
/** What /bin/sh adds, as it is dash or bash. */
const OF_THE_SHELL = ['PWD', 'OLDPWD', 'SHLVL', '_'];

/** Variables of a robot's own that the agent does not let through. */
const REFUSED = {
  KUFLOW_API_TOKEN: 'stolen',
  KUFLOW_EXTRA: 'made up',
  KUBOT_RUN_ID: 'another',
  PATH: '/own/bin',
  HOME: '/own',
  TMPDIR: '/own/tmp',
  USER: 'somebody',
  HTTPS_PROXY: 'http://own:1',
  no_proxy: '*',
  LD_PRELOAD: '/own.so',
  DYLD_INSERT_LIBRARIES: '/own.dylib',
  NODE_OPTIONS: '--inspect',
  PYTHONSTARTUP: 'own.py',
  ELECTRON_RUN_AS_NODE: '1',
  TERM: 'xterm',
  XDG_CACHE_HOME: '/own/cache',
};
/** Those that win over the agent's. */
const OVERRIDING = {
  LANG: 'de_DE.UTF-8',
  TZ: 'America/Lima',
  PYTHONUNBUFFERED: '0',
  PIP_NO_INPUT: '0',
  PIP_INDEX_URL: 'https://own.example/simple',
  VAT_RATE: '21',
};

const DUMP_NODE = `
  import { writeFileSync } from 'node:fs';
  const seen = { env: process.env, cwd: process.cwd(), args: process.argv.slice(2) };
  writeFileSync(process.env.KUFLOW_EXECUTION_OUTDIR + '/seen.json', JSON.stringify(seen));
`;
const DUMP_PYTHON = `
import json, os, sys
seen = {"env": dict(os.environ), "cwd": os.getcwd(), "args": sys.argv[1:]}
with open(os.environ["KUFLOW_EXECUTION_OUTDIR"] + "/seen.json", "w") as file:
    json.dump(seen, file)
`;

/** Unquoted, quoted, undefined; then the shell's descriptors. */
const WORDS = [
  `node dump.mjs \${KUFLOW_EXECUTION_OUTDIR} \${UNDEFINED} "\${UNDEFINED}" \${TWO_WORDS} \${CODE} end`,
  'ls /proc/$$/fd; readlink /proc/$$/fd/0',
].join('; ');

const INHERITED = existsSync('/proc/self/fdinfo')
  ? readdirSync('/proc/self/fdinfo').filter(
      (descriptor) => Number(descriptor) > 2 && isLeft(`/proc/self/fdinfo/${descriptor}`),
    )
  : [];

function isLeft(path: string): boolean {
  return existsSync(path) && isInherited(readFileSync(path, 'utf8'));
}

interface Seen {
  env: Record<string, string>;
  cwd: string;
  args: string[];
}

let lab: Lab;

beforeAll(async () => {
  const nodeTool = `tools:\n  nodejs: ${NODE_HERE}\n`;
  const robot = (shell: string, files: Record<string, string>, tools = nodeTool) => ({
    files: {
      'kubot.yaml': `operations:\n  - name: ${JSON.stringify(OPERATION)}\n    shell: ${JSON.stringify(shell)}\n${tools}`,
      'dump.mjs': DUMP_NODE,
      ...files,
    },
  });
  lab = await startLab({
    robots: {
      NODE: robot('node dump.mjs', {}),
      ...(python && {
        PYTHON: robot('python dump.py', { 'dump.py': DUMP_PYTHON }, `tools:\n  python: ${python.version}\n`),
      }),
      LONG: robot('node dump.mjs', {}),
      OWN: {
        // What is in TMPDIR goes with the run.
        ...robot('node dump.mjs && cp "$SSL_CERT_FILE" bundle.pem', {
          'certs/own.pem': await ownAuthority(),
        }),
        environmentVariables: {
          ...REFUSED,
          ...OVERRIDING,
          SSL_CERT_FILE: 'certs/own.pem',
          REQUESTS_CA_BUNDLE: '/nowhere/own.pem',
        },
      },
      WORDS: {
        ...robot(WORDS, {}),
        environmentVariables: { TWO_WORDS: 'two  words', CODE: '$(touch made) `touch made` "; touch made' },
      },
    },
    homeName: 'casa ñandú',
    settings: {
      maxConcurrentRuns: 6,
      proxy: 'http://proxy.example:3128',
      noProxy: 'intranet.example',
      packageIndexes: { pip: 'https://pip.example/simple', npm: 'https://npm.example/' },
      robots: { LONG: { runTimeoutMs: 3 * DAY_MS } },
    },
    overrides: { environment: HOST },
  });
});

afterAll(() => lab.close());

/** An authority that nobody trusts yet. */
async function ownAuthority(): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'kubot-own-ca-'));
  try {
    const { caCertPem } = await ensureCertificates({ dir, runNode: runNodeScript, now: Date.now });
    return caCertPem;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function ended(code: string): Promise<RunDetails & { seen: Seen }> {
  const run = await lab.until((await lab.task(code)).id, 'ended');
  expect(run.error).toBeNull();
  return { ...run, seen: seenBy(run) };
}

function seenBy(run: RunDetails): Seen {
  return JSON.parse(readFileSync(join(run.outDir ?? '', 'seen.json'), 'utf8')) as Seen;
}

const folderOf = (run: { id: string }, name: string) => join(lab.home, 'runs', run.id, name);

describe.each(['NODE', ...(python ? ['PYTHON'] : [])])('a robot of %s', (code) => {
  test('sees the variables of the table and no other', async () => {
    const { seen } = await ended(code);
    const names = Object.keys(seen.env).filter((name) => !OF_THE_SHELL.includes(name));
    expect(names.sort()).toEqual([...TABLE].sort());
  });

  test('sees its task, its folders and its way to the API', async () => {
    const run = await ended(code);
    const { env, cwd } = run.seen;
    expect(env).toMatchObject({
      KUFLOW_API_ENDPOINT: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+\/v2024-06-14$/),
      KUFLOW_API_TOKEN: expect.stringMatching(/^[\w-]{43}$/),
      KUFLOW_TENANT_ID: lab.platform.tenantId,
      KUFLOW_PROCESS_ID: run.processId,
      KUFLOW_TASK_ID: (await lab.task(code)).id,
      KUFLOW_ROBOT_ID: robotIdOf(lab.platform, code),
      KUFLOW_ROBOT_OPERATION: OPERATION,
      KUFLOW_ROBOT_HOME_PATH: folderOf(run, 'work'),
      KUFLOW_EXECUTION_OUTDIR: folderOf(run, 'out'),
      KUBOT_RUN_ID: run.id,
    });
    expect(cwd).toBe(env.KUFLOW_ROBOT_HOME_PATH);
    expect(readdirSync(cwd)).toContain('kubot.yaml');
    expect(readdirSync(env.KUFLOW_EXECUTION_OUTDIR ?? '')).toEqual(['seen.json']);
    const expiresMs = Number(env.KUFLOW_API_TOKEN_EXPIRE_ON);
    expect(expiresMs).toBeGreaterThanOrEqual(Date.parse(run.requestedAt) + DAY_MS);
    expect(expiresMs).toBeLessThanOrEqual(Date.parse(run.endedAt ?? '') + DAY_MS);
  });

  test('sees a system made for the run', async () => {
    const run = await ended(code);
    const { env } = run.seen;
    const tmp = folderOf(run, 'tmp');
    const bundle = join(lab.home, 'gateway', 'trust-bundle.pem');
    expect(env).toMatchObject({
      HOME: folderOf(run, 'home'),
      ...{ TMPDIR: tmp, TMP: tmp, TEMP: tmp },
      ...{ TERM: 'dumb', NO_COLOR: '1', LANG: 'C.UTF-8', TZ: 'Europe/Madrid' },
      ...{ USER: userInfo().username, LOGNAME: userInfo().username },
      ...{ PYTHONUNBUFFERED: '1', PYTHONUTF8: '1', PYTHONIOENCODING: 'utf-8:backslashreplace' },
      ...{ SSL_CERT_FILE: bundle, REQUESTS_CA_BUNDLE: bundle, NODE_EXTRA_CA_CERTS: bundle },
      ...{ HTTP_PROXY: 'http://proxy.example:3128', https_proxy: 'http://proxy.example:3128' },
      ...{
        NO_PROXY: '127.0.0.1,localhost,intranet.example',
        no_proxy: '127.0.0.1,localhost,intranet.example',
      },
      ...{ PIP_INDEX_URL: 'https://pip.example/simple', npm_config_registry: 'https://npm.example/' },
      XDG_CACHE_HOME: join(folderOf(run, 'home'), '.cache'),
      PLAYWRIGHT_BROWSERS_PATH: join(folderOf(run, 'home'), '.cache', 'ms-playwright'),
    });
    // Beside the home's shims and environments: Node.js is a local runtime here.
    const local = code === 'NODE' ? [dirname(process.execPath)] : [];
    const outside = (env.PATH ?? '').split(':').filter((dir) => !dir.startsWith(`${lab.home}/`));
    expect(outside).toEqual([...local, '/usr/bin', '/bin']);
  });
});

describe('a token', () => {
  test('lives as long as the run may take', async () => {
    const run = await ended('LONG');
    const expiresMs = Number(run.seen.env.KUFLOW_API_TOKEN_EXPIRE_ON);
    expect(expiresMs).toBeGreaterThanOrEqual(Date.parse(run.requestedAt) + 3 * DAY_MS);
  });

  test('is worth nothing after the run', async () => {
    const { env } = (await ended('NODE')).seen;
    expect(await statusOf(env)).toBe(401);
  });

  test('is another one for each run', async () => {
    const [one, other] = [await ended('NODE'), await ended('LONG')];
    expect(one.seen.env.KUFLOW_API_TOKEN).not.toBe(other.seen.env.KUFLOW_API_TOKEN);
  });
});

test('a run by hand without a task has no task and no process in its variables, and says so', async () => {
  const { id } = await lab.agent.handlers.start({
    requestId: randomUUID(),
    robot: 'NODE',
    operation: null,
    variables: { GIVEN: 'by hand', KUFLOW_TASK_ID: 'made up' },
    taskId: null,
  });
  const run = await lab.until(id, 'ended');
  const { env } = seenBy(run);
  const without = TABLE.filter((name) => name !== 'KUFLOW_TASK_ID' && name !== 'KUFLOW_PROCESS_ID');
  const names = Object.keys(env).filter((name) => !OF_THE_SHELL.includes(name));
  expect(names.sort()).toEqual([...without, 'GIVEN'].sort());
  expect(env.GIVEN).toBe('by hand');
  const [first, ...rest] = (await lab.logText(run)).split('\n');
  expect(first).toContain('without a task, so KUFLOW_TASK_ID and KUFLOW_PROCESS_ID are unset');
  expect(rest.join('\n')).toContain('WARN The variable KUFLOW_TASK_ID was left out');
});

describe('the variables of a robot’s own', () => {
  test.each(Object.entries(OVERRIDING))('win over the agent’s: %s', async (name, value) => {
    expect((await ended('OWN')).seen.env[name]).toBe(value);
  });

  test.each(Object.entries(REFUSED))('are refused with a warning: %s', async (name, value) => {
    const run = await ended('OWN');
    expect(run.seen.env[name]).not.toBe(value);
    const warnings = (await lab.logText(run)).split('\n').filter((line) => line.startsWith('WARN '));
    expect(warnings.filter((line) => line.includes(` ${name} was left out`))).toHaveLength(1);
  });

  test('bring a CA file, which is merged into a bundle of the run’s', async () => {
    const run = await ended('OWN');
    const { env, cwd } = run.seen;
    const bundle = readFileSync(join(cwd, 'bundle.pem'), 'utf8');
    const common = readFileSync(join(lab.home, 'gateway', 'trust-bundle.pem'), 'utf8');
    expect(bundle.startsWith(common)).toBe(true);
    expect(bundle).toContain(readFileSync(join(cwd, 'certs', 'own.pem'), 'utf8').trim());
    for (const name of ['REQUESTS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS', 'PIP_CERT', 'GIT_SSL_CAINFO'])
      expect(env[name]).toBe(env.SSL_CERT_FILE);
    expect(await lab.logText(run)).toContain(
      'WARN The CA file /nowhere/own.pem that the robot names cannot be read',
    );
  });
});

describe('the command line', () => {
  test('keeps values words of their own, runs nothing in them, and leaves what is undefined empty', async () => {
    const run = await ended('WORDS');
    const { args, cwd, env } = run.seen;
    expect(args).toEqual([folderOf(run, 'out'), '', 'two  words', env.CODE, 'end']);
    expect(args[0]).toContain(' ');
    expect(existsSync(join(cwd, 'made'))).toBe(false);
    const log = await lab.logText(run);
    expect(log.match(/WARN \$\{UNDEFINED\} is not set; it is empty in the command\./g)).toHaveLength(1);
  });

  test.runIf(process.platform === 'linux')(
    'gets the descriptors 0, 1 and 2 alone, and no stdin',
    async () => {
      const log = await lab.logText(await ended('WORDS'));
      const descriptors = [...log.matchAll(/^INFO (\d+)$/gm)].map(([, descriptor = '']) => descriptor);
      // The command line closes what its own parent left open; whoever runs the tests may have left some.
      const own = descriptors.filter((descriptor) => !INHERITED.includes(descriptor));
      expect(own).toEqual(['0', '1', '2']);
      expect(log).toContain('\nINFO /dev/null\n');
    },
  );
});

/** What the API says to a GET of the task with the variables of a robot. */
function statusOf(env: Record<string, string>): Promise<number> {
  const headers = { authorization: `Bearer ${env.KUFLOW_API_TOKEN}` };
  const ca = readFileSync(env.NODE_EXTRA_CA_CERTS ?? '');
  return new Promise((resolve, reject) => {
    request(`${env.KUFLOW_API_ENDPOINT}/process-items/${env.KUFLOW_TASK_ID}`, { headers, ca }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });
}
