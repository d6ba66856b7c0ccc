import { join } from 'node:path';
import { homeKey } from './home-key.ts';

/** sockaddr_un holds 108 bytes on Linux and 104 on macOS, one of them the end; some room is left. */
const LONGEST_SOCKET_PATH_BYTES = 100;

/**
 * Where the agent of a home listens: in the home, or, where that path is longer than a socket's may be, in the
 * person's folder for such things; on Windows a named pipe. Clients read the real path in the holder file,
 * since the environment of a service is another.
 */
export function controlSocketPath(
  homeDir: string,
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const name = `kubot-${homeKey(homeDir)}`;
  if (platform === 'win32') return `\\\\.\\pipe\\${name}`;
  const candidates = [
    join(homeDir, 'control.sock'),
    ...[environment.XDG_RUNTIME_DIR, environment.TMPDIR]
      .filter((folder) => folder?.startsWith('/'))
      .map((folder) => join(folder ?? '/tmp', `${name}.sock`)),
  ];
  const fitting = candidates.find((path) => Buffer.byteLength(path) <= LONGEST_SOCKET_PATH_BYTES);
  return fitting ?? `/tmp/${name}.sock`;
}
