import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectToAgent } from '../../../src/cli/control-client.ts';
import { type AgentProcess, startAgentProcess } from '../../helpers/agent-process.ts';
import { type Lab, NODE_HERE, nodeRobot, startLab } from '../../helpers/lab.ts';
import { runsInJournal, until } from '../survival/judge.ts';
import { LeakSearch, watchCommandLines } from './leak-search.ts';

// A busy agent with secrets of every origin and failures of every kind; then everything it ever wrote is searched.

const PASSWORD = `p@ss "w0rd" & <it's> \\ ñ/€+=%~!`;
const SECRETS: Record<string, string> = {
  'a robot’s password': PASSWORD,
  'a robot’s token': 'tok-Zq7xKp3mW9',
  'a robot’s key of several lines':
    '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSj\n-----END KEY-----\n',
  'a password in a URL': 'url-pass-81a7',
  'a mailbox that the settings name': 'box-of-ada-4711',
  'a secret learnt at run time': 'learnt-4711-value',
  'a secret of one run': 'once-0815-secret',
  'a wrong client secret': 'wrong-client-secret-77',
  'the password of the package index': 'index-pass-2f9c',
};

const VARIABLES = {
  DB_PASSWORD: SECRETS['a robot’s password'] ?? '',
  API_TOKEN: SECRETS['a robot’s token'] ?? '',
  SIGNING_KEY: SECRETS['a robot’s key of several lines'] ?? '',
  DATABASE_URL: `postgres://ada:${SECRETS['a password in a URL']}@db/sales`,
  MAILBOX: SECRETS['a mailbox that the settings name'] ?? '',
  PIN_TOKEN: '12345',
};

/** Prints each of its secrets as programs write them. */
const SHOWS = `
  import { execFileSync } from 'node:child_process';
  import { inspect } from 'node:util';
  const { DB_PASSWORD, API_TOKEN, SIGNING_KEY, DATABASE_URL, MAILBOX, KUFLOW_API_TOKEN, ONCE_TOKEN, PIN_TOKEN } = process.env;
  console.log('url=' + new URL(DATABASE_URL).password, inspect(process.env), 'pin=' + PIN_TOKEN);
  for (const secret of [DB_PASSWORD, API_TOKEN, SIGNING_KEY, MAILBOX, KUFLOW_API_TOKEN, ONCE_TOKEN].filter(Boolean)) {
    console.log(secret);
    console.error('raw ' + secret);
    console.log('json ' + JSON.stringify({ secret }) + JSON.stringify(JSON.stringify({ secret })));
    console.log('url ' + encodeURIComponent(secret) + ' ' + new URLSearchParams({ secret }));
    for (const code of ['hex', 'base64', 'base64url'])
      for (const before of ['', 'a', 'ab'])
        console.log(code + ' ' + Buffer.from(before + secret + ':' + before).toString(code));
    const [first, rest] = [secret.slice(0, 5), secret.slice(5)];
    await new Promise((done) => process.stdout.write('cut ' + first, done));
    await new Promise((done) => setTimeout(done, 60));
    console.log(rest);
    const env = { ...process.env, SECRET: secret };
    const run = (file, ...args) => {
      try { execFileSync(file, args, { env, stdio: ['ignore', 1, 1] }); } catch { console.log('no ' + file); }
    };
    run('/bin/sh', '-xc', ': "$SECRET"; printf "%s" "$SECRET" | base64; printf "%s" "$SECRET" | od -An -c > /dev/null');
    run('/bin/bash', '-c', 'printf "%q\\\\n" "$SECRET"; declare -p SECRET; echo "\${SECRET@Q}"');
    run('/usr/bin/python3', '-c', [
      'import os, json, base64, html, shlex, urllib.parse as u, xml.sax.saxutils as x',
      's = os.environ["SECRET"]',
      'print(json.dumps(s), repr(s), repr(s.encode()), u.quote(s), u.quote_plus(s), html.escape(s), x.escape(s), x.quoteattr(s), shlex.quote(s))',
      'print(base64.encodebytes(s.encode()).decode(), s.encode().hex(), s.encode("ascii", "xmlcharrefreplace").decode())',
    ].join('\\n'));
  }
`;
const FAILS = `throw new Error('no login with ' + process.env.DB_PASSWORD + ' and ' + process.env.API_TOKEN);`;
const ABORTS = `console.error(process.env.API_TOKEN); process.stderr.write(process.env.DB_PASSWORD, () => process.abort());`;
const LEARNS = `
  const learnt = ['learnt', '4711', 'value'].join('-');
  console.log('::add-mask::' + learnt);
  console.error('now ' + learnt + ' ' + Buffer.from(learnt).toString('base64'));
  throw new Error(learnt);
`;
/** Reaches for the agent's socket, which lies in the home that its own folders lie in. */
const COMMANDS = `
  import { request } from 'node:http';
  import { join } from 'node:path';
  const socketPath = join(process.env.KUFLOW_ROBOT_HOME_PATH, '../../../control.sock');
  request({ socketPath, path: '/v1/configExplain', method: 'POST' }, ({ statusCode }) => console.log('answered ' + statusCode))
    .on('error', ({ code }) => console.log('not reached ' + code))
    .end('{}');
`;
const WAITS = `console.log(process.env.API_TOKEN); process.stdout.write(process.env.DB_PASSWORD); setInterval(() => {}, 1000);`;
const INSTALLS = {
  files: {
    'kubot.yaml': `tools:\n  nodejs: ${NODE_HERE}\npost-install:\n  - name: Log in\n    shell: echo "$API_TOKEN \${DATABASE_URL}" && printf '%s' "$DB_PASSWORD" | base64 >&2 && exit 3\noperations:\n  - name: Run\n    shell: node main.mjs\n`,
    'main.mjs': '',
  },
  environmentVariables: VARIABLES,
};

const robot = (source: string) => nodeRobot(source, { environmentVariables: VARIABLES });
const ROBOTS = {
  SHOWS: robot(SHOWS),
  FAILS: robot(FAILS),
  ABORTS: robot(ABORTS),
  LEARNS: robot(LEARNS),
  COMMANDS: robot(COMMANDS),
  WAITS: robot(WAITS),
  INSTALLS,
};

let lab: Lab;
let search: LeakSearch;
let agent: AgentProcess;
const said: string[] = [];
const found: string[] = [];
let commandLines: string;

describe.runIf(process.platform === 'linux')('an agent with secrets and failures', () => {
  beforeAll(async () => {
    const watch = watchCommandLines();
    lab = await startLab({
      robots: ROBOTS,
      tasks: Object.keys(ROBOTS).map((code) => ({ code, later: true })),
      settings: {
        logLevel: 'debug',
        secretVariables: ['MAILBOX'],
        robots: { WAITS: { runTimeoutMs: 3000 } },
      },
    });
    search = new LeakSearch({ ...SECRETS, 'the client secret': lab.platform.clientSecret });
    // With credentials that are refused, then in earnest.
    const wrongPath = join(lab.dir, 'wrong');
    writeFileSync(wrongPath, SECRETS['a wrong client secret'] ?? '', { mode: 0o600 });
    agent = await startAgentProcess(lab, { KUBOT_CLIENT_SECRET_FILE: wrongPath });
    const control = async () => connectToAgent(lab.home);
    await until('it is unauthorized', async () => {
      const status = await control()
        .then((api) => api.status())
        .catch(() => null);
      return status?.connection.state === 'unauthorized';
    });
    await agent.end('SIGTERM');
    said.push(agent.said, JSON.stringify(agent.events));

    const index = {
      PIP_INDEX_URL: `https://ada:${SECRETS['the password of the package index']}@index.example/simple`,
    };
    agent = await startAgentProcess(lab, index);
    const own = new LeakSearch({ 'the client secret': lab.platform.clientSecret });
    found.push(...own.in('the environment of the agent', readFileSync(`/proc/${agent.pid}/environ`)));
    await lab.addTask('WAITS');
    await until('a robot waits', () =>
      runsInJournal(lab).some((run) => run.robot.code === 'WAITS' && run.state === 'running'),
    );
    await agent.end('SIGKILL');
    said.push(agent.said, JSON.stringify(agent.events));
    found.push(...search.below(lab.home));

    agent = await startAgentProcess(lab, index);
    await agent.until('registered');
    await until('SHOWS can be started', async () =>
      (await (await control()).robots()).some(({ code }) => code === 'SHOWS'),
    );
    for (const code of ['FAILS', 'ABORTS', 'LEARNS', 'COMMANDS', 'INSTALLS']) await lab.addTask(code);
    const variables = { ONCE_TOKEN: SECRETS['a secret of one run'] ?? '' };
    const byHand = { requestId: randomUUID(), robot: 'SHOWS', operation: null, variables, taskId: null };
    await (await control()).start(byHand);
    await until('every robot has ended', () => {
      const runs = runsInJournal(lab);
      const codes = new Set(runs.map((run) => run.robot.code));
      return codes.size === Object.keys(ROBOTS).length && runs.every((run) => run.state === 'ended');
    });
    await agent.end('SIGTERM');
    said.push(agent.said, JSON.stringify(agent.events));
    commandLines = watch.stop();
  });
  afterAll(async () => {
    await agent.end('SIGKILL');
    await lab.close();
  });

  test('came to the ends that were meant', () => {
    const ends = runsInJournal(lab).map(({ robot: { code }, outcome }) => `${code} ${outcome}`);
    expect([...new Set(ends)].sort()).toEqual([
      'ABORTS failed',
      'COMMANDS succeeded',
      'FAILS failed',
      'INSTALLS prepare-failed',
      'LEARNS failed',
      'SHOWS succeeded',
      'WAITS lost',
    ]);
  });

  test('has written none of them into its home, whole or cut off by a kill', () => {
    expect([...found, ...search.below(lab.home)]).toEqual([]);
  });

  test('has told none of them to the platform', async () => {
    const page = await lab.api<{ content: { id: string }[] }>('/process-items?type=TASK&size=1000');
    const items = await Promise.all(page.content.map(({ id }) => lab.api(`/process-items/${id}`)));
    expect(items.flatMap((item) => search.in('a task', JSON.stringify(item)))).toEqual([]);
  });

  test('has said none of them, and no process had one in its command line', () => {
    expect(search.in('stdout or stderr', said.join('\n'))).toEqual([]);
    expect(search.in('a command line', commandLines)).toEqual([]);
    expect(commandLines).toContain('robot.mjs');
  });

  test('masks in every form that the robot used, and names the variable whose value is too short', () => {
    const text = runLogOf('SHOWS');
    for (const label of ['raw', 'json', 'url', 'hex', 'base64', 'base64url', 'cut']) {
      const lines = text.split('\n').filter((line) => line.startsWith(`${label} `));
      expect(lines.length).toBeGreaterThan(4);
      expect(lines.filter((line) => !line.includes('***'))).toEqual([]);
    }
    expect(text).toContain('The value of PIN_TOKEN is not masked: it has fewer than 6 bytes');
    expect(text).toContain('pin=12345');
  });

  test('answers no robot that opens its control socket, where no sandbox hides it', () => {
    expect(runLogOf('COMMANDS')).toMatch(/^(answered 403|not reached E[A-Z]+)$/m);
  });

  function runLogOf(robotCode: string): string {
    const run = runsInJournal(lab).find(({ robot: { code } }) => code === robotCode);
    return readFileSync(join(lab.home, 'runs', run?.id ?? '', 'run.log'), 'utf8');
  }
});
