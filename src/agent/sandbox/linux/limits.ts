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

/**
 * The command under the limits that belong to each process: a shell sets them and becomes it. Of memory that is the
 * data a process holds itself; its address space would stop Node and browsers, which reserve far more than they use.
 */
export function withLimits(
  command: { file: string; args: readonly string[] },
  limits: SandboxLimits,
): { file: string; args: readonly string[] } {
  const { memoryBytes, processes, openFiles } = limits;
  const steps = [
    ...(memoryBytes === null ? [] : [`ulimit -d ${Math.ceil(memoryBytes / 1024)}`]),
    ...(openFiles === null ? [] : [`ulimit -n ${openFiles}`]),
    // Bash calls it -u, dash -p.
    ...(processes === null ? [] : [`{ ulimit -u ${processes} || ulimit -p ${processes}; } 2>/dev/null`]),
  ];
  if (steps.length === 0) return command;
  const script = `${steps.join(' && ')} && exec "$@"`;
  return { file: '/bin/sh', args: ['-c', script, 'sh', command.file, ...command.args] };
}
