import type { Socket } from 'node:net';
import { AgentError } from '../../shared/errors.ts';
import { type Libc, loadLibc, type Peer } from '../native/libc.ts';
import {
  createProcessView,
  findForeignMembership,
  findMembership,
  type Membership,
  type ProcessView,
} from '../process/run-membership.ts';

/** Why who connected may not ask; null: it may. */
export type PeerCheck = (socket: Socket) => AgentError | null;

export interface PeerRefusal {
  pid: number;
  reason: string;
}

type WarnLog = { warn(message: string, fields: Record<string, unknown>): void };

/**
 * Keeps robots from the control API. Where the system does not tell who connects, everybody who can open the socket
 * may ask: docs/security.md says where that is.
 */
export async function createPeerCheck(
  log: WarnLog,
  platform: NodeJS.Platform = process.platform,
): Promise<PeerCheck> {
  const libc = await loadLibc(platform);
  return (socket) => refuseRobot(libc?.peerOf(socket) ?? null, log, platform);
}

/** The error for a peer that is a robot's, or that may be one. */
export function refuseRobot(
  peer: ReturnType<Libc['peerOf']>,
  log: WarnLog,
  platform: NodeJS.Platform,
): AgentError | null {
  const refusal = peer === null ? null : judgePeer(peer, createProcessView(platform), process);
  if (refusal === null) return null;
  log.warn('Control API refused a process', { ...refusal });
  return new AgentError('PEER_REFUSED', 'Robots may not use the control API.');
}

/** @param own the agent's process */
export function judgePeer(
  peer: Peer,
  view: ProcessView,
  own: Pick<NodeJS.Process, 'pid' | 'getuid'>,
): PeerRefusal | null {
  const { pid } = peer;
  switch (membershipOf(peer, view, own)) {
    case 'none':
      return null;
    case 'run':
      return { pid, reason: 'it belongs to a run' };
    case 'unknown':
      // Root sees and may do everything anyway, and hides from us by being root.
      if (peer.userId === 0 && own.getuid?.() !== 0) return null;
      return { pid, reason: 'it cannot be told from a robot: it is gone, or hides what it is' };
  }
}

/** Another user's process may be a robot of an agent of theirs. */
function membershipOf(
  { pid, userId }: Peer,
  view: ProcessView,
  own: Pick<NodeJS.Process, 'pid' | 'getuid'>,
): Membership {
  const seen = findMembership(pid, view, own.pid);
  const isForeign = userId !== null && userId !== 0 && userId !== own.getuid?.();
  return isForeign && seen !== 'run' ? findForeignMembership(pid, view) : seen;
}
