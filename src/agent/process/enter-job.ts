import type { Job } from '../native/kernel32.ts';
import type { RobotChannel } from './robot-channel.ts';

/** What the stub is told once it is in the job. */
export interface JobOrder {
  file: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  /** The arguments are a line of cmd.exe's. */
  verbatim: boolean;
}

/**
 * Puts the stub into the job and lets it start the robot.
 * @throws Error with the system's code when the robot cannot be started, without one when the job does not take it
 */
export async function enterJob(
  job: Job,
  stub: { pid: number; channel: RobotChannel },
  order: JobOrder,
): Promise<void> {
  job.admit(stub.pid);
  stub.channel.send({ ...order });
  const { content } = await stub.channel.receive();
  const answer: Record<string, unknown> =
    typeof content === 'object' && content !== null ? { ...content } : {};
  if (answer.kind === 'started') return;
  throw Object.assign(new Error(`${order.file} could not be started`), { code: answer.code });
}
