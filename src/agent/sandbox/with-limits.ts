import type { SandboxLimits } from './policy.ts';

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
