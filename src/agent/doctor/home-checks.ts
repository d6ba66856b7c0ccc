import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { bytes } from '../../shared/byte-text.ts';
import { findCertificateProblem } from '../gateway/certificate-authority.ts';
import { freeBytes } from '../home/disk-space.ts';
import { homePaths } from '../home/home-paths.ts';
import { networkFileSystem } from '../home/network-file-system.ts';
import { type Finding, failed, passed } from './check.ts';

const ELSEWHERE = 'Choose a folder on a local disk that you own: --home or KUBOT_HOME.';

/** The home as it is, or as it could be made; nothing is made or changed. */
export function checkHome(homeDir: string, own = process.getuid?.()): Finding {
  const id = 'home';
  const isThere = existsSync(homeDir);
  const place = nearest(homeDir);
  const network = networkFileSystem(process.platform, place, statfsSync(place).type);
  if (network !== null)
    return failed(
      id,
      `${homeDir} lies on a network file system (${network}), where locks do not hold.`,
      ELSEWHERE,
    );
  if (!statSync(place).isDirectory()) return failed(id, `${place} is not a folder.`, ELSEWHERE);
  if (!isWritable(place)) return failed(id, `This user may not write to ${place}.`, ELSEWHERE);
  if (!isThere) return passed(id, `${homeDir} is made when an agent starts.`);
  const { uid, mode } = statSync(homeDir);
  if (own !== undefined && uid !== own) return failed(id, `${homeDir} belongs to another user.`, ELSEWHERE);
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    return failed(id, `${homeDir} is open to other users.`, `Run: chmod 700 '${homeDir}'`);
  return passed(id, `${homeDir} is this user's alone.`);
}

export function checkDisk(
  homeDir: string,
  reserveBytes: number,
  free = freeBytes(nearest(homeDir)),
): Finding {
  const message = `${bytes(free)} free; new runs need ${bytes(reserveBytes)} (diskReserveBytes).`;
  if (free >= reserveBytes) return passed('disk', message);
  return failed('disk', message, 'Free disk space: kubot prune removes what old runs left.');
}

export async function checkGatewayCertificates(homeDir: string, now: number): Promise<Finding> {
  const id = 'gateway-ca';
  const problem = await findCertificateProblem(homePaths(homeDir).gateway, now);
  if (problem === undefined)
    return passed(id, 'The certificates of the gateway are made when an agent starts.');
  if (problem === null) return passed(id, 'The certificates of the gateway are sound.');
  return failed(id, `${problem}.`, 'Start the agent anew: it replaces what is missing, damaged or due.');
}

/** The folder itself, or the nearest one above that is there. */
export function nearest(dir: string): string {
  return existsSync(dir) || dirname(dir) === dir ? dir : nearest(dirname(dir));
}

function isWritable(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
