export interface RunCommandSpec {
  /** A line for the shell, or a program and its arguments. */
  shell: string | { file: string; args: string[] };
  cwd: string;
  /** The whole environment. */
  env: Record<string, string>;
  timeoutMs: number;
  /** Aborting kills the whole tree at once. */
  signal: AbortSignal;
  /** Whose step it is, and what it needs of the agent's own: for those who run it in that robot's sandbox. */
  robot?: { code: string; places: { write: readonly string[]; read: readonly string[]; tmpDir: string } };
  onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
}

export interface RunCommandResult {
  exitCode: number | null;
  signal: string | null;
  timedOut: boolean;
}

/** Runs a tool to its end, with all that it started. */
export type RunCommand = (spec: RunCommandSpec) => Promise<RunCommandResult>;
