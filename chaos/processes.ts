import { readdirSync, readFileSync } from 'node:fs';

export interface LivingProcess {
  pid: number;
  /** Tells two processes of one pid apart. */
  startedAt: string;
  command: string;
  environment: string;
}

/** Every process of this machine that lives and that we may look at, by /proc: a second opinion beside the agent's. */
export function livingProcesses(): LivingProcess[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const stat = read(name, 'stat');
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === undefined || 'ZX'.includes(state)) return [];
    return [
      {
        pid: Number(name),
        startedAt: rest[18] ?? '',
        command: read(name, 'cmdline').replaceAll('\0', ' ').trim(),
        environment: `\0${read(name, 'environ')}`,
      },
    ];
  });
}

/** Pids of the processes that were started with this variable. */
export function carriers(name: string, value: string): number[] {
  return livingProcesses().flatMap((one) =>
    one.environment.includes(`\0${name}=${value}\0`) ? [one.pid] : [],
  );
}

export function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/** What ended meanwhile, or is another user's, reads as empty. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
