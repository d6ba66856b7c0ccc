import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Containment } from '../../../src/agent/process/containment.ts';
import { createRunCommand } from '../../../src/agent/process/create-run-command.ts';
import { createProcessTable } from '../../../src/agent/process/process-table.ts';
import type { RobotProcess } from '../../../src/agent/process/start-process.ts';
import { sweepLeftovers } from '../../../src/agent/process/sweep-leftovers.ts';
import {
  closeSandbox,
  containments,
  found,
  type Holder,
  holders,
  openTrees,
  python,
  type Trees,
} from './trees.ts';

let trees: Trees;

beforeEach(() => {
  trees = openTrees();
});
afterEach(() => trees.close());
afterAll(async () => {
  await closeSandbox();
  if (found.kind === 'group') console.warn('skipped: the PID namespace, bubblewrap does not work here');
  if (python === undefined)
    console.warn('skipped: the trees of children, there is no python3 in a system folder');
});

const start: Trees['start'] = (...options) => trees.start(...options);

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
        const robot = await trees.startTree(contained, kind);
        expect(trees.survivors().length).toBeGreaterThan(1);
        await robot.cancel(200);
        expect(trees.survivors()).toEqual([]);
      });
    }

    test('when cancelled and deaf to INT and TERM', async () => {
      const robot = await trees.startTree(contained, 'deaf');
      await robot.cancel(100);
      expect({ ...(await robot.exited), left: trees.survivors() }).toMatchObject({
        reason: 'cancelled',
        left: [],
      });
    });

    test('when it exits by itself under a daemon that holds its pipes', async () => {
      const robot = await trees.startTree(contained, 'pipe-holder');
      expect(await robot.exited).toEqual({ exitCode: 3, signal: null, reason: null });
      expect(trees.survivors()).toEqual([]);
    });

    test('and lets a polite program end itself at the first signal', async () => {
      const robot = await trees.startTree(contained, 'polite');
      await robot.cancel(60_000);
      expect(await robot.exited).toEqual({ exitCode: 7, signal: null, reason: 'cancelled' });
    });

    test('when killed, whatever was asked for before', async () => {
      const robot = await trees.startTree(contained, 'deaf');
      const cancelled = robot.cancel(600_000, 'timeout');
      await robot.kill();
      await cancelled;
      expect({ ...(await robot.exited), left: trees.survivors() }).toMatchObject({
        reason: 'timeout',
        left: [],
      });
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
        shell: `sleep 300 & exec sh -c 'echo up; : ${trees.dir}; sleep 300'`,
        cwd: trees.dir,
        env: { PATH: '/usr/bin:/bin' },
        timeoutMs: 300,
        signal: new AbortController().signal,
        onOutput: () => undefined,
      });
      expect([result.timedOut, trees.survivors()]).toEqual([true, []]);
    });

    test('left by a crash is found by its cookie', async () => {
      const robot = await start(contained, '/bin/sh', ['-c', `sleep 300 & setsid sleep 300; : ${trees.dir}`]);
      const cookie = { name: 'KUBOT_RUN_ID', value: trees.dir };
      await expect
        .poll(async () => (await createProcessTable().findByCookies([cookie])).length, { timeout: 10_000 })
        .toBeGreaterThan(2);
      expect(await sweepLeftovers((id) => id === trees.dir)).toBeGreaterThan(2);
      await robot.exited;
      expect(await createProcessTable().findByCookies([cookie])).toEqual([]);
    });
  });
});

test.runIf(process.platform !== 'win32')('a file that cannot be executed is said to be', async () => {
  await expect(start({ kind: 'group' }, join(trees.dir, 'missing'), [])).rejects.toMatchObject({
    code: 'RUNTIME_BROKEN',
    message: expect.stringContaining('ENOENT'),
  });
});
