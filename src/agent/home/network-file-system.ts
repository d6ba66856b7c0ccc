/**
 * Magic numbers that Linux's statfs(2) tells for file systems that lie elsewhere (linux/magic.h and the file
 * systems' own headers). Locks and SQLite's WAL do not hold on them. FUSE is not here: it is as often local.
 */
const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9P'],
  [0x73757245, 'Coda'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
]);

/**
 * The name of the network file system that a folder lies on; null: it is local, or this system does not tell.
 * @param type `statfs().type`, which Linux alone gives a fixed meaning
 */
export function networkFileSystem(platform: NodeJS.Platform, path: string, type: number): string | null {
  if (platform === 'win32') return /^(\\\\|\/\/)(?![?.][\\/])/.test(path) ? 'network share' : null;
  if (platform !== 'linux') return null;
  // Older kernels hand the 32 bits over with their sign.
  return NETWORK_TYPES.get(type >>> 0) ?? null;
}
