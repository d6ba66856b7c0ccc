import { describe, expect, test } from 'vitest';
import { type SeccompArch, seccompFilter } from '../../../../src/agent/sandbox/linux/seccomp-filter.ts';
import { DENIED, NUMBERS, type SyscallName } from '../../../../src/agent/sandbox/linux/syscalls.ts';

const AUDIT_ARCH: Record<SeccompArch, number> = { x64: 0xc000003e, arm64: 0xc00000b7 };
const VERDICTS = new Map([
  [0x7fff0000, 'allow'],
  [0x00050001, 'EPERM'],
  [0x00050026, 'ENOSYS'],
  [0x00050061, 'EAFNOSUPPORT'],
]);

interface Call {
  arch?: number;
  number: number;
  args?: readonly bigint[];
}

/** What the kernel makes of a program: classic BPF, as far as these programs use it. */
function verdictOf(program: Buffer, arch: SeccompArch, call: Call): string {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number, 0);
  data.writeUInt32LE(call.arch ?? AUDIT_ARCH[arch], 4);
  for (const [at, value] of (call.args ?? []).entries()) data.writeBigUInt64LE(value, 16 + 8 * at);
  let accumulator = 0;
  for (let at = 0; at < program.length / 8; at++) {
    const code = program.readUInt16LE(at * 8);
    const [jumpTrue, jumpFalse] = [program.readUInt8(at * 8 + 2), program.readUInt8(at * 8 + 3)];
    const value = program.readUInt32LE(at * 8 + 4);
    const jump = (holds: boolean) => {
      at += holds ? jumpTrue : jumpFalse;
    };
    if (code === 0x20) accumulator = data.readUInt32LE(value);
    else if (code === 0x06) return VERDICTS.get(value) ?? `unknown ${value.toString(16)}`;
    else if (code === 0x15) jump(accumulator === value);
    else if (code === 0x35) jump(accumulator >= value);
    else if (code === 0x45) jump((accumulator & value) !== 0);
    else throw new Error(`An instruction that seccomp knows not: ${code}`);
  }
  throw new Error('The program runs past its end');
}

const NEWNS = 0x20000n;
const NEWUSER = 0x10000000n;
const NEWPID = 0x20000000n;
const NEWTIME = 0x80n;
const SIGCHLD = 17n;

describe.each(['x64', 'arm64'] as const)('the filter for %s', (arch) => {
  const standard = seccompFilter({ arch, nestedNamespaces: true });
  const strict = seccompFilter({ arch, nestedNamespaces: false });
  const ask = (program: Buffer, name: SyscallName, ...args: bigint[]) =>
    verdictOf(program, arch, { number: NUMBERS[name][arch] ?? -1, args });

  test('refuses what no robot needs, with the error that programs expect', () => {
    for (const program of [standard, strict]) {
      for (const [errno, names] of Object.entries(DENIED)) {
        const known = names.filter((name) => NUMBERS[name][arch] !== null);
        expect(known.map((name) => [name, ask(program, name)])).toEqual(known.map((name) => [name, errno]));
      }
    }
  });

  test.each([
    ['read and write', arch === 'x64' ? [0, 1] : [63, 64]],
    ['execve and exit', arch === 'x64' ? [59, 60] : [221, 93]],
    ['seccomp and prctl', arch === 'x64' ? [317, 157] : [277, 167]],
    ['calls that are newer than this list', [462, 500]],
  ])('allows %s', (_name, numbers) => {
    for (const number of numbers) expect(verdictOf(strict, arch, { number })).toBe('allow');
  });

  test('lets libc fall back from clone3, whose flags it cannot read, to clone', () => {
    expect([ask(strict, 'clone3'), ask(strict, 'clone', SIGCHLD), ask(standard, 'clone3')]).toEqual([
      'ENOSYS',
      'allow',
      'ENOSYS',
    ]);
  });

  test('leaves a browser its namespaces in standard, but no mounts', () => {
    expect([
      ask(standard, 'clone', NEWUSER | NEWPID | SIGCHLD),
      ask(standard, 'unshare', NEWUSER),
      ask(standard, 'unshare', NEWUSER | NEWNS),
      ask(standard, 'clone', NEWNS),
      ask(standard, 'chroot'),
    ]).toEqual(['allow', 'allow', 'EPERM', 'EPERM', 'allow']);
  });

  test('leaves no namespace in strict', () => {
    for (const flag of [NEWNS, NEWUSER, NEWPID, 0x02000000n, 0x04000000n, 0x08000000n, 0x40000000n]) {
      expect([ask(strict, 'clone', flag | SIGCHLD), ask(strict, 'unshare', flag)]).toEqual([
        'EPERM',
        'EPERM',
      ]);
    }
    expect([ask(strict, 'unshare', NEWTIME), ask(strict, 'chroot')]).toEqual(['EPERM', 'EPERM']);
  });

  test('keeps robots from typing into a terminal, also with rubbish in the half that the kernel ignores', () => {
    expect([
      ask(standard, 'ioctl', 0n, 0x5412n),
      ask(standard, 'ioctl', 0n, 0xffffffff00005412n),
      ask(standard, 'ioctl', 0n, 0x541cn),
      ask(standard, 'ioctl', 0n, 0x5401n),
    ]).toEqual(['EPERM', 'EPERM', 'EPERM', 'allow']);
  });

  test.each([
    [1n, 'allow'], // UNIX
    [2n, 'allow'], // INET
    [10n, 'allow'], // INET6
    [16n, 'allow'], // NETLINK
    [17n, 'EAFNOSUPPORT'], // PACKET
    [38n, 'EAFNOSUPPORT'], // ALG
    [40n, 'EAFNOSUPPORT'], // VSOCK
  ])('of socket family %s: %s', (family, verdict) => {
    expect(ask(standard, 'socket', family)).toBe(verdict);
  });

  test('has no answer for programs of another architecture', () => {
    expect(verdictOf(strict, arch, { number: 1, arch: 0x40000003 })).toBe('ENOSYS');
  });
});

test('calls by the x32 numbers of x86-64 do not slip past', () => {
  const strict = seccompFilter({ arch: 'x64', nestedNamespaces: false });
  expect(verdictOf(strict, 'x64', { number: 0x40000000 | NUMBERS.ptrace.x64 })).toBe('ENOSYS');
});
