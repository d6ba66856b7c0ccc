import { AgentError } from '../../shared/errors.ts';
import type { SandboxStatus } from '../../shared/run.ts';
import type { Containment } from '../process/containment.ts';
import { createOutputPipeSource } from '../process/output-pipes.ts';
import type { RobotProcess } from '../process/robot-process.ts';
import { startProcess } from '../process/start-process.ts';
import type { Sandbox, SandboxLevel } from './sandbox.ts';

/**
 * No sandbox, and honest about it: an environment built from nothing, folders of the run's own and an end for the
 * whole process tree, but nothing between the robot and this user's files, network and system calls. `standard`
 * degrades to it visibly; `strict` is refused.
 */
export function createSandboxOff(options: { containment: Containment }): Sandbox {
  const { containment } = options;
  const pipes = createOutputPipeSource();
  const live = new Set<RobotProcess>();
  const detect = async (level: SandboxLevel): Promise<SandboxStatus> => {
    if (level === 'strict') {
      throw new AgentError('POLICY_REFUSED', 'The sandbox level strict is not available in this version.', {
        hint: 'Set sandbox to standard or off for this robot, or run it on a host that has strict.',
      });
    }
    return { requested: level, achieved: 'off', missing: missingFrom(containment) };
  };
  return {
    detect,
    prepare: async (command, policy) => ({
      status: await detect(policy.level),
      start: async () => {
        const cookie = { name: 'KUBOT_RUN_ID', value: policy.runId };
        const robot = await startProcess({ ...command, cookie, containment, pipes });
        live.add(robot);
        robot.exited.then(
          () => live.delete(robot),
          () => undefined,
        );
        return robot;
      },
    }),
    stop: async (graceMs) => {
      await Promise.all([...live].map((robot) => robot.cancel(graceMs)));
      await pipes.close();
    },
  };
}

/** What `standard` would give and this does not. A PID namespace is all of it that the containment may add. */
function missingFrom(containment: Containment): string[] {
  const missing = ['files', 'network', 'syscalls'];
  return containment.kind === 'pid-namespace' ? missing : [...missing, 'processes'];
}
