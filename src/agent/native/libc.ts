import type { Socket } from 'node:net';

/** Who is at the other end of a local socket. */
export interface Peer {
  pid: number;
  /** null where the system does not tell it. */
  userId: number | null;
}

/** What the C library gives and Node does not. */
export interface Libc {
  /** Linux: keeps other processes of this user from this one's memory and first environment, and it from core dumps. */
  hideMemory(): boolean;
  /** null: the system does not tell. */
  peerOf(socket: Socket): Peer | null;
}

interface PeerCall {
  level: number;
  option: number;
  bytes: number;
  parse: (answer: Buffer) => Peer;
}

const PR_SET_DUMPABLE = 4;

/** From <asm/socket.h> and <sys/un.h>. The macOS one has not run here. */
export const PEER_CALLS: Partial<Record<NodeJS.Platform, PeerCall>> = {
  /** SO_PEERCRED of SOL_SOCKET: struct ucred {pid, uid, gid}. */
  linux: {
    level: 1,
    option: 17,
    bytes: 12,
    parse: (answer) => ({ pid: answer.readInt32LE(0), userId: answer.readUInt32LE(4) }),
  },
  /** LOCAL_PEERPID of SOL_LOCAL: a pid_t. */
  darwin: {
    level: 0,
    option: 2,
    bytes: 4,
    parse: (answer) => ({ pid: answer.readInt32LE(0), userId: null }),
  },
};

/** The C library by koffi (docs/adr/0007). null where there is none to be called: on Windows, or without koffi's binary. */
export async function loadLibc(platform: NodeJS.Platform = process.platform): Promise<Libc | null> {
  const peerCall = PEER_CALLS[platform];
  if (peerCall === undefined) return null;
  try {
    const { default: koffi } = await import('koffi');
    const library = koffi.load(null);
    const getsockopt = library.func('int getsockopt(int, int, int, _Out_ uint8_t *, _Inout_ uint32_t *)');
    return {
      hideMemory: () => {
        if (platform !== 'linux') return false;
        const prctl = library.func('int prctl(int, ulong, ulong, ulong, ulong)');
        return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) === 0;
      },
      peerOf: (socket) => {
        const descriptor = descriptorOf(socket);
        if (descriptor === null) return null;
        const answer = Buffer.alloc(peerCall.bytes);
        const length = [answer.length];
        const failed = getsockopt(descriptor, peerCall.level, peerCall.option, answer, length) !== 0;
        return failed || length[0] !== answer.length ? null : peerCall.parse(answer);
      },
    };
  } catch {
    return null;
  }
}

/** Node keeps it to itself. */
function descriptorOf(socket: Socket): number | null {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null || !('fd' in handle)) return null;
  return typeof handle.fd === 'number' && handle.fd >= 0 ? handle.fd : null;
}
