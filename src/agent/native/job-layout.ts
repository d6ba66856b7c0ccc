// Layouts of Windows on 64 bits, from winnt.h; the tests compare them with what a C compiler makes. Not run there yet.

export interface JobLimits {
  /** Of all processes of the job together. */
  memoryBytes: number | null;
  processes: number | null;
  /** 100 is one core. */
  cpuPercent: number | null;
}

/** JOBOBJECTINFOCLASS. */
export const JOB_CLASSES = { accounting: 1, extendedLimits: 9, cpuRate: 15 } as const;

/** JOBOBJECT_EXTENDED_LIMIT_INFORMATION: the basic limits, IO_COUNTERS, then four sizes. */
export const EXTENDED_LIMITS = {
  bytes: 144,
  limitFlags: 16,
  activeProcessLimit: 40,
  jobMemoryLimit: 120,
} as const;

/** JOBOBJECT_CPU_RATE_CONTROL_INFORMATION: flags, then a union. */
export const CPU_RATE = { bytes: 8, controlFlags: 0, cpuRate: 4 } as const;

/** JOBOBJECT_BASIC_ACCOUNTING_INFORMATION: four times, then four counts. */
export const ACCOUNTING = { bytes: 48, activeProcesses: 40 } as const;

const LIMIT_ACTIVE_PROCESS = 0x8;
const LIMIT_JOB_MEMORY = 0x200;
const LIMIT_DIE_ON_UNHANDLED_EXCEPTION = 0x400;
const LIMIT_KILL_ON_JOB_CLOSE = 0x2000;

/** The stub that waits for the job, and the console that Windows may count for it. */
const OUR_PROCESSES = 2;

/**
 * Kills all when the last handle closes, as it does when the agent dies; no process may leave the job, since neither
 * flag of BREAKAWAY is set. A crash shows no window that nobody closes.
 */
export function extendedLimits({ memoryBytes, processes }: JobLimits): Buffer {
  const layout = Buffer.alloc(EXTENDED_LIMITS.bytes);
  let flags = LIMIT_KILL_ON_JOB_CLOSE | LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
  if (processes !== null) {
    flags |= LIMIT_ACTIVE_PROCESS;
    layout.writeUInt32LE(processes + OUR_PROCESSES, EXTENDED_LIMITS.activeProcessLimit);
  }
  if (memoryBytes !== null) {
    flags |= LIMIT_JOB_MEMORY;
    layout.writeBigUInt64LE(BigInt(memoryBytes), EXTENDED_LIMITS.jobMemoryLimit);
  }
  layout.writeUInt32LE(flags, EXTENDED_LIMITS.limitFlags);
  return layout;
}

const CPU_RATE_ENABLE = 0x1;
const CPU_RATE_HARD_CAP = 0x4;
/** All of the machine. */
const FULL_RATE = 10_000;

/** null: no limit. Windows counts in ten thousandths of the whole machine. */
export function cpuRateControl({ cpuPercent }: JobLimits, cores: number): Buffer | null {
  if (cpuPercent === null) return null;
  const rate = Math.round((cpuPercent / 100 / cores) * FULL_RATE);
  const layout = Buffer.alloc(CPU_RATE.bytes);
  layout.writeUInt32LE(CPU_RATE_ENABLE | CPU_RATE_HARD_CAP, CPU_RATE.controlFlags);
  layout.writeUInt32LE(Math.min(Math.max(rate, 1), FULL_RATE), CPU_RATE.cpuRate);
  return layout;
}

/** Of the answer to JobObjectBasicAccountingInformation. */
export function readActiveProcesses(accounting: Buffer): number {
  return accounting.readUInt32LE(ACCOUNTING.activeProcesses);
}
