import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JobLimits } from '../../../../src/agent/native/job-layout.ts';
import type { Job, OpenJob } from '../../../../src/agent/native/kernel32.ts';
import { createProcessTable } from '../../../../src/agent/process/process-table.ts';
import { startProcess } from '../../../../src/agent/process/start-process.ts';

let dir: string;
let asked: string[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-job-'));
  asked = [];
});
afterEach(() => rmSync(dir, { recursive: true }));

/** In place of Windows: a job is the group of the one that was put into it. */
function groupAsJob(admit: (pid: number) => void = () => undefined): OpenJob {
  return (limits: JobLimits): Job => {
    asked.push(`open ${limits.processes}`);
    let leader = 0;
    return {
      admit: (pid) => {
        asked.push('admit');
        admit(pid);
        leader = pid;
      },
      terminate: () => {
        asked.push('terminate');
        try {
          if (leader > 1) process.kill(-leader, 'SIGKILL');
        } catch {
          // It is empty.
        }
      },
      livingCount: () => 0,
      release: () => asked.push('release'),
    };
  };
}

function start(openJob: OpenJob, file: string, args: string[], env: Record<string, string> = {}) {
  return startProcess({
    file,
    args,
    cwd: dir,
    env: { PATH: '/usr/bin:/bin', ...env },
    cookie: { name: 'KUBOT_RUN_ID', value: dir },
    containment: { kind: 'job', openJob },
    jobLimits: { memoryBytes: null, processes: 9, cpuPercent: null },
  });
}

// The stub and the order of things; that Windows keeps to them is for test/integration/sandbox/windows.test.ts.
describe.runIf(process.platform !== 'win32')('a robot in a job', () => {
  test('is started by the stub, with its environment, folder and output, and ends it by its exit code', async () => {
    const robot = await start(groupAsJob(), '/bin/sh', ['-c', 'echo "$A $KUBOT_RUN_ID $PWD"; exit 3'], {
      A: 'one',
      NODE_OPTIONS: '--no-such-option',
    });
    let text = '';
    robot.stdout.on('data', (chunk) => {
      text += String(chunk);
    });
    expect(await robot.exited).toEqual({ exitCode: 3, signal: null, reason: null });
    expect(text).toBe(`one ${dir} ${dir}\n`);
    expect(asked).toEqual(['open 9', 'admit', 'terminate', 'release']);
  });

  test('is not started when the job does not take the stub, which ends', async () => {
    let stub = 0;
    const refusing = groupAsJob((pid) => {
      stub = pid;
      throw new Error('AssignProcessToJobObject failed with the Windows error 5');
    });
    await expect(start(refusing, '/bin/sh', ['-c', `: > ${dir}/ran`])).rejects.toMatchObject({
      message: expect.stringContaining('AssignProcessToJobObject failed with the Windows error 5'),
    });
    expect(existsSync(join(dir, 'ran'))).toBe(false);
    expect((await createProcessTable().list()).map(({ pid }) => pid)).not.toContain(stub);
    expect(asked).toContain('release');
  });

  test('that cannot be executed is said to be so', async () => {
    await expect(start(groupAsJob(), join(dir, 'missing'), [])).rejects.toMatchObject({
      code: 'RUNTIME_BROKEN',
      message: expect.stringContaining('ENOENT'),
    });
  });

  test('ends with all of the job', async () => {
    const robot = await start(groupAsJob(), '/bin/sh', ['-c', 'sleep 600 & sleep 600']);
    await robot.cancel(0);
    expect((await robot.exited).reason).toBe('cancelled');
    expect(await createProcessTable().findByCookies([{ name: 'KUBOT_RUN_ID', value: dir }])).toEqual([]);
  });
});
