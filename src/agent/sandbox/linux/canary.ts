import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where a canary is sent in, and what it must not find there. */
export interface CanaryPlaces {
  writeDir: string;
  args: string[];
  /** Takes all of it away again. */
  close(): Promise<void>;
}

/**
 * Tries what a robot must not be able to, and says each thing that it could. $1 is a file that is hidden, $2 one
 * that may not be made, $3 one that may, $4 a socket, $5 the agent's pid, $6 the level. Built-ins alone, so that it
 * costs one process; the marker's word proves that it came to its end.
 */
export const CANARY = `
[ -e "$1" ] && echo files
( : > "$2" ) 2>/dev/null && echo files
( : > "$3" ) 2>/dev/null || echo own-files
[ -e "$4" ] && echo sockets
[ -w /proc/sys/kernel/core_pattern ] && echo kernel
[ -d "/proc/$5/task" ] && [ "$5" -gt 99 ] && echo processes
n=0; for p in /proc/[0-9]*; do n=$((n+1)); done
[ "$n" -gt 9 ] && echo processes
seccomp=; caps=; news=
while read -r name value rest; do
  case $name in Seccomp:) seccomp=$value;; CapEff:) caps=$value;; NoNewPrivs:) news=$value;; esac
done < /proc/self/status
[ "$seccomp" = 2 ] || echo syscalls
case $caps in *[!0]*) echo capabilities;; esac
[ "$news" = 1 ] || echo capabilities
if [ "$6" = strict ]; then
  [ -e /sys/kernel ] && echo files
  [ -e /etc/hostname ] && echo files
fi
if [ "$7" = private ]; then
  while read -r name rest; do
    case $name in lo:*|Inter-*|face) ;; *:*) echo network;; esac
  done < /proc/net/dev
fi
echo ended
`;

/** A file, a socket and a folder in places that a sandbox hides. @param agentHome where the agent's keys are */
export async function layOutCanary(agentHome: string, level: string): Promise<CanaryPlaces> {
  // Whoever only looks whether an agent could run makes no home for it.
  const dir = mkdtempSync(join(existsSync(agentHome) ? agentHome : tmpdir(), '.canary-'));
  // A socket's path has room for about 100 bytes, which a home may be longer than.
  const socketDir = mkdtempSync(join(tmpdir(), 'kubot-canary-'));
  const writeDir = join(dir, 'own');
  mkdirSync(writeDir);
  const marker = join(dir, 'marker');
  writeFileSync(marker, 'seen', { mode: 0o600 });
  const socketPath = join(socketDir, 's');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  return {
    writeDir,
    args: [marker, join(dir, 'outside'), join(writeDir, 'inside'), socketPath, String(process.pid), level],
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      for (const path of [dir, socketDir]) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** What the canary found open, each once; null: it never came to its end. */
export function readCanary(output: string): string[] | null {
  const lines = output.split('\n').filter((line) => line !== '');
  if (lines.pop() !== 'ended') return null;
  return [...new Set(lines)];
}
