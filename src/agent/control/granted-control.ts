import { chmodSync, chownSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { ControlHandlers } from '../../shared/control-api.ts';
import { type AgentError, toAgentError } from '../../shared/errors.ts';
import type { Settings } from '../../shared/settings.ts';
import { grantedDir, grantedSocketName } from '../home/granted-sockets.ts';
import { type Accounts, loadAccounts } from '../native/accounts.ts';
import { loadLibc } from '../native/libc.ts';
import { startControlServer } from './control-server.ts';
import { ensureGrantedFolder } from './granted-folder.ts';
import { type Caller, type Grants, grantsNobody, judgeCaller, refusalOf, resolveGrants } from './grants.ts';
import { refuseRobot } from './peer-check.ts';

type Log = Record<'info' | 'warn' | 'error', (message: string, fields: Record<string, unknown>) => void>;

export interface GrantedControlOptions {
  readonly control: Settings['control'];
  readonly homeDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly handlersFor: (caller: Caller, owner: string) => ControlHandlers;
  readonly log: Log;
  readonly now: () => number;
  readonly platform?: NodeJS.Platform;
}

export interface GrantedControl {
  /** What was granted and is not to be had, in sentences. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

const CLOSED: GrantedControl = { warnings: [], close: async () => undefined };

/** How long names stand for the same numbers. */
const NAMES_HOLD_MS = 30_000;

/**
 * Listens for those whom `control` lets in, where it lets anybody in, and asks the system who each is. Where that cannot
 * be had nobody is let in, and the warnings say why: an agent goes on without it.
 */
export async function openGrantedControl(options: GrantedControlOptions): Promise<GrantedControl> {
  const { control, homeDir, environment, log, platform = process.platform } = options;
  if (grantsNobody(control)) return CLOSED;
  const refused = (why: string): GrantedControl => ({
    ...CLOSED,
    warnings: [`Nobody is let in by the setting control: ${why}`],
  });
  const base = grantedDir(platform, environment);
  const [libc, accounts] = await Promise.all([loadLibc(platform), loadAccounts(platform)]);
  const userId = process.getuid?.();
  if (base === null || userId === undefined) return refused(WINDOWS);
  if (libc === null || accounts === null) return refused('the library koffi has no binary for this system.');
  const owner = accounts.userName(userId) ?? String(userId);
  const folder = ensureGrantedFolder({
    base,
    runtimeDirectory: environment.RUNTIME_DIRECTORY,
    userId,
    userName: accounts.userName(userId),
  });
  if ('reason' in folder) return refused(folder.reason);
  const grants = createGrantBook(control, accounts, options.now);
  const admit = (socket: Socket): ControlHandlers | AgentError => {
    const peer = libc.peerOf(socket);
    const robot = refuseRobot(peer, log, platform);
    if (robot !== null) return robot;
    const caller = peer && judgeCaller(peer, grants(), userId, accounts.userName);
    if (caller) return options.handlersFor(caller, owner);
    const user = peer?.userId == null ? null : (accounts.userName(peer.userId) ?? String(peer.userId));
    log.warn('Control API refused a user', { user, pid: peer?.pid });
    return refusalOf(user, control, owner);
  };
  const socketPath = join(folder.dir, grantedSocketName(homeDir));
  const groupId = Object.keys(control.allowUsers).length === 0 ? grants().group?.id : undefined;
  try {
    // Everybody may knock: who it is decides. Where it is a group alone, the system asks for it too.
    const server = await startControlServer({
      socketPath,
      admit,
      log,
      mode: groupId === undefined ? 0o666 : 0o660,
    });
    if (groupId !== undefined) giveTo(groupId, socketPath);
    log.info('Control API listens for granted users', { socketPath });
    const unknown = grants().unknown.map(
      (name) => `The setting control names ${name}, which this system does not know.`,
    );
    return { warnings: unknown, close: () => server.close() };
  } catch (error) {
    return refused(toAgentError(error).message);
  }
}

const WINDOWS =
  'on Windows this is not to be had: Node neither limits a pipe to users nor tells who is at its other end, and an agent does not open wider than it was asked to.';

function createGrantBook(control: Settings['control'], accounts: Accounts, now: () => number): () => Grants {
  let grants = resolveGrants(control, accounts);
  let readAt = now();
  return () => {
    if (now() - readAt > NAMES_HOLD_MS) {
      grants = resolveGrants(control, accounts);
      readAt = now();
    }
    return grants;
  };
}

/** Only root can give to a group that it is not in; then everybody may knock, and who it is decides alone. */
function giveTo(groupId: number, socketPath: string): void {
  try {
    chownSync(socketPath, -1, groupId);
  } catch {
    chmodSync(socketPath, 0o666);
  }
}
