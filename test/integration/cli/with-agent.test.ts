import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ControlServer, startControlServer } from '../../../src/agent/control/control-server.ts';
import { type HomeLock, takeHomeLock } from '../../../src/agent/home/home-lock.ts';
import { homePaths } from '../../../src/agent/home/home-paths.ts';
import type { ControlEvent, ControlHandlers } from '../../../src/shared/control-api.ts';
import { AgentError } from '../../../src/shared/errors.ts';
import type { Orphan } from '../../../src/shared/orphan.ts';
import type { LogLine, Run } from '../../../src/shared/run.ts';
import type { Status } from '../../../src/shared/status.ts';
import { aRun, UNTOUCHED } from '../../helpers/a-run.ts';
import { kubot, startKubot } from './kubot.ts';

const AT = '2026-01-02T03:04:05.000Z';

const STATUS: Status = {
  agent: { pid: 1, version: '1', home: '/h', installationId: 'i', startedAt: AT, state: 'idle' },
  connection: {
    endpoint: 'https://x',
    state: 'connected',
    since: AT,
    nextTryAt: null,
    lastError: null,
    clockSkewMs: null,
  },
  worker: { identity: 'pc#1', registeredAt: AT, nextRefreshAt: null },
  workerError: null,
  sources: [{ name: 'inbox', state: 'waiting', lastPollAt: AT }],
  sandbox: { requested: 'standard', achieved: 'off', missing: ['files'], reason: null },
  pause: null,
  courtesy: null,
  runs: { active: 0, queued: 0, unsettled: 0 },
  warnings: [],
};

const RUN = aRun({
  id: '01890000-0000-7000-8000-0000abcdef12',
  source: 'manual',
  taskId: null,
  sandbox: STATUS.sandbox,
  requestedAt: AT,
});

const ORPHAN: Orphan = {
  taskId: '5f0e3c1a-9d7b-4b8e-8a52-0c7d1e2f3a4b',
  processId: 'p1',
  definitionCode: 'INVOICES',
  robot: 'INVOICES',
  kind: 'silent',
  host: 'PC-12',
  lastEntryAt: AT,
  message: 'PC-12 has told nothing of it for 1 h.',
  actions: [
    { action: 'start', command: 'kubot start INVOICES --task 5f0e3c1a-9d7b-4b8e-8a52-0c7d1e2f3a4b' },
    { action: 'complete', command: 'kubot settle 5f0e3c1a-9d7b-4b8e-8a52-0c7d1e2f3a4b --complete' },
  ],
};

const LINES: LogLine[] = [
  { seq: 1, time: AT, stream: 'stdout', level: 'INFO', text: 'ñandú \u001b[2J \u2028' },
  { seq: 2, time: AT, stream: 'stderr', level: 'ERROR', text: 'no total in row 17' },
];

let home: string;
let lock: HomeLock;
let server: ControlServer;
let seen: unknown[];
/** How the run ends that `start` starts. */
let ending: Partial<Run>;

/** Answers as an agent does whose one run ends as soon as it starts. */
function handlers(): ControlHandlers {
  const started = Promise.withResolvers<void>();
  const refuse = () => Promise.reject(new AgentError('ROBOT_NOT_FOUND', 'No such robot.'));
  const note =
    <A extends unknown[], T>(result: T) =>
    async (...input: A) => {
      seen.push(...input);
      return result;
    };
  return {
    whoAmI: async () => ({ access: 'owner', user: null, owner: null }),
    status: async () => STATUS,
    robots: async () => [],
    prepare: refuse,
    runs: note([RUN]),
    orphans: note([ORPHAN]),
    run: note({
      ...RUN,
      ...UNTOUCHED,
      timeline: [{ at: AT, state: 'queued' as const }],
      apiCalls: [],
      files: [],
    }),
    file: async function* () {
      yield { base64: '' };
    },
    logs: async function* ({ follow }, signal) {
      yield* LINES;
      if (follow && ending.outcome === undefined) {
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
      }
    },
    why: note({ subject: { kind: 'run' as const, id: RUN.id }, decisions: [] }),
    start: async (input) => {
      seen.push(input);
      started.resolve();
      return RUN;
    },
    cancel: note(RUN),
    settle: note(RUN),
    pause: note(STATUS),
    resume: note(STATUS),
    drain: note(STATUS),
    waiting: note([]),
    suspend: note(STATUS),
    postpone: note(STATUS),
    startNow: note(STATUS),
    presence: async function* () {
      yield { since: AT };
    },
    reconnect: note(STATUS),
    totals: note([]),
    prune: note({ items: [], bytes: 0 }),
    doctor: note({ at: AT, checks: [], host: { system: 'Linux 6', arch: 'x64', node: '24.0.0' } }),
    diskUse: note({ freeBytes: 0, totalBytes: 0, reserveBytes: 0, areas: [] }),
    configGet: note({ key: 'pollMinMs', value: 1, source: 'flag' as const }),
    configSet: note({ key: 'pollMinMs', value: 1, source: 'file' as const }),
    configExplain: note([]),
    events: async function* (): AsyncGenerator<ControlEvent> {
      yield { type: 'snapshot', status: STATUS, runs: [] };
      await started.promise;
      yield { type: 'run', run: { ...RUN, id: 'another', state: 'ended', outcome: 'failed' } };
      yield { type: 'run', run: { ...RUN, state: 'running' } };
      yield { type: 'run', run: { ...RUN, state: 'ended', ...ending } };
    },
  };
}

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'kubot é-'));
  seen = [];
  ending = { outcome: 'succeeded' };
  const paths = homePaths(home);
  lock = takeHomeLock(paths, { pid: process.pid, startedAt: AT, socketPath: paths.socket, version: '1' });
  const own = handlers();
  server = await startControlServer({
    socketPath: paths.socket,
    admit: () => own,
    log: { error: (message, fields) => seen.push(message, fields) },
  });
});
afterEach(async () => {
  await server.close();
  lock.release();
  rmSync(home, { recursive: true, force: true });
});

const ask = (...args: string[]) => kubot(args, { KUBOT_HOME: home, TOKEN: 's3cret' });

describe('with an agent', () => {
  test('status is its document', async () => {
    const result = await ask('status', '--json');
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(result.stdout)).toEqual({ ...STATUS, access: 'owner' });
    expect((await ask('status')).stdout).toContain('Sandbox   off (asked for: standard; missing: files)');
  });

  test('runs --orphans is its list, and for people what can be done with each', async () => {
    expect(JSON.parse((await ask('runs', '--orphans', '--json')).stdout)).toEqual([ORPHAN]);
    const { stdout } = await ask('runs', '--orphans');
    expect(stdout).toContain(ORPHAN.message);
    for (const { command } of ORPHAN.actions) expect(stdout).toContain(command);
    expect(stdout).toContain('leave it');
  });

  test('start hands over operation, task and variables', async () => {
    const result = await ask(
      'start',
      'INVOICES',
      'Check',
      '--env',
      'A=1',
      '--env',
      'TOKEN',
      '--task',
      't1',
      '--json',
    );
    expect(JSON.parse(result.stdout)).toEqual(RUN);
    expect(seen).toEqual([
      {
        requestId: expect.any(String),
        robot: 'INVOICES',
        operation: 'Check',
        variables: { A: '1', TOKEN: 's3cret' },
        taskId: 't1',
      },
    ]);
  });

  test.each([
    ['succeeded', 0],
    ['failed', 10],
    ['refused', 10],
  ] as const)('start --wait of a run that ends %s exits %i with the run', async (outcome, code) => {
    ending = { outcome };
    const result = await ask('start', 'INVOICES', '--wait', '--json');
    expect(result.code).toBe(code);
    expect(JSON.parse(result.stdout)).toEqual({ ...RUN, state: 'ended', outcome });
  });

  test('start --wait shows people the log', async () => {
    const result = await ask('start', 'INVOICES', '--wait');
    expect(result.stdout).toContain('ERROR no total in row 17');
    expect(result.stdout).toContain('INVOICES “Check” succeeded (run abcdef12).');
  });

  test('logs is one document a line, and safe text for people', async () => {
    const result = await ask('logs', 'abcdef12', '--json');
    expect(
      result.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(LINES);
    const { stdout } = await ask('logs', 'abcdef12');
    expect(stdout).toContain('ñandú \\x1b[2J \\u2028');
    expect(stdout).not.toContain('\u001b');
  });

  test('logs --follow that is interrupted exits 130', async () => {
    ending = {};
    const child = startKubot(['logs', 'abcdef12', '--follow'], { KUBOT_HOME: home });
    await once(child.stdout ?? child, 'data');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([130, null]);
  });

  test('a reader that leaves is no failure', async () => {
    ending = {};
    const child = startKubot(['logs', 'abcdef12'], { KUBOT_HOME: home });
    child.stdout?.destroy();
    let stderr = '';
    child.stderr?.on('data', (chunk) => {
      stderr += String(chunk);
    });
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(stderr).toBe('');
  });

  test('orders hand over what they were given', async () => {
    await ask('pause', '--for', '30m', '--reason', 'lunch');
    await ask('settle', 't1', '--hand-over', 'ana@example.com');
    await ask('cancel', 'abcdef12');
    await ask('postpone', 'abcdef12');
    await ask('postpone', 'abcdef12', '--for', '1h');
    await ask('start-now', 'abcdef12');
    await ask('config', 'set', 'pollMinMs', '5s');
    expect(seen).toEqual([
      { forMs: 1_800_000, reason: 'lunch' },
      { taskId: 't1', action: 'hand-over', email: 'ana@example.com' },
      { id: 'abcdef12' },
      { id: 'abcdef12', forMs: 600_000 },
      { id: 'abcdef12', forMs: 3_600_000 },
      { id: 'abcdef12' },
      { key: 'pollMinMs', value: 5000 },
    ]);
  });

  test('postpone and start-now without a run need one that waits for the person', async () => {
    for (const command of ['postpone', 'start-now']) {
      const { code, stdout } = await ask(command, '--json');
      expect([code, JSON.parse(stdout).error.message]).toEqual([
        1,
        'No run waits for the person at this host.',
      ]);
    }
  });

  test('runs asks for what its options say', async () => {
    const result = await ask('runs', '--limit', '5', '--state', 'queued', '--robot', 'INVOICES', '--json');
    expect(JSON.parse(result.stdout)).toEqual([RUN]);
    expect(seen).toEqual([{ limit: 5, before: null, state: 'queued', robot: 'INVOICES' }]);
    expect((await ask('runs')).stdout).toMatch(/^RUN .*\nabcdef12 {2}INVOICES {2}Check /);
  });

  test('an error of the agent is the command’s own', async () => {
    const result = await ask('robots', '--prepare', 'X', '--json');
    expect(result.code).toBe(6);
    expect(JSON.parse(result.stdout).error).toMatchObject({
      code: 'ROBOT_NOT_FOUND',
      message: 'No such robot.',
    });
  });
});
