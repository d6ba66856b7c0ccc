import { readdirSync, readFileSync } from 'node:fs';

/** Command lines of all living processes that name `text`: a run's folder is in those of its tree. */
export function survivorsOf(text: string): string[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const commandLine = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      return commandLine.includes(text) ? [commandLine.replaceAll('\0', ' ').trim()] : [];
    } catch {
      return [];
    }
  });
}
