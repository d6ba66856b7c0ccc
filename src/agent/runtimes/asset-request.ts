export interface AssetTarget {
  platform: 'WINDOWS' | 'MAC_OS' | 'LINUX';
  architecture: 'X86_32' | 'X86_64';
  /** Said to the operator: the runtime is emulated. */
  note: string | null;
}

/**
 * Which runtimes this machine asks the platform for. There is no ARM64 there: Apple Silicon and Windows on ARM run
 * x86-64 emulated, Linux on ARM cannot.
 * @returns the reason, as a sentence, where nothing the platform serves can run
 */
export function assetTarget(platform: NodeJS.Platform, arch: string): AssetTarget | { unsupported: string } {
  const system =
    platform === 'win32'
      ? 'WINDOWS'
      : platform === 'darwin'
        ? 'MAC_OS'
        : platform === 'linux'
          ? 'LINUX'
          : null;
  if (system === null) return { unsupported: `KuFlow serves no runtimes for ${platform}.` };
  if (arch === 'x64') return { platform: system, architecture: 'X86_64', note: null };
  if (arch === 'ia32') return { platform: system, architecture: 'X86_32', note: null };
  if (arch === 'arm64' && system !== 'LINUX') {
    const emulator = system === 'MAC_OS' ? 'Rosetta' : "Windows' emulation";
    return {
      platform: system,
      architecture: 'X86_64',
      note: `KuFlow serves no runtimes for ARM64; x86-64 ones run under ${emulator}.`,
    };
  }
  return {
    unsupported: `KuFlow serves no runtimes for ${system} on ${arch}. Configure local ones (localRuntimes) or use another machine.`,
  };
}
