import { toAgentError } from '../../shared/errors.ts';
import type { RobotProcess } from '../process/robot-process.ts';
import type { SandboxPolicy } from '../sandbox/policy.ts';
import type { NetworkContact } from '../sandbox/sandbox.ts';
import type { ActiveRun } from './active-run.ts';
import type { PreparedRobot } from './prepare-robot.ts';
import type { RunServices } from './run-services.ts';

// What `kubot run` tells of a robot beside its calls. None of it may end a run: what cannot be written is logged.

/** Before the robot starts: who signed it, and whether all hosts that it reaches for will be known. */
export function noteStart(
  active: ActiveRun,
  services: RunServices,
  { signature }: PreparedRobot,
  { allowedHosts }: SandboxPolicy,
): void {
  const hostsRecorded = allowedHosts !== null && !active.run.sandbox.missing.includes('network');
  if (signature === null && !hostsRecorded) return;
  write(active, services, () => services.journal.touched.note(active.id, { signature, hostsRecorded }));
}

export function noteContact(active: ActiveRun, services: RunServices, contact: NetworkContact): void {
  write(active, services, () => services.journal.touched.addHost(active.id, contact));
}

/** At its end: what its processes used. */
export function noteUse(active: ActiveRun, services: RunServices, robot: RobotProcess): void {
  const usage = robot.usage();
  if (usage === null) return;
  write(active, services, () => services.journal.touched.note(active.id, { usage }));
}

function write(active: ActiveRun, services: RunServices, work: () => void): void {
  try {
    work();
  } catch (thrown) {
    const { code, message } = toAgentError(thrown);
    services.log.error('What a robot touched could not be recorded', { runId: active.id, code, message });
  }
}
