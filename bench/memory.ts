import { readFileSync, writeFileSync } from 'node:fs';

const KB_PER_MB = 1024;

/** Memory of a process now, in MB; null where the system does not tell. */
export function residentMb(pid: number | 'self'): number | null {
  return readStatus(pid, 'VmRSS');
}

/** Begins to watch how much this process grows; the answer is in MB, null where the system does not tell. */
export function watchGrowth(): () => number | null {
  try {
    // Forgets the peak so far (proc_pid_clear_refs(5)).
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    return () => null;
  }
  const before = residentMb('self');
  return () => {
    const peak = readStatus('self', 'VmHWM');
    return before === null || peak === null ? null : peak - before;
  };
}

function readStatus(pid: number | 'self', field: string): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) / KB_PER_MB;
  } catch {
    return null;
  }
}
