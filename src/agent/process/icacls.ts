import { execFile } from 'node:child_process';

/** SYSTEM and the administrators, who may take what they like anyway; backups and scanners of viruses are theirs. */
const ALWAYS = ['*S-1-5-18', '*S-1-5-32-544'];
const TIMEOUT_MS = 30_000;

/** The arguments that leave a folder, and all that comes into it, to one user; nothing is inherited from above. */
export function icaclsArguments(dir: string, userSid: string): string[] {
  return [
    dir,
    '/inheritance:r',
    ...[`*${userSid}`, ...ALWAYS].flatMap((who) => ['/grant:r', `${who}:(OI)(CI)F`]),
    '/Q',
  ];
}

/** Of `whoami /user /fo csv /nh`: the name, then the number; null for what is no such line. */
export function parseUserSid(text: string): string | null {
  return /"(S-1-[0-9-]+)"\s*$/.exec(text.trim())?.[1] ?? null;
}

/**
 * Windows, from the documentation; not run yet.
 * @throws Error when the access could not be set
 */
export async function tightenAccess(dir: string, systemRoot: string): Promise<void> {
  const run = (program: string, args: string[]) => tool(`${systemRoot}\\System32\\${program}`, args);
  const sid = parseUserSid(await run('whoami.exe', ['/user', '/fo', 'csv', '/nh']));
  if (sid === null) throw new Error('whoami.exe told no user');
  await run('icacls.exe', icaclsArguments(dir, sid));
}

/** By its full path: a folder of PATH may hold another of that name. */
function tool(path: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(path, args, { timeout: TIMEOUT_MS, windowsHide: true }, (error, stdout) => {
      if (error) reject(new Error(`${path} failed: ${error.message}`));
      else resolve(stdout);
    });
  });
}
