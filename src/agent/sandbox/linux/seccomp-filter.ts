import { DENIED, NUMBERS, type SyscallName } from './syscalls.ts';

/*
 * A seccomp filter as the bytes of a classic BPF program: 8 bytes an instruction (u16 code, u8 jt, u8 jf, u32 k),
 * little endian, over `struct seccomp_data` (linux/seccomp.h). No native code, no library: bwrap reads it from a
 * descriptor and installs it right before it starts the robot.
 */

export type SeccompArch = 'x64' | 'arm64';

export interface SeccompOptions {
  arch: SeccompArch;
  /**
   * Namespaces inside the robot's own: browsers make user, PID and network ones for their renderers. Mount and
   * cgroup namespaces are refused either way.
   */
  nestedNamespaces: boolean;
}

/** linux/audit.h */
const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 } as const;
/** x32 programs call the numbers of x86-64 with this bit set, past every rule that compares them. */
const X32_BIT = 0x40000000;

const ERRNO = { EPERM: 1, ENOSYS: 38, EAFNOSUPPORT: 97 } as const;
const ALLOW = 0x7fff0000;
const REFUSE = 0x00050000;

/** Offsets in seccomp_data; of an argument its low half, which is all that the kernel reads of these. */
const NUMBER = 0;
const ARCH = 4;
const argument = (at: number) => 16 + 8 * at;

/** asm-generic/ioctls.h: what types into a terminal, or makes the console do it. */
const TERMINAL_IOCTLS = [0x5412, 0x541c];
/** linux/socket.h: UNIX, INET, INET6, NETLINK. Others reach past the network namespace (VSOCK) or need no robot. */
const SOCKET_FAMILIES = [1, 2, 10, 16];

const CLONE = { NEWNS: 0x20000, NEWCGROUP: 0x2000000, NEWUTS: 0x4000000, NEWIPC: 0x8000000 } as const;
const CLONE_NESTED = { NEWUSER: 0x10000000, NEWPID: 0x20000000, NEWNET: 0x40000000 } as const;
/** In clone() these bits are the exit signal, so only unshare() can ask for it. */
const NEWTIME = 0x80;
const MOUNTS = CLONE.NEWNS | CLONE.NEWCGROUP;
const ALL_NAMESPACES = [...Object.values(CLONE), ...Object.values(CLONE_NESTED)].reduce((a, b) => a | b, 0);

interface Instruction {
  code: number;
  jumpTrue: number;
  jumpFalse: number;
  value: number;
}

const load = (offset: number): Instruction => ({ code: 0x20, jumpTrue: 0, jumpFalse: 0, value: offset });
const give = (value: number): Instruction => ({ code: 0x06, jumpTrue: 0, jumpFalse: 0, value });
const refuse = (errno: keyof typeof ERRNO) => give(REFUSE | ERRNO[errno]);
/** Skip that many instructions when the loaded value is `value`, or is not. */
const ifEqual = (value: number, jumpTrue: number, jumpFalse: number): Instruction => ({
  code: 0x15,
  jumpTrue,
  jumpFalse,
  value,
});
const ifAnyBit = (value: number, jumpTrue: number, jumpFalse: number): Instruction => ({
  code: 0x45,
  jumpTrue,
  jumpFalse,
  value,
});
const ifAtLeast = (value: number, jumpTrue: number, jumpFalse: number): Instruction => ({
  code: 0x35,
  jumpTrue,
  jumpFalse,
  value,
});

/** The program for a level. */
export function seccompFilter({ arch, nestedNamespaces }: SeccompOptions): Buffer {
  const numberOf = (name: SyscallName) => NUMBERS[name][arch];
  const forbidden = nestedNamespaces ? MOUNTS : ALL_NAMESPACES;
  const rules: Instruction[] = [
    load(ARCH),
    ifEqual(AUDIT_ARCH[arch], 1, 0),
    // Of another architecture: 32-bit programs, whose numbers mean something else.
    refuse('ENOSYS'),
    load(NUMBER),
    ...(arch === 'x64' ? [ifAtLeast(X32_BIT, 0, 1), refuse('ENOSYS')] : []),
  ];
  const add = (name: SyscallName, body: readonly Instruction[]) => {
    const number = numberOf(name);
    if (number !== null) rules.push(ifEqual(number, 0, body.length), ...body);
  };
  for (const [errno, names] of Object.entries(DENIED) as [keyof typeof DENIED, readonly SyscallName[]][]) {
    for (const name of names) add(name, [refuse(errno)]);
  }
  // Its flags lie in memory, which no filter can read: libc falls back to clone.
  add('clone3', [refuse('ENOSYS')]);
  const without = (flags: number) => [load(argument(0)), ifAnyBit(flags, 0, 1), refuse('EPERM'), give(ALLOW)];
  add('clone', without(forbidden));
  add('unshare', without(forbidden | NEWTIME));
  if (!nestedNamespaces) add('chroot', [refuse('EPERM')]);
  add('ioctl', [
    load(argument(1)),
    ...TERMINAL_IOCTLS.flatMap((request) => [ifEqual(request, 0, 1), refuse('EPERM')]),
    give(ALLOW),
  ]);
  add('socket', [
    load(argument(0)),
    ...SOCKET_FAMILIES.flatMap((family) => [ifEqual(family, 0, 1), give(ALLOW)]),
    refuse('EAFNOSUPPORT'),
  ]);
  rules.push(give(ALLOW));
  return encode(rules);
}

function encode(instructions: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(instructions.length * 8);
  for (const [at, { code, jumpTrue, jumpFalse, value }] of instructions.entries()) {
    bytes.writeUInt16LE(code, at * 8);
    bytes.writeUInt8(jumpTrue, at * 8 + 2);
    bytes.writeUInt8(jumpFalse, at * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, at * 8 + 4);
  }
  return bytes;
}
