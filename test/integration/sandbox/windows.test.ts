// Runs on Windows alone: what a Job Object holds (docs/security.md says whether a CI there has said so yet).
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Containment, detectContainment } from '../../../src/agent/process/containment.ts';
import { tightenAccess } from '../../../src/agent/process/icacls.ts';
import { startProcess } from '../../../src/agent/process/start-process.ts';
import { createSandboxWindows } from '../../../src/agent/sandbox/windows/sandbox-windows.ts';
import { aPolicy } from '../../helpers/a-sandbox-job.ts';

const systemRoot = process.env.SystemRoot ?? 'C:\\Windows';
const fixture = resolve(import.meta.dirname, '../../fixtures/processes/job-agent.ts');

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilDead(pids: readonly number[]): Promise<void> {
  const end = Date.now() + 30_000;
  while (pids.some(isAlive)) {
    if (Date.now() > end) throw new Error(`Alive: ${pids.filter(isAlive).join(', ')}`);
    await wait(10);
  }
}

describe('on Windows', () => {
  let dir: string;
  let containment: Containment;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'kubot é -'));
    containment = await detectContainment();
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const start = (script: string, processes: number | null = null) =>
    startProcess({
      file: process.execPath,
      args: ['-e', script],
      cwd: dir,
      env: { SystemRoot: systemRoot, A: 'é' },
      cookie: { name: 'KUBOT_RUN_ID', value: dir },
      containment,
      jobLimits: { memoryBytes: null, processes, cpuPercent: null },
    });

  async function textOf(robot: Awaited<ReturnType<typeof start>>): Promise<string> {
    let text = '';
    robot.stdout.on('data', (part) => {
      text += String(part);
    });
    robot.stderr.resume();
    await robot.exited;
    return text;
  }

  test('there are Job Objects', () => expect(containment.kind).toBe('job'));

  test('a robot has its environment, folder, output and exit code', async () => {
    const robot = await start('console.log(process.env.A, process.cwd()); process.exitCode = 3');
    expect(await textOf(robot)).toBe(`é ${dir}\n`);
    expect(await robot.exited).toEqual({ exitCode: 3, signal: null, reason: null });
  });

  test('a limit of processes is kept', async () => {
    const script = `
      const { spawn } = require('node:child_process');
      let started = 0;
      for (let i = 0; i < 10; i++) {
        spawn(process.execPath, ['-e', 'setTimeout(() => {}, 3000)']).once('spawn', () => started++).once('error', () => {});
      }
      setTimeout(() => { console.log(started); process.exit(0); }, 2000);
    `;
    expect(Number(await textOf(await start(script, 4)))).toBeLessThan(6);
  });

  test('a robot and its detached children die with an agent that was killed', async () => {
    const agent = spawn(process.execPath, [fixture], { cwd: dir, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(agent.stdout, 'data');
    const pids = String(line).trim().split(' ').map(Number);
    expect(pids.filter(isAlive)).toEqual(pids);
    agent.kill('SIGKILL');
    await untilDead(pids);
  });

  test('standard is had and says what it lacks; strict is refused', async () => {
    const sandbox = createSandboxWindows({ containment, agentHome: dir, environment: process.env });
    expect(await sandbox.detect(aPolicy())).toMatchObject({
      achieved: 'standard',
      missing: ['files', 'syscalls', 'processes', 'screen'],
    });
    expect((await sandbox.detect(aPolicy({ level: 'strict' }))).achieved).toBe('off');
    await sandbox.stop(0);
  });

  test('a folder is left to its user, the system and the administrators', async () => {
    await tightenAccess(dir, systemRoot);
    const listed = execFileSync(`${systemRoot}\\System32\\icacls.exe`, [dir], { encoding: 'utf8' });
    expect(listed.split('\n').filter((line) => line.includes('(OI)(CI)(F)'))).toHaveLength(3);
    expect(listed).not.toContain('(I)');
  });
});
