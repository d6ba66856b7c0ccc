import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The programs behind the shims; what the manifest does not name is absent. */
export interface ShimTargets {
  /** The environment's own python. */
  python?: string | undefined;
  nodejs?: NodeTargets | undefined;
}

export interface NodeTargets {
  node: string;
  /** Scripts of the runtime; null: it brings none. */
  npm: string | null;
  npx: string | null;
  /** Says where `npm install --global` goes: never into the runtime, which others share. */
  npmrc: string;
}

/** What a shim does: call a program with first arguments of its own, or fail and say why. */
type Shim = { call: string[] } | { fail: string };

/**
 * Writes the folder that stands first in PATH, so that `python`, `pip`, `node` and the like are the environment's
 * own or none, never the system's.
 */
export async function writeShims(
  dir: string,
  targets: ShimTargets,
  platform: NodeJS.Platform,
): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o755 });
  for (const [command, shim] of Object.entries(shimsOf(targets))) {
    const path = join(dir, platform === 'win32' ? `${command}.cmd` : command);
    await writeFile(path, shimText(shim, platform), { mode: 0o755 });
    await chmod(path, 0o755); // whatever the umask
  }
}

/** Every command that has a shim, and what it does. */
export function shimsOf({ python, nodejs }: ShimTargets): Record<string, Shim> {
  const pythonShim = (...args: string[]): Shim =>
    python === undefined ? { fail: 'kubot.yaml names no python under tools' } : { call: [python, ...args] };
  const nodeShim = (script?: string | null): Shim => {
    if (nodejs === undefined) return { fail: 'kubot.yaml names no nodejs under tools' };
    if (script === undefined) return { call: [nodejs.node] };
    if (script === null) return { fail: 'this Node.js brings no npm' };
    return { call: [nodejs.node, script, `--globalconfig=${nodejs.npmrc}`] };
  };
  // npx takes options of its own before the command's name; npm's configuration it reads as npm does.
  return {
    python: pythonShim(),
    python3: pythonShim(),
    // By module: the console script's first line holds a path, which has a length limit of its own.
    pip: pythonShim('-m', 'pip'),
    pip3: pythonShim('-m', 'pip'),
    node: nodeShim(),
    npm: nodeShim(nodejs?.npm),
    npx: nodeShim(nodejs?.npx),
  };
}

/** The file of one shim. */
export function shimText(shim: Shim, platform: NodeJS.Platform): string {
  if (platform === 'win32') {
    if ('fail' in shim) return `@echo ${shim.fail} 1>&2\r\n@exit /b 127\r\n`;
    // In a batch file a percent sign stands for a variable unless it is doubled.
    return `@${shim.call.map((part) => `"${part.replaceAll('%', '%%')}"`).join(' ')} %*\r\n`;
  }
  if ('fail' in shim) return `#!/bin/sh\necho '${shim.fail}' >&2\nexit 127\n`;
  return `#!/bin/sh\nexec ${shim.call.map(quote).join(' ')} "$@"\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
