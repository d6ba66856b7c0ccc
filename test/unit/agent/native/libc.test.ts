import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadLibc, PEER_CALLS, peerOfAnswers } from '../../../../src/agent/native/libc.ts';

describe('the answers of a system', () => {
  const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

  test('are read by the layout of Linux, each group once', () => {
    const ucred = hex('d2040000 e8030000 64000000');
    const groups = hex('64000000 1b000000');
    expect(peerOfAnswers(PEER_CALLS.linux ?? [], [ucred, groups])).toEqual({
      pid: 1234,
      userId: 1000,
      groupIds: [100, 27],
    });
  });

  test('are read by the layout of macOS', () => {
    const xucred = Buffer.concat([hex('00000000 f5010000 0200 0000 14000000 50000000'), Buffer.alloc(56)]);
    expect(peerOfAnswers(PEER_CALLS.darwin ?? [], [hex('d2040000'), xucred])).toEqual({
      pid: 1234,
      userId: 501,
      groupIds: [20, 80],
    });
  });

  test('that are missing tell nothing', () => {
    expect(peerOfAnswers(PEER_CALLS.darwin ?? [], [hex('d2040000'), null])).toEqual({
      pid: 1234,
      userId: null,
      groupIds: null,
    });
    expect(peerOfAnswers(PEER_CALLS.linux ?? [], [null, hex('64000000')])).toBeNull();
  });
});

test('Windows has no such library', async () => {
  expect(await loadLibc('win32')).toBeNull();
});

describe.runIf(process.platform === 'linux')('the C library', () => {
  test('hides the memory of a process, from core dumps too', () => {
    const path = resolve(import.meta.dirname, '../../../../src/agent/native/libc.ts');
    const script = `
      import koffi from 'koffi';
      import { loadLibc } from ${JSON.stringify(path)};
      const isDumpable = () => koffi.load(null).func('int prctl(int, ulong, ulong, ulong, ulong)')(3, 0, 0, 0, 0);
      console.log(isDumpable(), (await loadLibc()).hideMemory(), isDumpable());
    `;
    const args = ['--input-type=module', '--eval', script];
    expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('1 true 0\n');
  });

  test('tells who is at the other end of a local socket', async () => {
    const libc = await loadLibc();
    const dir = mkdtempSync(join(tmpdir(), 'kubot-libc-'));
    const path = join(dir, 's');
    const accepted = Promise.withResolvers<Socket>();
    const server = createServer(accepted.resolve).listen(path);
    const client = connect(path);
    const socket = await accepted.promise;
    const groups = new Set([process.getgid?.() ?? -1, ...(process.getgroups?.() ?? [])]);
    const peer = libc?.peerOf(socket);
    expect({ ...peer, groupIds: new Set(peer?.groupIds) }).toEqual({
      pid: process.pid,
      userId: process.getuid?.(),
      groupIds: groups,
    });
    client.destroy();
    socket.destroy();
    expect(libc?.peerOf(socket)).toBeNull();
    await new Promise((resolve) => server.close(resolve));
    rmSync(dir, { recursive: true });
  });
});
