import { execFile } from 'node:child_process';

/**
 * Windows: ends a process and its descendants as far as their parents still live, from the documentation of
 * `taskkill`; not run here. A Job Object, which leaves none, replaces it in a later version.
 */
export function taskkill(pid: number): Promise<void> {
  return new Promise((resolve) => {
    // It fails when the process is gone already, which is what is wanted.
    execFile('taskkill', taskkillArguments(pid), { windowsHide: true }, () => resolve());
  });
}

export function taskkillArguments(pid: number): string[] {
  return ['/PID', String(pid), '/T', '/F'];
}
