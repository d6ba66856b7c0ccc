import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, realpathSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Containment, detectContainment } from '../../../src/agent/process/containment.ts';
import { readStat } from '../../../src/agent/process/process-table.ts';
import { UsageMeter } from '../../../src/agent/process/process-usage.ts';
import { type RobotProcess, startProcess } from '../../../src/agent/process/start-process.ts';

const found = await detectContainment();
const containments: [string, Containment | undefined][] = [
  ['group and sweep', { kind: 'group' }],
  ['PID namespace', found.kind === 'pid-namespace' ? found : undefined],
];

const MB = 1024 * 1024;
/** Holds 100 MB and works for a second of its processor's time, in a child of a shell. */
const WORKER = `const held = Buffer.alloc(100 * 1024 * 1024, 1);
while (process.cpuUsage().user + process.cpuUsage().system < 1_000_000);
console.log('worked', held.length);
setInterval(() => undefined, 1000);`;

let dir: string;
let robot: RobotProcess | undefined;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-usage-'));
});
afterEach(async () => {
  await robot?.kill();
  await rm(dir, { recursive: true, force: true });
});
afterAll(() => {
  if (found.kind === 'group') console.warn('skipped: the PID namespace, bubblewrap does not work here');
});

async function start(containment: Containment, file: string, args: string[]): Promise<RobotProcess> {
  robot = await startProcess({
    file,
    args,
    cwd: dir,
    env: { PATH: '/usr/bin:/bin', NODE: process.execPath, WORKER },
    cookie: { name: 'KUBOT_RUN_ID', value: dir },
    containment,
  });
  robot.stderr.resume();
  return robot;
}

describe.runIf(process.platform === 'linux').each(containments)('usage, with %s', (_name, containment) => {
  test.runIf(containment)('is what a child of the robot used, and which programs ran', async () => {
    if (!containment) return;
    // Two commands: with one alone the shell would become it.
    const running = await start(containment, '/bin/sh', ['-c', '"$NODE" -e "$WORKER"; exit 0']);
    await new Promise<void>((resolve) => {
      running.stdout.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('worked')) resolve();
      });
    });
    const usage = await until(() => {
      const now = running.usage();
      return now !== null && now.cpuTimeMs >= 990 ? now : null;
    });
    expect(usage.peakMemoryBytes).toBeGreaterThan(100 * MB);
    expect(usage.peakMemoryBytes).toBeLessThan(1000 * MB);
    const programs = [process.execPath, '/bin/sh'].map((path) => basename(realpathSync(path)));
    expect(usage.programs.toSorted((one, two) => (one.name < two.name ? -1 : 1))).toEqual(
      programs.toSorted().map((name) => ({ name, count: 1 })),
    );
    running.restartUsage();
    expect(running.usage()).toBeNull();
    const after = await until(() => running.usage());
    expect(after.cpuTimeMs).toBeLessThan(usage.cpuTimeMs);
    expect(after.peakMemoryBytes).toBeGreaterThan(100 * MB);
    await running.kill();
    expect(running.usage()).toMatchObject({ peakMemoryBytes: expect.any(Number) });
  });
});

test.runIf(process.platform === 'linux')(
  'of what was dead before it was looked at neither memory nor program is told, but its time',
  async () => {
    // What the shell became waits for no child; the shell itself would, so the child lives until it has become that.
    const parent = spawn('/bin/sh', ['-c', 'exec 3<&0; cat <&3 & echo $!; exec sleep 100']);
    const [text] = await once(parent.stdout, 'data');
    await until(() =>
      readFileSync(`/proc/${parent.pid}/comm`, 'utf8') === 'sleep\n' ? parent.stdin.end() : null,
    );
    const meter = new UsageMeter({
      rootPid: Number(text),
      isHolder: () => false,
      strays: () => new Map(),
    });
    try {
      await until(() =>
        readStat(readFileSync(`/proc/${Number(text)}/stat`, 'utf8'))?.state === 'Z' ? true : null,
      );
      meter.look();
      expect(meter.usage()).toEqual({ peakMemoryBytes: null, cpuTimeMs: expect.any(Number), programs: [] });
    } finally {
      meter.stop();
      parent.kill();
    }
  },
);

async function until<T>(look: () => T | null): Promise<T> {
  for (let value = look(); ; value = look()) {
    if (value !== null) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
