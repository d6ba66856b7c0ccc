import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createRunCommand } from '../../../../src/agent/process/create-run-command.ts';
import type { RunCommand } from '../../../../src/agent/process/run-command.ts';

/** A folder of a test's own, with a space and an accent in its path. */
export function makeTestDir(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'kubot runtimés-')));
}

/** Files by path; what begins as a script may be run. */
export function makeTree(dir: string, files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content, { mode: content.startsWith('#!') ? 0o755 : 0o644 });
  }
}

export const runCommand: RunCommand = createRunCommand({ containment: { kind: 'group' } });

/** Runs a program to its end. */
export async function run(
  file: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
) {
  const output = { stdout: '', stderr: '' };
  const result = await runCommand({
    shell: { file, args },
    cwd: options.cwd ?? '/',
    env: { PATH: '/usr/bin:/bin', ...options.env },
    timeoutMs: 60_000,
    signal: new AbortController().signal,
    onOutput: (stream, chunk) => {
      output[stream] += chunk.toString('utf8');
    },
  });
  return { exitCode: result.exitCode, ...output };
}
