import { existsSync } from 'node:fs';
import type { RobotProcess } from '../process/robot-process.ts';
import type { SandboxCommand, SandboxJob } from './sandbox.ts';

/** The levels that hold something back. */
export type HeldLevel = 'standard' | 'strict';

export interface Launch {
  start(): Promise<RobotProcess>;
  /** Lets go of what was made ready, when it is not started after all. */
  discard(): Promise<void>;
}

/** Makes a command ready at a level, whether or not it was proved. */
export type Launcher = (level: HeldLevel, command: SandboxCommand, job: SandboxJob) => Promise<Launch>;

/** A grant of what is not there is no grant: whoever wrote it is told, for the robot will fail at it. */
export function warnOfAbsent({ policy, onWarning }: Pick<SandboxJob, 'policy' | 'onWarning'>): void {
  if (!onWarning) return;
  for (const path of [...policy.files.read, ...policy.files.write, ...policy.sockets]) {
    if (!existsSync(path)) onWarning(`${path} is granted to this robot, but it is not there.`);
  }
}
