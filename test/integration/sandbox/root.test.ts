import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { detectContainment } from '../../../src/agent/process/containment.ts';
import { createSandbox } from '../../../src/agent/sandbox/create-sandbox.ts';
import type { Sandbox } from '../../../src/agent/sandbox/sandbox.ts';
import { aJob, aPolicy } from '../../helpers/a-sandbox-job.ts';

/** Files that root owns and that act on the whole machine; opened for writing, and nothing is written. */
const KERNEL_FILES = [
  '/proc/sys/kernel/core_pattern',
  '/proc/sys/kernel/modprobe',
  '/proc/sys/vm/overcommit_memory',
  '/proc/sysrq-trigger',
  '/sys/kernel/mm/transparent_hugepage/enabled',
  '/sys/fs/cgroup/cgroup.procs',
];

const PROBE = `
for file in ${KERNEL_FILES.join(' ')}; do ( : >> "$file" ) 2>/dev/null && echo "wrote $file"; done
( : > /etc/kubot-probe ) 2>/dev/null && echo 'wrote /etc'
( : > /root/kubot-probe ) 2>/dev/null && echo 'wrote /root'
mknod "$TMPDIR/disk" b 8 0 2>/dev/null && echo 'made a device'
chown 1 . 2>/dev/null && echo 'gave a file away'
mount -t tmpfs x /usr 2>/dev/null && echo mounted
for device in /dev/*; do [ -b "$device" ] && echo "saw $device"; done
echo ended
`;

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

describe.runIf(isRoot)('a robot of an agent that is root', () => {
  let dir: string;
  let sandbox: Sandbox;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'kubot-root-'));
    for (const name of ['home', 'work']) mkdirSync(join(dir, name));
    sandbox = createSandbox({
      platform: process.platform,
      arch: process.arch,
      containment: await detectContainment(),
      host: { agentHome: join(dir, 'home'), controlDir: null, userHomes: ['/root'], secretFiles: [] },
      upstreamProxy: null,
    });
  });
  afterAll(async () => {
    await sandbox?.stop(0);
    if (dir) rmSync(dir, { recursive: true, force: true });
  });

  test.each(['standard', 'strict'] as const)('has nothing of root’s in %s', async (level) => {
    const work = join(dir, 'work');
    const policy = aPolicy({ level, required: true, allowedHosts: level === 'strict' ? [] : null });
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', TMPDIR: work };
    const prepared = await sandbox.prepare(
      { file: '/bin/sh', args: ['-c', PROBE], cwd: work, env },
      aJob({ policy, places: { write: [work], read: [], tmpDir: work } }),
    );
    const robot = await prepared.start();
    let output = '';
    robot.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    robot.stderr.resume();
    await robot.exited;
    expect(output).toBe('ended\n');
  });
});
