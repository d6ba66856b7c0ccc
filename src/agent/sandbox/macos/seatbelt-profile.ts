import { dirname } from 'node:path';
import { AgentError } from '../../../shared/errors.ts';
import type { SandboxPolicy } from '../policy.ts';

export interface ProfileRequest {
  level: 'standard' | 'strict';
  policy: Pick<SandboxPolicy, 'gui' | 'homeMode'>;
  /** All of them real paths: Seatbelt judges what a path leads to, so that a rule for a link fits nothing. */
  paths: {
    agentHome: string;
    controlDirs: readonly string[];
    userHomes: readonly string[];
    secretFiles: readonly string[];
    /** What the run has to write, and what the policy grants. */
    write: readonly string[];
    read: readonly string[];
    grantedWrite: readonly string[];
    grantedRead: readonly string[];
    sockets: readonly string[];
  };
  /** The ports of this machine's loopback that may be reached; null: the network is the machine's own. */
  ports: readonly number[] | null;
}

/** Where people's files, their keys and other programs' temporary files are. */
const HIDDEN = [
  '/Users',
  '/Volumes',
  '/Network',
  '/Library/Keychains',
  '/private/tmp',
  '/private/var/tmp',
  '/private/var/folders',
  '/private/var/root',
  '/private/var/db/dslocal',
];

/** What strict shows beside `system.sb`: programs, libraries, and the files that those need. */
const SYSTEM = [
  '/usr',
  '/bin',
  '/sbin',
  '/System',
  '/Library/Apple',
  '/Library/Developer/CommandLineTools',
  '/Library/Fonts',
  '/Library/Frameworks',
  '/opt/homebrew',
  '/private/etc/ssl',
  '/private/var/db/timezone',
  '/private/var/select',
];
const SYSTEM_FILES = [
  '/private/etc/group',
  '/private/etc/hosts',
  '/private/etc/localtime',
  '/private/etc/passwd',
  '/private/etc/protocols',
  '/private/etc/services',
  '/private/etc/shells',
];

const DEVICES =
  '(literal "/dev/null") (literal "/dev/zero") (literal "/dev/dtracehelper") (literal "/dev/ptmx")';
const TERMINALS = '(regex #"^/dev/ttys[0-9]+$") (regex #"^/dev/fd/[0-9]+$")';

/** Services that act for a program outside of its sandbox: keys, the clipboard, other applications, logins. */
const FORBIDDEN_SERVICES = [
  'com.apple.SecurityServer',
  'com.apple.securityd',
  'com.apple.securityd.xpc',
  'com.apple.secd',
  'com.apple.pasteboard.1',
  'com.apple.coreservices.appleevents',
  'com.apple.coreservices.launchservicesd',
  'com.apple.xpc.smd',
];

/** What names, times, certificates and preferences of the system come from. */
const SERVICES = [
  'com.apple.SystemConfiguration.configd',
  'com.apple.bsd.dirhelper',
  'com.apple.fonts',
  'com.apple.logd',
  'com.apple.system.logger',
  'com.apple.system.notification_center',
  'com.apple.system.opendirectoryd.libinfo',
  'com.apple.system.opendirectoryd.membership',
  'com.apple.trustd.agent',
];
const SCREEN_SERVICES = ['com.apple.windowserver', 'com.apple.windowserver.active'];

/** Names are resolved by asking it. */
const RESOLVER = '/private/var/run/mDNSResponder';

/**
 * The text of a Seatbelt profile, of which the last rule that fits holds. Written from Apple's own profiles and those
 * of others; not run yet.
 * @throws AgentError POLICY_REFUSED for a path that a profile cannot name
 */
export function seatbeltProfile(request: ProfileRequest): string {
  const { level, policy, paths, ports } = request;
  return [
    '(version 1)',
    ...(level === 'standard' ? standardBase() : strictBase(policy.gui)),
    ...pathRules(request),
    // Who is asked to make a link to another's file, or to start something, does it outside.
    '(deny file-link file-mount file-unmount)',
    '(deny job-creation)',
    '(deny lsopen)',
    '(deny appleevent-send)',
    '(deny user-preference-write)',
    `(deny mach-lookup ${names('global-name', FORBIDDEN_SERVICES)})`,
    // A filter for others does not work; one for what shares the sandbox does.
    '(deny signal process-info* mach-priv-task-port)',
    '(allow signal process-info* mach-priv-task-port (target same-sandbox))',
    '(deny sysctl-read (sysctl-name "kern.procargs2"))',
    ...networkRules(ports, paths),
    '',
  ].join('\n');
}

function standardBase(): string[] {
  return ['(allow default)', '(deny file-write*)', `(allow file-write* ${DEVICES} ${TERMINALS})`];
}

/** system.sb is Apple's, of this very system: what every program needs to come up at all. */
function strictBase(gui: SandboxPolicy['gui']): string[] {
  const services = [...SERVICES, ...(gui === 'host' ? SCREEN_SERVICES : [])];
  return [
    '(deny default)',
    '(import "system.sb")',
    '(allow process-exec process-fork)',
    '(allow file-map-executable)',
    '(allow sysctl-read)',
    '(allow ipc-posix-sem ipc-posix-shm*)',
    '(allow pseudo-tty)',
    `(allow file-read* file-write* file-ioctl ${DEVICES} ${TERMINALS})`,
    '(allow file-read* (literal "/dev/random") (literal "/dev/urandom"))',
    `(allow file-read* (literal "/") ${names('subpath', SYSTEM)} ${names('literal', SYSTEM_FILES)})`,
    `(allow file-read-metadata ${names('literal', ['/etc', '/tmp', '/var', '/dev', '/private', '/private/var', '/private/etc'])})`,
    `(allow mach-lookup ${names('global-name', services)})`,
  ];
}

type Access = 'hide' | 'hide-file' | 'read' | 'write';

/** Parents before what lies in them, and of two rules for one path the later, as the mounts of Linux. */
function pathRules({ level, policy, paths }: ProfileRequest): string[] {
  const rules = new Map<string, Access>();
  const set = (access: Access, list: readonly string[]) => {
    for (const path of list) rules.set(path, access);
  };
  const own = [paths.agentHome, ...paths.controlDirs];
  const notOwn = (list: readonly string[]) =>
    list.filter((path) => !own.some((folder) => isWithin(path, folder)));
  if (level === 'standard') set('hide', HIDDEN);
  set('hide', paths.userHomes);
  if (policy.homeMode === 'user') set('write', paths.userHomes);
  set('read', notOwn(paths.grantedRead));
  set('write', notOwn(paths.grantedWrite));
  // After the grants, which may hold them.
  set('hide', own);
  set('hide-file', paths.secretFiles);
  set('read', paths.read);
  set('write', paths.write);
  const ordered = [...rules].sort(([a], [b]) => depthOf(a) - depthOf(b));
  const shown = ordered.flatMap(([path, access]) => (access.startsWith('hide') ? [] : [path]));
  return [
    ...ordered.map(([path, access]) => ruleOf(path, access)),
    // Programs look at each folder on the way to a file, and at nothing else of it.
    `(allow file-read-metadata ${names('literal', ancestorsOf(shown))})`,
  ];
}

function ruleOf(path: string, access: Access): string {
  switch (access) {
    case 'hide':
      return `(deny file-read* file-write* (subpath ${quoted(path)}))`;
    case 'hide-file':
      return `(deny file-read* file-write* (literal ${quoted(path)}))`;
    case 'read':
      return `(allow file-read* (subpath ${quoted(path)}))\n(deny file-write* (subpath ${quoted(path)}))`;
    case 'write':
      return `(allow file-read* file-write* (subpath ${quoted(path)}))`;
  }
}

/** A host in a rule is `localhost` or `*`; both families of addresses are meant. */
function networkRules(ports: readonly number[] | null, paths: ProfileRequest['paths']): string[] {
  const below = (folders: readonly string[], end = 'remote') =>
    folders.map((path) => `(${end} unix-socket (subpath ${quoted(path)}))`);
  const granted = [
    ...below(paths.grantedWrite),
    ...[...paths.sockets, ...(ports === null ? [RESOLVER] : [])].map(
      (path) => `(remote unix-socket (path-literal ${quoted(path)}))`,
    ),
  ];
  const listening = below([...paths.write, ...paths.grantedWrite], 'local');
  return [
    ports === null ? '(deny network-outbound (remote unix-socket))' : '(deny network*)',
    ...(granted.length > 0 ? [`(allow network-outbound ${granted.join(' ')})`] : []),
    // After the grants, which may hold the agent's own sockets; the run's folders lie in its home.
    `(deny network-outbound ${below([paths.agentHome, ...paths.controlDirs]).join(' ')})`,
    ...(paths.write.length > 0 ? [`(allow network-outbound ${below(paths.write).join(' ')})`] : []),
    ...(listening.length > 0 ? [`(allow network-bind network-inbound ${listening.join(' ')})`] : []),
    ...(ports ?? []).map((port) => `(allow network-outbound (remote ip "localhost:${port}"))`),
  ];
}

function names(filter: string, values: readonly string[]): string {
  return values.map((value) => `(${filter} ${quoted(value)})`).join(' ');
}

/**
 * A string of the profile's language. A path with a control character is refused: what becomes of it is nowhere told.
 * @throws AgentError POLICY_REFUSED
 */
export function quoted(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text)) {
    throw new AgentError(
      'POLICY_REFUSED',
      `The path ${JSON.stringify(text)} holds a control character, and so no sandbox can name it.`,
    );
  }
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

function ancestorsOf(paths: readonly string[]): string[] {
  const found = new Set<string>(['/']);
  for (const path of paths) {
    for (let dir = dirname(path); dir !== dirname(dir); dir = dirname(dir)) found.add(dir);
  }
  return [...found].sort();
}

function depthOf(path: string): number {
  return path.split('/').filter(Boolean).length;
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
