import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The commands that mean the runtimes of `tools`, never the system's. */
export const SHIM_COMMANDS = {
  python: ['python', 'python3', 'pip', 'pip3'],
  nodejs: ['node', 'npm', 'npx'],
} as const;

export interface ShimTargets {
  /** Folder of the environment's programs for each tool that the manifest names. */
  python?: string | undefined;
  nodejs?: string | undefined;
}

/**
 * Writes a folder that stands first in PATH: each command calls the environment's own program, or, where the
 * manifest names no such tool, fails and says so.
 */
export async function writeShims(
  dir: string,
  targets: ShimTargets,
  platform: NodeJS.Platform,
): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o755 });
  for (const kind of ['python', 'nodejs'] as const) {
    for (const command of SHIM_COMMANDS[kind]) {
      const text = shimText(command, kind, targets[kind], platform);
      const path = join(dir, platform === 'win32' ? `${command}.cmd` : command);
      await writeFile(path, text, { mode: 0o755 });
      await chmod(path, 0o755); // whatever the umask
    }
  }
}

/** The text of one shim; pure. */
export function shimText(
  command: string,
  kind: 'python' | 'nodejs',
  binDir: string | undefined,
  platform: NodeJS.Platform,
): string {
  const missing = `kubot.yaml names no ${kind} under tools`;
  if (platform === 'win32') {
    if (binDir === undefined) return `@echo ${missing} 1>&2\r\n@exit /b 127\r\n`;
    const extension = command === 'npm' || command === 'npx' ? '.cmd' : '.exe';
    return `@"${binDir}\\${command}${extension}" %*\r\n`;
  }
  if (binDir === undefined) return `#!/bin/sh\necho '${missing}' >&2\nexit 127\n`;
  return `#!/bin/sh\nexec ${quote(`${binDir}/${command}`)} "$@"\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
