import { execFile } from 'node:child_process';

/** Longer is no answer: a machine that goes down gives its programs only seconds. */
const ASK_MS = 1000;

/** Whether the machine is going down, so that nothing may be waited for. Linux with systemd; else false. */
export function isSystemStopping(systemctl = 'systemctl'): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(false);
  return new Promise((resolve) => {
    // Its exit code is not 0 for any state but "running".
    execFile(systemctl, ['is-system-running'], { timeout: ASK_MS }, (_error, stdout) =>
      resolve(stdout.trim() === 'stopping'),
    );
  });
}
