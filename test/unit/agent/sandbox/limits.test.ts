import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findCgroups, limitFiles } from '../../../../src/agent/sandbox/linux/cgroups.ts';
import { missingLimits } from '../../../../src/agent/sandbox/linux/limits.ts';
import { NO_LIMITS } from '../../../../src/agent/sandbox/policy.ts';
import { withLimits } from '../../../../src/agent/sandbox/with-limits.ts';

const ALL = { memoryBytes: 256 * 1024 * 1024, processes: 50, cpuPercent: 150, openFiles: 256 };

describe('limits of a process', () => {
  test('are set by a shell that becomes the program', () => {
    expect(withLimits({ file: '/bin/x', args: ['a b'] }, ALL)).toEqual({
      file: '/bin/sh',
      args: [
        '-c',
        'ulimit -d 262144 && ulimit -n 256 && { ulimit -u 50 || ulimit -p 50; } 2>/dev/null && exec "$@"',
        'sh',
        '/bin/x',
        'a b',
      ],
    });
  });

  test('cost nothing where there are none', () => {
    const command = { file: '/bin/x', args: [] };
    expect(withLimits(command, NO_LIMITS)).toBe(command);
  });

  test('that cannot be kept are told', () => {
    const cgroups = { controllers: ['cpu', 'pids'] };
    expect([
      missingLimits(ALL, null, false),
      missingLimits(ALL, null, true),
      missingLimits(ALL, cgroups, true),
      missingLimits(NO_LIMITS, null, true),
    ]).toEqual([['limits.cpuPercent'], ['limits.cpuPercent', 'limits.processes'], [], []]);
  });
});

describe('limits of a tree', () => {
  let root: string;
  const own = 'user.slice/kubot.service';

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'kubot-cgroups-'));
    mkdirSync(join(root, own), { recursive: true });
    writeFileSync(join(root, own, 'cgroup.controllers'), 'cpuset cpu memory pids\n');
    writeFileSync(join(root, own, 'cgroup.procs'), '4711\n');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const find = () => findCgroups({ membership: `1:name=x:/\n0::/${own}\n`, root, pid: 4711 });
  const textOf = (path: string) => readFileSync(join(root, own, path), 'utf8');

  test('are written into a cgroup of its own, beside the one that the agent moved to', () => {
    const cgroups = find();
    expect(cgroups?.controllers).toEqual(['memory', 'pids', 'cpu']);
    expect([textOf('kubot-agent/cgroup.procs'), textOf('cgroup.subtree_control')]).toEqual([
      '4711',
      '+memory +pids +cpu',
    ]);
    expect(cgroups?.create('01-ab/../c', ALL)).toBe(join(root, own, 'kubot-01-abc'));
    expect([
      textOf('kubot-01-abc/memory.max'),
      textOf('kubot-01-abc/pids.max'),
      textOf('kubot-01-abc/cpu.max'),
    ]).toEqual(['268435456', '50', '150000 100000']);
  });

  test('keep memory from going into swap, where the kernel has any', () => {
    const cgroups = find();
    mkdirSync(join(root, own, 'kubot-swaps'));
    writeFileSync(join(root, own, 'kubot-swaps', 'memory.swap.max'), 'max\n');
    for (const name of ['swaps', 'none']) cgroups?.create(name, ALL);
    expect([
      textOf('kubot-swaps/memory.swap.max'),
      existsSync(join(root, own, 'kubot-none/memory.swap.max')),
    ]).toEqual([...['0', false]]);
  });

  test.each([
    ['memoryBytes', 'low 0\nmax 70\noom 1\noom_kill 3\n', 'max 0\n'],
    ['processes', 'low 0\nmax 70\noom 0\noom_kill 0\n', 'max 2\n'],
    [undefined, 'low 0\nmax 70\noom 0\noom_kill 0\n', 'max 0\n'],
  ])('that were run into are known: %s', (limit, memory, pids) => {
    const cgroups = find();
    const dir = cgroups?.create('hit', ALL) ?? '';
    writeFileSync(join(dir, 'memory.events'), memory);
    writeFileSync(join(dir, 'pids.events'), pids);
    expect(cgroups?.findLimitHit(dir)).toBe(limit);
  });

  test('are for those alone that were set and can be kept', () => {
    expect(limitFiles({ ...ALL, cpuPercent: null }, ['cpu', 'pids'])).toEqual({ 'pids.max': '50' });
  });

  test('need a cgroup that holds nobody but the agent', () => {
    writeFileSync(join(root, own, 'cgroup.procs'), '4711\n4712\n');
    expect(find()).toBeNull();
  });

  test('need one that was delegated at all', () => {
    expect(findCgroups({ membership: '0::/\n', root, pid: 4711 })).toBeNull();
    expect(findCgroups({ membership: '0::/elsewhere\n', root, pid: 4711 })).toBeNull();
    expect(findCgroups({ membership: '', root, pid: 4711 })).toBeNull();
  });
});
