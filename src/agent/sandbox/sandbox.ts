import type { Server } from 'node:net';
import type { SandboxStatus } from '../../shared/run.ts';
import type { Cookie } from '../process/process-table.ts';
import type { RobotProcess } from '../process/robot-process.ts';
import type { SandboxPolicy } from './policy.ts';

export type SandboxLevel = SandboxStatus['requested'];

export interface SandboxCommand {
  file: string;
  args: readonly string[];
  cwd: string;
  /** The whole environment; a sandbox may add what it alone knows: the proxy of an allow-list, a private DISPLAY. */
  env: Record<string, string>;
}

/** One program to be held: a run's robot, or a step of post-install. */
export interface SandboxJob {
  policy: SandboxPolicy;
  /** By what its processes are known in a sweep: KUBOT_RUN_ID or KUBOT_STEP_ID. */
  cookie: Cookie;
  /** Existing folders and files of the agent's own that it needs, at the same path inside. */
  places: SandboxPlaces;
  /** The gateway that it may reach where the network is not shared; null: none. */
  gateway: GatewayDoor | null;
  /** What the allow-list let through or refused; each host once. */
  onContact?: (contact: NetworkContact) => void;
  /** What the policy promises and this host cannot keep: a grant of what is not there, a screen without Xvfb. */
  onWarning?: (message: string) => void;
}

export interface SandboxPlaces {
  write: readonly string[];
  read: readonly string[];
  /** The one of `write` for temporary files. */
  tmpDir: string;
}

/** The gateway as a sandbox with a loopback of its own needs it. */
export interface GatewayDoor {
  readonly port: number;
  /** Serves connections that a listener elsewhere accepts. */
  serve(server: Server): void;
}

export interface NetworkContact {
  host: string;
  port: number;
  verdict: 'allowed' | 'refused';
}

export interface SandboxedCommand {
  /** The level that this command will have, and what it lacks. */
  readonly status: SandboxStatus;
  start(): Promise<RobotProcess>;
  /** Lets go of what was made ready, when it is not started after all. */
  discard(): Promise<void>;
}

/** What keeps robots apart from the machine. One implementation per system. */
export interface Sandbox {
  /**
   * What this machine gives to one that asks for `policy`, proved by trying, never by the system's name; tried once
   * per level, and one that failed again after `forget`. Never throws for a level that cannot be had: `achieved` and `reason` say so,
   * and `requireLevel` decides.
   */
  detect(policy: SandboxPolicy): Promise<SandboxStatus>;
  /** Lets the next `detect` try anew what failed: somebody may have installed what was missing. */
  forget(): void;
  /**
   * Makes ready what `command` needs; nothing of the robot's runs yet.
   * @throws AgentError POLICY_REFUSED when the level may not be lowered and cannot be had
   */
  prepare(command: SandboxCommand, job: SandboxJob): Promise<SandboxedCommand>;
  /** Ends every robot started here that still lives, by the ladder of `RobotProcess.cancel`. */
  stop(graceMs: number): Promise<void>;
}
