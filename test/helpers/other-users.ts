import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

const ROOT = resolve(import.meta.dirname, '../..');
/** What of node_modules the command line needs. */
const LIBRARIES = ['zod', 'commander', 'koffi', '@koromix'];

/** A user of this machine, whom no list needs to hold. */
export interface OtherUser {
  readonly id: number;
  /** Groups beside the own one, which has the user's number. */
  readonly groups?: readonly number[];
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Real processes of other users, which root alone can start: they get a checkout and a Node that they can read. */
export interface OtherUsers {
  /** A file of the checkout, in the copy that they can read. */
  fileOf(path: string): string;
  /** The Node that they run. */
  readonly node: string;
  /** The user's own home. */
  homeOf(user: OtherUser): string;
  start(user: OtherUser, command: readonly string[], env?: Record<string, string>): ReturnType<typeof spawn>;
  /** Runs a program to its end. */
  run(user: OtherUser, command: readonly string[], env?: Record<string, string>): Promise<Finished>;
  /** The same for the command line. */
  kubot(user: OtherUser, args: readonly string[], env?: Record<string, string>): Promise<Finished>;
  close(): void;
}

export function createOtherUsers(): OtherUsers {
  // Not under /tmp, which is private in a sandbox whoever owns what.
  const base = mkdtempSync('/home/.kubot-users-');
  chmodSync(base, 0o755);
  const fileOf = (path: string) => join(base, 'checkout', path);
  for (const path of ['src/agent', 'src/shared', 'src/cli', 'test/fixtures/control', 'package.json'])
    cpSync(join(ROOT, path), fileOf(path), { recursive: true });
  for (const name of LIBRARIES)
    cpSync(join(ROOT, 'node_modules', name), fileOf(`node_modules/${name}`), { recursive: true });
  const node = join(base, 'node');
  shareProgram(process.execPath, node);
  const homeOf = ({ id }: OtherUser) => {
    const home = join(base, String(id));
    mkdirSync(home, { recursive: true, mode: 0o700 });
    chownSync(home, id, id);
    return home;
  };
  const start: OtherUsers['start'] = (user, command, env = {}) => {
    const groups = user.groups === undefined ? ['--clear-groups'] : ['--groups', user.groups.join(',')];
    const identity = ['--reuid', String(user.id), '--regid', String(user.id), ...groups];
    return spawn('setpriv', [...identity, ...command], {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', HOME: homeOf(user), NO_COLOR: '1', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  };
  const run: OtherUsers['run'] = async (user, command, env) => {
    const child = start(user, command, env);
    child.stdin?.end();
    if (child.stdout === null || child.stderr === null) throw new Error('Its output is not piped');
    const ended = once(child, 'exit');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = (await ended) as [number | null];
    return { code, stdout, stderr };
  };
  return {
    node,
    fileOf,
    homeOf,
    start,
    run,
    kubot: (user, args, env) => run(user, [node, fileOf('src/cli/main.ts'), ...args], env),
    close: () => rmSync(base, { recursive: true, force: true }),
  };
}

/** A link where the file system has it: Node is 100 MB. */
function shareProgram(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}
