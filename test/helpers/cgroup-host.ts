import { spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { USER_ID } from './person.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DELEGATED = join(ROOT, 'test/fixtures/sandbox/cgroups/delegated.sh');
const UML = '/usr/bin/linux.uml';
/** Seconds where the machine itself does it, half a minute in a Linux that is a program. */
export const WITHIN_MS = 400_000;

/**
 * Where a cgroup of version 2 can be delegated to a program: `here`, as root on a machine that has them; `uml`, in a
 * Linux that runs as a program (Debian's package user-mode-linux) over this machine's files, read-only.
 */
export type CgroupHost = 'here' | 'uml';

/** null: nowhere on this machine. */
export function findCgroupHost(): CgroupHost | null {
  if (process.platform !== 'linux') return null;
  if (process.getuid?.() === 0 && hasControllers()) return 'here';
  return process.arch === 'x64' && existsSync(UML) && !hasTooManyRegisters() ? 'uml' : null;
}

/** With AMX a processor has more of them than that Linux (6.1) has room for: it panics at its first program. */
function hasTooManyRegisters(): boolean {
  return / amx_tile( |$)/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
}

/** As systemd leaves them: in a container they cannot be written, or are not given on to those below. */
function hasControllers(): boolean {
  try {
    const path = '/sys/fs/cgroup/cgroup.subtree_control';
    accessSync(path, constants.W_OK);
    const given = readFileSync(path, 'utf8').trim().split(' ');
    return ['memory', 'pids', 'cpu'].every((name) => given.includes(name));
  } catch {
    return false;
  }
}

/**
 * Runs a program in a cgroup that is delegated to its user, who is not root unless the checkout is for root's eyes
 * alone; resolves to what it wrote to stdout.
 */
export async function runDelegated(host: CgroupHost, command: readonly string[]): Promise<string> {
  const args = [DELEGATED, String(isReadable(ROOT) ? USER_ID : 0), ...command];
  if (host === 'here') return await outputOf('/bin/sh', args, tmpdir());
  const dir = mkdtempSync(join(tmpdir(), 'kubot-uml-'));
  try {
    const init = join(dir, 'init');
    writeFileSync(init, initOf(dir, ['sh', ...args]), { mode: 0o755 });
    const kernel = ['mem=1536M', 'cgroup_no_v1=all', `uml_dir=${dir}`, 'con=null', 'con0=null,fd:1'];
    const root = ['root=/dev/root', 'rootfstype=hostfs', 'rootflags=/', 'ro', `init=${init}`];
    const said = await outputOf(UML, [...kernel, ...root], dir);
    if (!existsSync(join(dir, 'done'))) throw new Error(`${textOf(join(dir, 'err'))}\n${said.slice(-2000)}`);
    return textOf(join(dir, 'out'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** To everybody. */
function isReadable(path: string): boolean {
  return (statSync(path).mode & 0o005) === 0o005 && (path === '/' || isReadable(dirname(path)));
}

/** The one program of that Linux: what is written goes to memory, and the outputs to `dir`. */
function initOf(dir: string, command: readonly string[]): string {
  return `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs run /run
mkdir /run/out && mount -t hostfs -o ${quote(dir)} out /run/out
mount -t tmpfs -o mode=1777 tmp /tmp
${ROOT.startsWith('/tmp/') ? showCheckout() : ''}
mkdir -m 1777 /dev/shm
mount -t tmpfs -o mode=1777 shm /dev/shm
ip link set lo up
cd /tmp
${command.map(quote).join(' ')} > /run/out/out 2> /run/out/err && echo > /run/out/done
halt -f
`;
}

/** Through the empty /tmp that hides it. */
function showCheckout(): string {
  return `umask 022 && mkdir -p ${quote(ROOT)} && mount -t hostfs -o ro,${quote(ROOT)} checkout ${quote(ROOT)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function outputOf(file: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: cwd, TMPDIR: cwd };
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'], timeout: WITHIN_MS });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${file} ended with ${code}: ${output.slice(-2000)}`));
    });
  });
}
