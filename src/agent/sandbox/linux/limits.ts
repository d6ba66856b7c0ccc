import type { SandboxLimits } from '../policy.ts';
import type { Cgroups } from './cgroups.ts';

/** Which of the limits that were set cannot be kept here. */
export function missingLimits(
  limits: SandboxLimits,
  cgroups: Pick<Cgroups, 'controllers'> | null,
  isRoot: boolean,
): string[] {
  const has = (name: string) => cgroups?.controllers.includes(name) === true;
  return [
    ...(limits.cpuPercent !== null && !has('cpu') ? ['limits.cpuPercent'] : []),
    // The kernel does not hold root to a number of processes.
    ...(limits.processes !== null && !has('pids') && isRoot ? ['limits.processes'] : []),
  ];
}
