import { describe, expect, test } from 'vitest';
import { assetTarget } from '../../../../src/agent/runtimes/asset-request.ts';

describe('what a machine asks the platform for', () => {
  test.each([
    ['linux', 'x64', 'LINUX', 'X86_64'],
    ['darwin', 'x64', 'MAC_OS', 'X86_64'],
    ['win32', 'x64', 'WINDOWS', 'X86_64'],
    ['win32', 'ia32', 'WINDOWS', 'X86_32'],
    ['linux', 'ia32', 'LINUX', 'X86_32'],
  ] as const)('on %s %s is %s %s', (system, arch, platform, architecture) => {
    expect(assetTarget(system, arch)).toEqual({ platform, architecture, note: null });
  });

  test.each([
    ['darwin', 'MAC_OS', 'Rosetta'],
    ['win32', 'WINDOWS', "Windows' emulation"],
  ] as const)('on %s with ARM64 is x86-64, and says who emulates it', (system, platform, emulator) => {
    expect(assetTarget(system, 'arm64')).toEqual({
      platform,
      architecture: 'X86_64',
      note: `KuFlow serves no runtimes for ARM64; x86-64 ones run under ${emulator}.`,
    });
  });

  test.each([
    ['linux', 'arm64', 'KuFlow serves no runtimes for LINUX on arm64. Configure local ones'],
    ['linux', 'riscv64', 'KuFlow serves no runtimes for LINUX on riscv64.'],
    ['freebsd', 'x64', 'KuFlow serves no runtimes for freebsd.'],
  ] as const)('on %s %s is nothing, with the reason', (system, arch, reason) => {
    expect(assetTarget(system, arch)).toEqual({ unsupported: expect.stringContaining(reason) });
  });
});
