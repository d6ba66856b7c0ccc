import type { Socket } from 'node:net';

/** Who is at the other end of a local socket. */
export interface Peer {
  pid: number;
  /** null where the system does not tell it. */
  userId: number | null;
  /** Its groups when it connected, the first one too; null where the system does not tell them. */
  groupIds: readonly number[] | null;
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
  /** As many as there are, up to `bytes`. */
  isList?: true;
  parse: (answer: Buffer) => Partial<Peer>;
}

const PR_SET_DUMPABLE = 4;

/** From <asm/socket.h> and <sys/un.h>. The macOS one has not run here. */
export const PEER_CALLS: Partial<Record<NodeJS.Platform, readonly PeerCall[]>> = {
  linux: [
    {
      // SO_PEERCRED of SOL_SOCKET: struct ucred {pid, uid, gid}.
      level: 1,
      option: 17,
      bytes: 12,
      parse: (answer) => ({
        pid: answer.readInt32LE(0),
        userId: answer.readUInt32LE(4),
        groupIds: [answer.readUInt32LE(8)],
      }),
    },
    // SO_PEERGROUPS, since Linux 4.13: of the moment of connecting, so that no other process can lend its own later.
    {
      level: 1,
      option: 59,
      bytes: 4 * 4096,
      isList: true,
      parse: (answer) => ({ groupIds: integersIn(answer) }),
    },
  ],
  darwin: [
    // LOCAL_PEERPID of SOL_LOCAL: a pid_t.
    { level: 0, option: 2, bytes: 4, parse: (answer) => ({ pid: answer.readInt32LE(0) }) },
    {
      // LOCAL_PEERCRED: struct xucred {version, uid, short ngroups, gid[16]}; the first group is the user's own.
      level: 0,
      option: 1,
      bytes: 76,
      parse: (answer) => ({
        userId: answer.readUInt32LE(4),
        groupIds: integersIn(answer.subarray(12, 12 + 4 * answer.readInt16LE(8))),
      }),
    },
  ],
};

function integersIn(answer: Buffer): number[] {
  return Array.from({ length: Math.floor(answer.length / 4) }, (_, index) => answer.readUInt32LE(4 * index));
}

/** What the answers say together; null without a process. A call that the system refuses tells nothing. */
export function peerOfAnswers(calls: readonly PeerCall[], answers: readonly (Buffer | null)[]): Peer | null {
  const parts = calls.flatMap((call, index) => {
    const answer = answers[index];
    return answer ? [call.parse(answer)] : [];
  });
  const pid = parts.find((part) => part.pid !== undefined)?.pid;
  if (pid === undefined) return null;
  const groupIds = parts.flatMap((part) => part.groupIds ?? []);
  return {
    pid,
    userId: parts.find((part) => part.userId !== undefined)?.userId ?? null,
    groupIds: groupIds.length > 0 ? [...new Set(groupIds)] : null,
  };
}

/** The C library by koffi (docs/adr/0007). null where there is none to be called: on Windows, or without koffi's binary. */
export async function loadLibc(platform: NodeJS.Platform = process.platform): Promise<Libc | null> {
  const peerCalls = PEER_CALLS[platform];
  if (peerCalls === undefined) return null;
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
        const answers = peerCalls.map(({ level, option, bytes, isList = false }) => {
          const answer = Buffer.alloc(bytes);
          const length = [bytes];
          const failed = getsockopt(descriptor, level, option, answer, length) !== 0;
          return failed || (!isList && length[0] !== bytes) ? null : answer.subarray(0, length[0]);
        });
        return peerOfAnswers(peerCalls, answers);
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
