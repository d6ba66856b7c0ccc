import type { NetworkContact, SandboxPlaces } from '../sandbox/sandbox.ts';
import type { BuiltVariables } from './environment-variables.ts';
import type { PreparedRobot } from './prepare-robot.ts';
import type { RunFolders } from './run-folders.ts';

/** What of the agent's own a robot needs: its run's folders to write, what it was prepared from to read. */
export function robotPlaces(
  prepared: Pick<PreparedRobot, 'places'>,
  folders: RunFolders,
  { variables }: Pick<BuiltVariables, 'variables'>,
): SandboxPlaces {
  const bundle = variables.SSL_CERT_FILE;
  return {
    write: [folders.workDir, folders.homeDir, folders.tmpDir, folders.outDir],
    read: [...prepared.places, ...(bundle === undefined ? [] : [bundle])],
    tmpDir: folders.tmpDir,
  };
}

/** What the run log says of a host that the allow-list does not hold, with what would allow it. */
export function refusedContact(robotCode: string, { host, port }: NetworkContact): string {
  const name = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return `The sandbox refused a connection to ${name}. To allow it, add "${name}" to robots.${robotCode}.allowedHosts.`;
}

/** `desktop` keeps the screen free of others; to show it takes more, which the operator has to say. */
export function hiddenScreen(robotCode: string): string {
  return `This robot is to drive the desktop, but its sandbox hides the screen. Set robots.${robotCode}.gui to host, or to virtual.`;
}
