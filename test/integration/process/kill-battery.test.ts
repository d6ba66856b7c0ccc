import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Containment, detectContainment } from '../../../src/agent/process/containment.ts';
import { createRunCommand } from '../../../src/agent/process/create-run-command.ts';
import { createProcessTable } from '../../../src/agent/process/process-table.ts';
import { type RobotProcess, startProcess } from '../../../src/agent/process/start-process.ts';
import { sweepLeftovers } from '../../../src/agent/process/sweep-leftovers.ts';
import { createSandbox } from '../../../src/agent/sandbox/create-sandbox.ts';
import type { Sandbox, SandboxCommand, SandboxJob } from '../../../src/agent/sandbox/sandbox.ts';
import { aJob, aPolicy } from '../../helpers/a-sandbox-job.ts';

const treePath = join(import.meta.dirname, '../../fixtures/processes/tree.py');
const python = ['/usr/bin/python3', '/usr/local/bin/python3', '/opt/homebrew/bin/python3'].find(existsSync);
const found = await detectContainment();

const containments: [string, Containment | undefined][] = [
  ['group and sweep', { kind: 'group' }],
  ['PID namespace', found.kind === 'pid-namespace' ? found : undefined],
];

/** What holds a tree: one of those, or a level of the sandbox. */
type Holder = Containment | { kind: 'level'; level: 'standard' | 'strict' };
const holders: [string, Holder | undefined][] = [
  ...containments,
  ...(['standard', 'strict'] as const).map((level): [string, Holder | undefined] => [
    `the level ${level}`,
    found.kind === 'pid-namespace' ? { kind: 'level', level } : undefined,
  ]),
];

let dir: string;
const homeDir = mkdtempSync(join(tmpdir(), 'kubot-tree-home-'));
const started: RobotProcess[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-tree-'));
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((robot) => robot.kill()));
  await rm(dir, { recursive: true, force: true });
});

afterAll(async () => {
  await sandbox?.stop(0);
  await rm(homeDir, { recursive: true, force: true });
  if (found.kind === 'group') console.warn('skipped: the PID namespace, bubblewrap does not work here');
  if (python === undefined)
    console.warn('skipped: the trees of children, there is no python3 in a system folder');
});

async function start(holder: Holder, file: string, args: string[]): Promise<RobotProcess> {
  const command = { file, args, cwd: dir, env: { PATH: '/usr/bin:/bin' } };
  const cookie = { name: 'KUBOT_RUN_ID', value: dir };
  const robot =
    holder.kind === 'level'
      ? await startAt(holder.level, command, cookie)
      : await startProcess({ ...command, cookie, containment: holder });
  started.push(robot);
  robot.stdout.resume();
  robot.stderr.resume();
  return robot;
}

async function startAt(
  level: 'standard' | 'strict',
  command: SandboxCommand,
  cookie: SandboxJob['cookie'],
): Promise<RobotProcess> {
  const policy = aPolicy({ level, required: true, allowedHosts: level === 'strict' ? [] : null });
  const places = { write: [dir], read: [treePath], tmpDir: dir };
  const prepared = await sandboxes().prepare(command, aJob({ policy, cookie, places }));
  return await prepared.start();
}

let sandbox: Sandbox | undefined;
function sandboxes(): Sandbox {
  sandbox ??= createSandbox({
    platform: process.platform,
    arch: process.arch,
    containment: found,
    host: { agentHome: homeDir, userHomes: [], secretFiles: [] },
    upstreamProxy: null,
  });
  return sandbox;
}

/** Pids of all living processes that this test started: each names the test's folder in its command line. */
function survivors(): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(dir);
    } catch {
      return false;
    }
  });
}

async function untilTold(name: string): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await readdir(dir)).includes(name)) {
    if (Date.now() > end) throw new Error(`${name} never came up in ${dir}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function textOf(robot: RobotProcess): Promise<string> {
  let text = '';
  robot.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  robot.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  await robot.exited;
  return text;
}

describe.runIf(process.platform === 'linux').each(holders)('a tree held by %s', (_name, holder) => {
  const contained: Holder = holder ?? { kind: 'group' };
  const runs = holder !== undefined;

  describe.runIf(runs && python !== undefined)('leaves nobody', () => {
    // A daemon that clears its environment and leaves within milliseconds is held by a namespace alone.
    const atOnce = contained.kind === 'group' ? [] : ['cleared-daemon'];
    for (const kind of ['own-group', 'own-session', 'daemon', 'cleared', 'late-leaver', ...atOnce]) {
      test(`when cancelled with a child: ${kind}`, async () => {
        const robot = await start(contained, python ?? '', [treePath, kind, dir]);
        await untilTold('parent');
        expect(survivors().length).toBeGreaterThan(1);
        await robot.cancel(200);
        expect(survivors()).toEqual([]);
      });
    }

    test('when cancelled and deaf to INT and TERM', async () => {
      const robot = await start(contained, python ?? '', [treePath, 'deaf', dir]);
      await untilTold('parent');
      await robot.cancel(100);
      expect({ ...(await robot.exited), left: survivors() }).toMatchObject({ reason: 'cancelled', left: [] });
    });

    test('when it exits by itself under a daemon that holds its pipes', async () => {
      const robot = await start(contained, python ?? '', [treePath, 'pipe-holder', dir]);
      expect(await robot.exited).toEqual({ exitCode: 3, signal: null, reason: null });
      expect(survivors()).toEqual([]);
    });

    test('and lets a polite program end itself at the first signal', async () => {
      const robot = await start(contained, python ?? '', [treePath, 'polite', dir]);
      await untilTold('parent');
      await robot.cancel(60_000);
      expect(await robot.exited).toEqual({ exitCode: 7, signal: null, reason: 'cancelled' });
    });

    test('when killed, whatever was asked for before', async () => {
      const robot = await start(contained, python ?? '', [treePath, 'deaf', dir]);
      await untilTold('parent');
      const cancelled = robot.cancel(600_000, 'timeout');
      await robot.kill();
      await cancelled;
      expect({ ...(await robot.exited), left: survivors() }).toMatchObject({ reason: 'timeout', left: [] });
    });
  });
});

describe.runIf(process.platform === 'linux').each(containments)('held by %s', (_name, containment) => {
  const contained: Containment = containment ?? { kind: 'group' };
  const runs = containment !== undefined;

  describe.runIf(runs)('a program', () => {
    test('sees the descriptors 0, 1 and 2 alone, and no variable but its own and the cookie', async () => {
      // Without a pipe of the shell's own, whose ends it would hold for a moment.
      const list = 'ls /proc/$$/fd; tr "\\0" "\\n" < /proc/$$/environ';
      const words = (await textOf(await start(contained, '/bin/sh', ['-c', list]))).trim().split('\n');
      expect(words.filter((word) => /^\d+$/.test(word) && Number(word) < 20)).toEqual(['0', '1', '2']);
      const names = words.filter((word) => word.includes('=')).map((word) => word.split('=')[0]);
      expect(names.filter((name) => name !== 'PWD').sort()).toEqual(['KUBOT_RUN_ID', 'PATH']);
    });

    test('may open /dev/stdout and /dev/stderr again', async () => {
      const robot = await start(contained, '/bin/sh', [
        '-c',
        'echo one > /dev/stdout; echo two > /dev/stderr',
      ]);
      expect((await textOf(robot)).split('\n').filter(Boolean).sort()).toEqual(['one', 'two']);
    });

    test('that dies of a signal is told by its name', async () => {
      const robot = await start(contained, '/bin/sh', ['-c', 'kill -SEGV $$']);
      expect(await robot.exited).toMatchObject({ signal: 'SIGSEGV', reason: null });
    });

    test('delivers all of its last words', async () => {
      const robot = await start(contained, '/bin/sh', [
        '-c',
        'i=0; while [ $i -lt 20000 ]; do echo "line $i"; i=$((i+1)); done',
      ]);
      const lines = (await textOf(robot)).split('\n');
      expect([lines.length, lines[0], lines[19_999]]).toEqual([20_001, 'line 0', 'line 19999']);
    });

    test('that a tool runs ends with its tree when the time is up', async () => {
      const result = await createRunCommand({ containment: contained })({
        shell: `sleep 300 & exec sh -c 'echo up; : ${dir}; sleep 300'`,
        cwd: dir,
        env: { PATH: '/usr/bin:/bin' },
        timeoutMs: 300,
        signal: new AbortController().signal,
        onOutput: () => undefined,
      });
      expect([result.timedOut, survivors()]).toEqual([true, []]);
    });

    test('left by a crash is found by its cookie', async () => {
      const robot = await start(contained, '/bin/sh', ['-c', `sleep 300 & setsid sleep 300; : ${dir}`]);
      const cookie = { name: 'KUBOT_RUN_ID', value: dir };
      await expect
        .poll(async () => (await createProcessTable().findByCookies([cookie])).length, { timeout: 10_000 })
        .toBeGreaterThan(2);
      expect(await sweepLeftovers((id) => id === dir)).toBeGreaterThan(2);
      await robot.exited;
      expect(await createProcessTable().findByCookies([cookie])).toEqual([]);
    });
  });
});

test.runIf(process.platform !== 'win32')('a file that cannot be executed is said to be', async () => {
  await expect(start({ kind: 'group' }, join(dir, 'missing'), [])).rejects.toMatchObject({
    code: 'RUNTIME_BROKEN',
    message: expect.stringContaining('ENOENT'),
  });
});
