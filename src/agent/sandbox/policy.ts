import { isAbsolute, join, resolve } from 'node:path';
import type { Settings } from '../../shared/settings.ts';
import { type HostPattern, parseHostPattern } from './host-pattern.ts';
import type { SandboxLevel } from './sandbox.ts';

/** What an operator lets one robot have, from the settings; paths are absolute. */
export interface SandboxPolicy {
  level: SandboxLevel;
  /** Run nothing rather than at a lower level. `strict` is always so. */
  required: boolean;
  gui: 'none' | 'virtual' | 'host';
  /** The hosts that may be reached; null: the network is the machine's own. */
  allowedHosts: readonly HostPattern[] | null;
  /** The person's files and folders; what may be written may be read. */
  files: { read: readonly string[]; write: readonly string[] };
  /** Unix sockets that may be connected to. */
  sockets: readonly string[];
  homeMode: 'run' | 'user';
  limits: SandboxLimits;
}

/** null: no limit of ours. */
export interface SandboxLimits {
  /** Of the whole tree where the system can count it, else of each process. */
  memoryBytes: number | null;
  processes: number | null;
  /** 100 is one core. */
  cpuPercent: number | null;
  openFiles: number | null;
}

export const NO_LIMITS: SandboxLimits = {
  memoryBytes: null,
  processes: null,
  cpuPercent: null,
  openFiles: null,
};

type PolicySettings = Pick<
  Settings,
  | 'sandbox'
  | 'sandboxRequired'
  | 'gui'
  | 'network'
  | 'allowedHosts'
  | 'files'
  | 'sockets'
  | 'homeMode'
  | 'limits'
>;

/** The policy that the settings of a robot make. @param userHome the person's home, for `~` */
export function sandboxPolicy(settings: PolicySettings, userHome: string): SandboxPolicy {
  const at = (path: string) => absolutePath(path, userHome);
  const isOpen = settings.sandbox !== 'strict' && settings.network === 'open';
  return {
    level: settings.sandbox,
    required: settings.sandboxRequired || settings.sandbox === 'strict',
    gui: settings.gui,
    allowedHosts: isOpen ? null : settings.allowedHosts.map(parseHostPattern),
    files: {
      read: (settings.files.read ?? []).map(at),
      write: (settings.files.write ?? []).map(at),
    },
    sockets: settings.sockets.map(at),
    homeMode: settings.homeMode,
    limits: {
      memoryBytes: settings.limits.memoryBytes ?? null,
      processes: settings.limits.processes ?? null,
      cpuPercent: settings.limits.cpuPercent ?? null,
      openFiles: settings.limits.openFiles ?? null,
    },
  };
}

/** Settings are checked to begin with `~` or a root; the resolving takes `..` and double slashes away. */
function absolutePath(path: string, userHome: string): string {
  if (path === '~') return userHome;
  if (/^~[/\\]/.test(path)) return join(userHome, path.slice(2));
  return isAbsolute(path) ? resolve(path) : join(userHome, path);
}
