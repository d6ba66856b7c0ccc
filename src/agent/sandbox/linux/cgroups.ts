import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ProcessExit } from '../../process/robot-process.ts';
import type { SandboxLimits } from '../policy.ts';

/** A cgroup (version 2) that was delegated to the agent: `Delegate=yes` in its systemd unit. */
export interface Cgroups {
  /** Of memory, pids and cpu those that can be limited. */
  readonly controllers: readonly string[];
  /** A cgroup with the limits set; null: it could not be made. */
  create(name: string, limits: SandboxLimits): string | null;
  /** Which of its limits the robot in it ran into, and how it ended for that; undefined: none. */
  findLimitHit(dir: string): ProcessExit['limit'];
  /** Takes one away whose processes have ended. */
  remove(dir: string): Promise<void>;
}

const WANTED = ['memory', 'pids', 'cpu'];
/** Where the agent itself goes: a cgroup with limits for others may hold no process itself. */
const AGENT = 'kubot-agent';
/** Else what is over the limit of the memory would go there; kernels without swap have no such file. */
const SWAP = 'memory.swap.max';
/** The kernel keeps a cgroup for a moment after its last process. */
const REMOVE_AFTER_MS = [0, 10, 100, 1000];

export interface CgroupPlaces {
  /** Text of /proc/self/cgroup. */
  membership: string;
  /** Where version 2 is mounted. */
  root: string;
  pid: number;
}

/** What was delegated to this process; null: nothing. Moves the agent into a cgroup of its own below. */
export function findCgroups(places: CgroupPlaces = readPlaces()): Cgroups | null {
  const own = /^0::(\/.*)$/m.exec(places.membership)?.[1];
  if (own === undefined || own === '/') return null;
  const dir = join(places.root, own);
  try {
    accessSync(dir, constants.W_OK);
    const offered = readFileSync(join(dir, 'cgroup.controllers'), 'utf8').trim().split(' ');
    const controllers = WANTED.filter((name) => offered.includes(name));
    if (controllers.length === 0) return null;
    // Others' processes are not ours to move: then it was not delegated to the agent alone.
    const members = readFileSync(join(dir, 'cgroup.procs'), 'utf8').trim().split('\n');
    if (members.some((member) => member !== '' && Number(member) !== places.pid)) return null;
    mkdirSync(join(dir, AGENT), { recursive: true });
    writeFileSync(join(dir, AGENT, 'cgroup.procs'), String(places.pid));
    writeFileSync(join(dir, 'cgroup.subtree_control'), controllers.map((name) => `+${name}`).join(' '));
    return cgroupsIn(dir, controllers);
  } catch {
    return null;
  }
}

function cgroupsIn(dir: string, controllers: readonly string[]): Cgroups {
  return {
    controllers,
    create: (name, limits) => {
      const group = join(dir, `kubot-${name.replace(/[^A-Za-z0-9-]/g, '')}`);
      try {
        mkdirSync(group, { recursive: true });
        for (const [file, value] of Object.entries(limitFiles(limits, controllers))) {
          if (file !== SWAP || existsSync(join(group, file))) writeFileSync(join(group, file), value);
        }
        return group;
      } catch {
        return null;
      }
    },
    findLimitHit: (group) => {
      if (countOf(join(group, 'memory.events'), 'oom_kill') > 0) return 'memoryBytes';
      return countOf(join(group, 'pids.events'), 'max') > 0 ? 'processes' : undefined;
    },
    remove: async (group) => {
      for (const milliseconds of REMOVE_AFTER_MS) {
        await wait(milliseconds);
        try {
          rmdirSync(group);
          return;
        } catch {
          // Not yet; what stays in the end goes with the unit.
        }
      }
    },
  };
}

/** One count of a cgroup's file of events. */
function countOf(path: string, name: string): number {
  try {
    const line = readFileSync(path, 'utf8')
      .split('\n')
      .find((text) => text.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1) ?? 0);
  } catch {
    return 0;
  }
}

/** What is written where; a period of 100 ms for the CPU, as systemd has it. */
export function limitFiles(limits: SandboxLimits, controllers: readonly string[]): Record<string, string> {
  const { memoryBytes, processes, cpuPercent } = limits;
  const has = (name: string) => controllers.includes(name);
  return {
    ...(memoryBytes !== null &&
      has('memory') && { 'memory.max': String(memoryBytes), [SWAP]: '0', 'memory.oom.group': '1' }),
    ...(processes !== null && has('pids') && { 'pids.max': String(processes) }),
    ...(cpuPercent !== null && has('cpu') && { 'cpu.max': `${cpuPercent * 1000} 100000` }),
  };
}

function readPlaces(): CgroupPlaces {
  let membership = '';
  try {
    membership = readFileSync('/proc/self/cgroup', 'utf8');
  } catch {
    // No /proc, no cgroups.
  }
  return { membership, root: '/sys/fs/cgroup', pid: process.pid };
}
