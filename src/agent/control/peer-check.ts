import type { Socket } from 'node:net';
import { loadLibc, type Peer } from '../native/libc.ts';
import { createProcessView, findMembership, type ProcessView } from '../process/run-membership.ts';

/** Whether who connected may ask. */
export type PeerCheck = (socket: Socket) => boolean;

export interface PeerRefusal {
  pid: number;
  reason: string;
}

/**
 * Keeps robots from the control API. Where the system does not tell who connects, everybody who can open the socket
 * may ask: docs/security.md says where that is.
 */
export async function createPeerCheck(
  log: { warn(message: string, fields: Record<string, unknown>): void },
  platform: NodeJS.Platform = process.platform,
): Promise<PeerCheck> {
  const libc = await loadLibc(platform);
  return (socket) => {
    const peer = libc?.peerOf(socket) ?? null;
    const refusal = peer === null ? null : judgePeer(peer, createProcessView(platform), process);
    if (refusal !== null) log.warn('Control API refused a process', { ...refusal });
    return refusal === null;
  };
}

/** @param own the agent's process */
export function judgePeer(
  peer: Peer,
  view: ProcessView,
  own: Pick<NodeJS.Process, 'pid' | 'getuid'>,
): PeerRefusal | null {
  const { pid } = peer;
  switch (findMembership(pid, view, own.pid)) {
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
