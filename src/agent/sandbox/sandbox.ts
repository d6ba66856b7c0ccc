import type { SandboxStatus } from '../../shared/run.ts';
import type { RobotProcess } from '../process/robot-process.ts';

export type SandboxLevel = SandboxStatus['requested'];

export interface SandboxCommand {
  file: string;
  args: readonly string[];
  cwd: string;
  /** The whole environment. */
  env: Record<string, string>;
}

/** What a run asks of its sandbox. Grants of files, network and sockets come with the levels that hold them. */
export interface SandboxPolicy {
  level: SandboxLevel;
  /** The run's id: its processes carry it as KUBOT_RUN_ID. */
  runId: string;
}

export interface SandboxedCommand {
  /** The level that this command will have, and what it lacks. */
  readonly status: SandboxStatus;
  start(): Promise<RobotProcess>;
}

/** What keeps robots apart from the machine. One implementation per level and system. */
export interface Sandbox {
  /**
   * The level that this machine achieves for the one asked for, proved by trying, never by the system's name.
   * @throws AgentError POLICY_REFUSED when the level may not be lowered and cannot be had
   */
  detect(level: SandboxLevel): Promise<SandboxStatus>;
  /** Makes ready what `command` needs; nothing runs yet. Throws as `detect`. */
  prepare(command: SandboxCommand, policy: SandboxPolicy): Promise<SandboxedCommand>;
  /** Ends every robot started here that still lives, by the ladder of `RobotProcess.cancel`. */
  stop(graceMs: number): Promise<void>;
}
