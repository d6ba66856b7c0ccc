import { randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openJournalReader } from '../../../src/agent/journal/read-journal.ts';
import type { AssetProvider } from '../../../src/platform/asset-provider.ts';
import type { Status } from '../../../src/shared/status.ts';
import { type AgentProcess, startAgentProcess } from '../../helpers/agent-process.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/fault-proxy.ts';
import { type Lab, type LabOptions, nodeRobot, robotIdOf, startLab } from '../../helpers/lab.ts';
import { describeWithSmallDisks, openSmallDisk, type SmallDisk } from '../../helpers/small-disk.ts';
import { kubot } from '../cli/kubot.ts';
import { runsInJournal, until } from './judge.ts';

/** Twice what is left alone by a download, so that there is some to be filled. */
const DISK_MB = 128;
const RESERVE_BYTES = 8 * 1024 * 1024;

/** Takes every byte that there is, also what comes free later, until it is told to go. */
const FILL = `
  import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
  const { MARKS, KUFLOW_EXECUTION_OUTDIR } = process.env;
  const write = (bytes) => {
    try {
      for (;;) appendFileSync(KUFLOW_EXECUTION_OUTDIR + '/all', Buffer.alloc(bytes));
    } catch (error) {
      return error.code;
    }
  };
  console.log('filling');
  while (!existsSync(MARKS + '/go')) {
    write(1024 * 1024);
    writeFileSync(MARKS + '/full', write(4096));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  console.log('full');
  process.exit(3);
`;

describeWithSmallDisks('an agent on a disk that becomes full', import.meta.filename, () => {
  let marks: string;
  let disk: SmallDisk;
  let home: string;
  let lab: Lab;
  let proxy: FaultProxy;
  let agent: AgentProcess;

  beforeEach(() => {
    marks = mkdtempSync(join(tmpdir(), 'kubot-marks-'));
    disk = openSmallDisk(DISK_MB);
    home = join(disk.dir, 'home');
  });
  afterEach(async () => {
    await agent.end('SIGKILL');
    await lab.close();
    await proxy.close();
    await disk.close();
    rmSync(marks, { recursive: true });
  });

  async function startOnDisk(options: Pick<LabOptions, 'robots' | 'assets'>): Promise<void> {
    const robots = { HELLO: nodeRobot(`console.log('hello')`), ...options.robots };
    lab = await startLab({
      ...options,
      robots,
      tasks: Object.keys(robots).map((code) => ({ code, later: true })),
      settings: { diskReserveBytes: RESERVE_BYTES, files: { write: [marks] } },
      endpointOf: async ({ url }) => {
        proxy = await startFaultProxy({ target: url });
        return proxy.url;
      },
    });
    mkdirSync(home, { mode: 0o700 });
    cpSync(join(lab.home, 'settings.json'), join(home, 'settings.json'));
  }

  async function startAgent(): Promise<void> {
    agent = await startAgentProcess(lab, {}, home);
    await agent.until('registered');
  }

  const runs = () => runsInJournal({ home });
  const ended = (taskId: string) => () =>
    runs().some((run) => run.taskId === taskId && run.state === 'ended');
  /** What the command line prints, as JSON. */
  async function ask<T>(...args: string[]): Promise<T> {
    const said = await kubot([...args, '--json', '--home', home]);
    if (said.code !== 0) throw new Error(`kubot ${args.join(' ')}: ${said.code} ${said.stderr}`);
    return JSON.parse(said.stdout) as T;
  }
  const warnings = async () => (await ask<Status>('status')).warnings;
  /** What was decided of a task last, from the journal's file. */
  const why = async (taskId: string) => {
    const reader = openJournalReader(home);
    const said = await reader?.why({ id: taskId }).catch(() => null);
    reader?.close();
    const last = said?.decisions.at(-1);
    return `${last?.decision} ${last?.code}`;
  };

  async function fillByRobot(): Promise<string> {
    const robot = nodeRobot(FILL, { environmentVariables: { MARKS: marks } });
    await startOnDisk({ robots: { FILL: robot } });
    await startAgent();
    const before = await lab.addTask('HELLO');
    await until('a run before', ended(before));
    const taskId = await lab.addTask('FILL');
    const full = join(marks, 'full');
    await until('the disk is full', () => existsSync(full) && readFileSync(full, 'utf8') === 'ENOSPC');
    return taskId;
  }

  test('lives, answers, tells the task, takes nothing more, and goes on once there is space', async () => {
    const taskId = await fillByRobot();
    const held = await lab.addTask('HELLO');
    await until('the next task is put off', async () => (await why(held)) === 'postponed HOST_DISK');
    writeFileSync(join(marks, 'go'), '');
    await until('the run is settled', ended(taskId));
    expect(runs().find((run) => run.taskId === taskId)).toMatchObject({
      outcome: 'failed',
      error: { code: 'DISK_FULL' },
      exitCode: 3,
      settled: { action: 'kept' },
    });
    const { timeline } = await ask<{ timeline: { state: string }[] }>('run', taskId);
    expect(timeline.map(({ state }) => state).slice(-3)).toEqual(['running', 'settling', 'ended']);
    const { state, entries } = await lab.task(taskId);
    expect(state).toBe('CLAIMED');
    expect(entries.map(({ message }) => message).join('\n')).toMatch(
      /filling.*full.*The disk of the host was full while the robot ran\..*\[end failed\]/s,
    );
    expect(await warnings()).toEqual([
      expect.stringMatching(/^The disk of .* is full: the journal lives on what was reserved/),
    ]);
    expect(await ask<unknown[]>('runs')).toHaveLength(2);
    expect(readFileSync(join(home, 'logs', 'agent.log'), 'utf8')).toContain('"Disk is full"');

    for (const { id } of runs()) rmSync(join(home, 'runs', id, 'out', 'all'), { force: true });
    const next = await lab.addTask('HELLO');
    await until('the next run', ended(next));
    expect(runs()[0]).toMatchObject({ taskId: next, outcome: 'succeeded' });
    expect(statSync(join(home, 'disk.reserve')).size).toBe(RESERVE_BYTES);
    expect(await warnings()).toEqual([]);
  });

  test('and that is killed there starts again, is readable meanwhile, and settles what it left', async () => {
    const taskId = await fillByRobot();
    await agent.end('SIGKILL');
    disk.fill();
    const reader = openJournalReader(home);
    expect(await reader?.run({ id: taskId })).toMatchObject({ state: 'running' });
    reader?.close();
    expect(await ask('prune')).toEqual({ items: [], bytes: 0 });
    disk.fill();
    await startAgent();
    await until('the run is settled', ended(taskId));
    expect(runs()[0]).toMatchObject({ taskId, outcome: 'lost', error: { code: 'AGENT_CRASHED' } });
    expect((await lab.task(taskId)).entries.at(-1)?.message).toContain('[end lost]');
    expect(await warnings()).toHaveLength(1);
  });

  test.each([
    ['package', 'packages', 'download-source-code'],
    ['runtime', 'runtimes', 'download-asset'],
  ] as const)('by a %s that comes keeps nothing half made of it', async (what, folder, path) => {
    const noise = randomBytes(3 * 1024 * 1024);
    const archive = join(marks, 'runtime.tar.gz');
    writeFileSync(archive, noise);
    const assets: AssetProvider = {
      find: async ({ version }) => ({ path: archive, lengthBytes: noise.length, version }),
    };
    const manifest = 'operations:\n  - name: Run\n    shell: node robot.mjs\ntools:\n  nodejs: 98.0.0\n';
    const robot = what === 'package' ? { files: { noise } } : { manifest };
    await startOnDisk({ robots: { BIG: nodeRobot('', robot) }, assets });
    const isIt = (_method: string, asked: string) =>
      asked.includes(path) && asked.includes(robotIdOf(lab.platform, 'BIG'));
    proxy.add({ kind: 'trickle', chunkBytes: 32 * 1024, everyMs: 20, match: isIt });
    await startAgent();
    const halfMade = () =>
      existsSync(join(home, folder))
        ? readdirSync(join(home, folder)).filter((name) => name !== 'index')
        : [];
    const taskId = await lab.addTask('BIG');
    await until('it comes', () => halfMade().length > 0);
    disk.fill();
    await until('the task is put off', async () => (await why(taskId)) === 'postponed HOST_DISK');
    expect(halfMade()).toEqual([]);
    expect((await lab.task(taskId)).state).toBe('READY');
  });
});
