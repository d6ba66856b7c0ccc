import { execFile } from 'node:child_process';

/** What a finished tool left behind. `exitCode` is null when it could not be started or was killed. */
export interface ToolResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Milliseconds until the tool is killed. */
  readonly timeoutMs: number;
}

const MAX_OUTPUT_BYTES = 32 * 1024 * 1024;

/**
 * Runs one program to its end, without a shell and without stdin. Never throws: a tool that is missing,
 * fails or hangs is a result with an `exitCode` other than 0.
 */
export function runTool(
  file: string,
  args: readonly string[],
  { environment, cwd, timeoutMs }: ToolOptions,
): Promise<ToolResult> {
  return new Promise((resolve) => {
    const child = execFile(
      file,
      [...args],
      {
        env: environment,
        ...(cwd === undefined ? {} : { cwd }),
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: MAX_OUTPUT_BYTES,
        windowsHide: true,
        encoding: 'utf8',
      },
      (error, stdout, stderr) =>
        resolve({
          exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : null,
          stdout,
          stderr: error !== null && typeof error.code === 'string' ? `${stderr}${error.message}` : stderr,
        }),
    );
    child.stdin?.end();
  });
}
