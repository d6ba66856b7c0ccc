import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import type { HostPlaces } from '../host-places.ts';
import type { SandboxPolicy } from '../policy.ts';
import type { SandboxPlaces } from '../sandbox.ts';

export interface MountRequest {
  level: 'standard' | 'strict';
  policy: SandboxPolicy;
  /** With what the sandbox itself starts inside: the agent's Node and its script. */
  host: HostPlaces & { tools: readonly string[] };
  places: SandboxPlaces;
  /** Sockets of the screen and its authority, for `gui: host`. */
  screen: readonly string[];
  /** Whether this bwrap knows `--size`. */
  limitsTmpfs: boolean;
}

/** Where people's files, sockets and other programs' temporary files are. */
const HIDDEN = ['/home', '/root', '/run', '/var/run', '/tmp', '/var/tmp', '/media', '/mnt'];
/** Robots may write to these; they are private, in memory, and gone with the run. */
const SCRATCH = ['/tmp', '/var/tmp'];
const SCRATCH_BYTES = 512 * 1024 * 1024;

/**
 * The kernel's own settings, such as core_pattern, which names a program that it starts as root. bwrap covers those
 * whose folder may be written to; a robot of root's without capabilities owns the files in folders that may not.
 */
const KERNEL_SETTINGS = ['/proc/sys', '/proc/fs', '/proc/acpi', '/proc/scsi', '/proc/asound'];

/** The system without anything of this machine's own: programs, libraries, and the files that those need. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store'];
const SYSTEM_FILES = [
  '/etc/alternatives',
  '/etc/ca-certificates',
  '/etc/chromium',
  '/etc/chromium.d',
  '/etc/crypto-policies',
  '/etc/fonts',
  '/etc/group',
  '/etc/host.conf',
  '/etc/hosts',
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/localtime',
  '/etc/mime.types',
  '/etc/nsswitch.conf',
  '/etc/os-release',
  '/etc/passwd',
  '/etc/pki',
  '/etc/protocols',
  '/etc/services',
  '/etc/ssl',
  '/etc/timezone',
  '/var/cache/fontconfig',
];

type Kind = 'hide' | 'scratch' | 'mask' | 'read' | 'read-try' | 'write' | 'write-try';

interface Mount {
  path: string;
  kind: Kind;
}

/** bwrap's options for the file system: parents before what lies in them, whoever asked for it. */
export function mountArguments(request: MountRequest): string[] {
  const { level, policy, host, places, screen } = request;
  const userHomes = realFolders(host.userHomes);
  // What is not there today may be there tomorrow: another agent's start is none of this one's.
  const controlDirs = realFolders(host.controlDir === null ? [] : [host.controlDir]);
  const own = [host.agentHome, ...controlDirs];
  const isOwn = (path: string) => own.some((folder) => isWithin(realPath(path), folder));
  const granted = (kind: Kind, paths: readonly string[]): Mount[] =>
    paths.filter((path) => !isOwn(path)).map((path) => ({ path, kind }));
  const hidden = realFolders([...HIDDEN, ...userHomes, host.agentHome]);
  const mounts: Mount[] = [
    ...(level === 'standard'
      ? hidden.map((path): Mount => ({ path, kind: SCRATCH.includes(path) ? 'scratch' : 'hide' }))
      : SCRATCH.map((path): Mount => ({ path, kind: 'scratch' }))),
    ...(policy.homeMode === 'user' ? userHomes.map((path): Mount => ({ path, kind: 'write' })) : []),
    ...granted('read-try', [...policy.files.read, ...screen]),
    ...granted('write-try', [...policy.files.write, ...policy.sockets]),
    // After the grants, which may hold them.
    ...own.map((path): Mount => ({ path, kind: 'hide' })),
    ...host.secretFiles.filter(isFile).map((path): Mount => ({ path: realPath(path), kind: 'mask' })),
    ...(level === 'standard' ? resolverFiles().map((path): Mount => ({ path, kind: 'read-try' })) : []),
    ...[...host.tools, ...places.read].map((path): Mount => ({ path, kind: 'read' })),
    ...places.write.map((path): Mount => ({ path, kind: 'write' })),
  ];
  const ordered = inOrder(level === 'standard' ? mounts.flatMap((mount) => reached(mount, hidden)) : mounts);
  const base = level === 'standard' ? ['--ro-bind', '/', '/'] : systemArguments();
  // Read-only once all is in place: what a robot writes must be kept or be refused, never be lost in silence.
  const sealed = ordered.filter(({ kind }) => kind === 'hide').map(({ path }) => path);
  return [
    ...base,
    ...['--dev', '/dev', '--proc', '/proc'],
    ...KERNEL_SETTINGS.flatMap((path) => ['--ro-bind-try', path, path]),
    ...ordered.flatMap((mount) => argumentsOf(mount, request.limitsTmpfs)),
    ...[...sealed, ...(level === 'strict' ? ['/'] : [])].flatMap((path) => ['--remount-ro', path]),
  ];
}

/**
 * Where a path leads through a link, bwrap cannot make its place: the link is there, and what it leads to is mounted.
 * A link in a hidden folder is not there, and its path is made.
 */
function reached(mount: Mount, hidden: readonly string[]): Mount[] {
  const real = realPath(mount.path);
  if (real === mount.path) return [mount];
  const isLost = hidden.some((folder) => isWithin(mount.path, folder));
  return isLost ? [mount, { ...mount, path: real }] : [{ ...mount, path: real }];
}

/** What is not there is as it is written. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Of two mounts on one path the later one holds, so the earlier is left out; parents come first. */
function inOrder(mounts: readonly Mount[]): Mount[] {
  const byPath = new Map<string, Mount>();
  for (const mount of mounts) byPath.set(mount.path, mount);
  return [...byPath.values()].sort((a, b) => depthOf(a.path) - depthOf(b.path));
}

function depthOf(path: string): number {
  return path.split(sep).filter(Boolean).length;
}

function argumentsOf({ path, kind }: Mount, limitsTmpfs: boolean): string[] {
  switch (kind) {
    case 'hide':
      return ['--tmpfs', path];
    case 'scratch':
      return [...(limitsTmpfs ? ['--size', String(SCRATCH_BYTES)] : []), '--tmpfs', path];
    case 'mask':
      return ['--ro-bind', '/dev/null', path];
    case 'read':
      return ['--ro-bind', path, path];
    case 'read-try':
      return ['--ro-bind-try', path, path];
    case 'write':
      return ['--bind', path, path];
    case 'write-try':
      return ['--bind-try', path, path];
  }
}

/** `/bin` and its like are links into /usr on most systems, folders on others. */
function systemArguments(): string[] {
  const folders = SYSTEM.flatMap((path) => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return [];
    return stat.isSymbolicLink()
      ? ['--symlink', realpathSync(path).slice(1), path]
      : ['--ro-bind', path, path];
  });
  return [...folders, ...SYSTEM_FILES.flatMap((path) => ['--ro-bind-try', path, path])];
}

/** /etc/resolv.conf is a link into /run on Ubuntu and Fedora. */
function resolverFiles(): string[] {
  try {
    const target = realpathSync('/etc/resolv.conf');
    return HIDDEN.some((path) => isWithin(target, path)) ? [target] : [];
  } catch {
    return [];
  }
}

/** The existing folders among `paths`, by their real paths, without doubles; never the root. */
export function realFolders(paths: readonly string[]): string[] {
  const found = paths.flatMap((path) => {
    try {
      const real = realpathSync(path);
      return statSync(real).isDirectory() && dirname(real) !== real ? [real] : [];
    } catch {
      return [];
    }
  });
  return [...new Set(found)];
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(join(folder, sep));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
