import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
/** Of nobody: root owns what it makes for this user, and no list of users needs to hold it. */
export const USER_ID = 61_234;

/**
 * Somebody who is not root and runs an agent. Root ignores modes and keeps what namespaces take from others, so as
 * root isolation proves nothing: then this is another user, with copies of Node, of the agent's sources and of the
 * fixtures, since a checkout may lie under a folder that is root's alone.
 */
export interface Person {
  home: string;
  /** A folder of theirs under /run, as systemd makes one. */
  runtimeDir: string;
  /** A folder of theirs among the system's, which only strict hides; their home where nobody can make one. */
  elsewhere: string;
  /** Root's own program with the setuid bit; undefined where nobody can make one. */
  setuidProgram: string | undefined;
  /** The Node that they run. */
  node: string;
  /** A file of the checkout, in the copy that they can read. */
  fileOf(path: string): string;
  /** Runs a TypeScript file of the checkout under Node as that user; resolves to its output. */
  run(path: string, args: readonly string[]): Promise<string>;
  close(): void;
}

export function createPerson(): Person {
  const isRoot = process.getuid?.() === 0;
  // Not under /tmp, which is private in a sandbox whoever owns what.
  const base = mkdtempSync(join(isRoot ? '/home' : homedir(), '.kubot-person-'));
  const home = join(base, 'home');
  const runtimeBase = isRoot ? '/run' : (process.env.XDG_RUNTIME_DIR ?? base);
  const runtimeDir = mkdtempSync(join(runtimeBase, 'kubot-person-'));
  mkdirSync(home, { mode: 0o700 });
  const elsewhere = mkdtempSync(join(isRoot ? '/var/lib' : home, 'kubot-person-'));
  const checkout = isRoot ? join(base, 'checkout') : ROOT;
  const node = isRoot ? join(base, 'node') : process.execPath;
  let setuidProgram: string | undefined;
  if (isRoot) {
    chmodSync(base, 0o755);
    copyCheckout(checkout);
    shareProgram(process.execPath, node);
    setuidProgram = join(base, 'setuid');
    copyFileSync('/usr/bin/id', setuidProgram);
    chmodSync(setuidProgram, 0o4755);
    for (const path of [home, runtimeDir, elsewhere]) chownSync(path, USER_ID, USER_ID);
  }
  return {
    home,
    runtimeDir,
    elsewhere,
    setuidProgram,
    node,
    fileOf: (path) => join(checkout, path),
    run: (path, args) =>
      outputOf(node, [join(checkout, path), ...args], {
        cwd: home,
        env: { PATH: '/usr/bin:/bin', HOME: home, XDG_RUNTIME_DIR: runtimeDir },
        ...(isRoot && { uid: USER_ID, gid: USER_ID }),
      }),
    close: () => {
      for (const dir of [base, runtimeDir, elsewhere]) rmSync(dir, { recursive: true, force: true });
    },
  };
}

function copyCheckout(checkout: string): void {
  for (const folder of ['src/agent', 'src/shared', 'test/fixtures/sandbox', 'test/fixtures/processes'])
    cpSync(join(ROOT, folder), join(checkout, folder), { recursive: true });
  // What hides the agent's memory.
  for (const name of ['koffi', '@koromix'])
    cpSync(join(ROOT, 'node_modules', name), join(checkout, 'node_modules', name), { recursive: true });
  writeFileSync(join(checkout, 'package.json'), JSON.stringify({ type: 'module' }));
}

/** A link where the file system has it: Node is 100 MB. */
function shareProgram(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

function outputOf(
  file: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string>; uid?: number; gid?: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${args[0]} ended with ${code}: ${said}`));
    });
  });
}
