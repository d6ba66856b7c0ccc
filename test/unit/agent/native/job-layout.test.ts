import koffi from 'koffi';
import { describe, expect, test } from 'vitest';
import {
  ACCOUNTING,
  CPU_RATE,
  cpuRateControl,
  EXTENDED_LIMITS,
  extendedLimits,
  readActiveProcesses,
} from '../../../../src/agent/native/job-layout.ts';

// As winnt.h declares them; LARGE_INTEGER, SIZE_T and ULONG_PTR have 8 bytes on 64 bits, DWORD has 4.
const basic = koffi.struct({
  PerProcessUserTimeLimit: 'int64_t',
  PerJobUserTimeLimit: 'int64_t',
  LimitFlags: 'uint32_t',
  MinimumWorkingSetSize: 'uint64_t',
  MaximumWorkingSetSize: 'uint64_t',
  ActiveProcessLimit: 'uint32_t',
  Affinity: 'uint64_t',
  PriorityClass: 'uint32_t',
  SchedulingClass: 'uint32_t',
});
const ioCounters = koffi.struct({
  ReadOperationCount: 'uint64_t',
  WriteOperationCount: 'uint64_t',
  OtherOperationCount: 'uint64_t',
  ReadTransferCount: 'uint64_t',
  WriteTransferCount: 'uint64_t',
  OtherTransferCount: 'uint64_t',
});
const extended = koffi.struct({
  BasicLimitInformation: basic,
  IoInfo: ioCounters,
  ProcessMemoryLimit: 'uint64_t',
  JobMemoryLimit: 'uint64_t',
  PeakProcessMemoryUsed: 'uint64_t',
  PeakJobMemoryUsed: 'uint64_t',
});
const accounting = koffi.struct({
  TotalUserTime: 'int64_t',
  TotalKernelTime: 'int64_t',
  ThisPeriodTotalUserTime: 'int64_t',
  ThisPeriodTotalKernelTime: 'int64_t',
  TotalPageFaultCount: 'uint32_t',
  TotalProcesses: 'uint32_t',
  ActiveProcesses: 'uint32_t',
  TotalTerminatedProcesses: 'uint32_t',
});
const cpuRate = koffi.struct({ ControlFlags: 'uint32_t', CpuRate: 'uint32_t' });

describe('the layouts of Job Objects', () => {
  test('are those that a C compiler makes of the documented structures', () => {
    expect(EXTENDED_LIMITS).toEqual({
      bytes: koffi.sizeof(extended),
      limitFlags: koffi.offsetof(basic, 'LimitFlags'),
      activeProcessLimit: koffi.offsetof(basic, 'ActiveProcessLimit'),
      jobMemoryLimit: koffi.offsetof(extended, 'JobMemoryLimit'),
    });
    expect(ACCOUNTING).toEqual({
      bytes: koffi.sizeof(accounting),
      activeProcesses: koffi.offsetof(accounting, 'ActiveProcesses'),
    });
    expect(CPU_RATE).toEqual({
      bytes: koffi.sizeof(cpuRate),
      controlFlags: koffi.offsetof(cpuRate, 'ControlFlags'),
      cpuRate: koffi.offsetof(cpuRate, 'CpuRate'),
    });
  });

  test('without limits say that all dies with the last handle, and no crash waits for a click', () => {
    const layout = extendedLimits({ memoryBytes: null, processes: null, cpuPercent: null });
    const expected = Buffer.alloc(144);
    expected.writeUInt32LE(0x2400, 16);
    expect(layout).toEqual(expected);
  });

  test('hold limits of memory and processes, two of which are not the robot’s', () => {
    const layout = extendedLimits({ memoryBytes: 5 * 1024 ** 3, processes: 8, cpuPercent: null });
    expect([layout.readUInt32LE(16), layout.readUInt32LE(40), layout.readBigUInt64LE(120)]).toEqual([
      0x2608,
      10,
      5n * 1024n ** 3n,
    ]);
  });

  test.each([
    { cpuPercent: 100, cores: 4, rate: 2500 },
    { cpuPercent: 50, cores: 1, rate: 5000 },
    { cpuPercent: 800, cores: 4, rate: 10_000 },
    { cpuPercent: 1, cores: 1000, rate: 1 },
  ])('hold $cpuPercent % of a core among $cores as a rate of $rate', ({ cpuPercent, cores, rate }) => {
    const layout = cpuRateControl({ memoryBytes: null, processes: null, cpuPercent }, cores);
    expect([layout?.readUInt32LE(0), layout?.readUInt32LE(4)]).toEqual([5, rate]);
  });

  test('hold no rate where there is none', () => {
    expect(cpuRateControl({ memoryBytes: null, processes: null, cpuPercent: null }, 4)).toBeNull();
  });

  test('tell how many processes live', () => {
    const answer = Buffer.alloc(48);
    answer.writeUInt32LE(3, 40);
    expect(readActiveProcesses(answer)).toBe(3);
  });
});
