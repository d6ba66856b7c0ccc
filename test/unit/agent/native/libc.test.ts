import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadLibc, PEER_CALLS } from '../../../../src/agent/native/libc.ts';

test('the answer of each system is read by its own layout', () => {
  const ucred = Buffer.from('d2040000e8030000e8030000', 'hex');
  expect(PEER_CALLS.linux?.parse(ucred)).toEqual({ pid: 1234, userId: 1000 });
  expect(PEER_CALLS.darwin?.parse(Buffer.from('d2040000', 'hex'))).toEqual({ pid: 1234, userId: null });
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
    expect(libc?.peerOf(socket)).toEqual({ pid: process.pid, userId: process.getuid?.() });
    client.destroy();
    socket.destroy();
    expect(libc?.peerOf(socket)).toBeNull();
    await new Promise((resolve) => server.close(resolve));
    rmSync(dir, { recursive: true });
  });
});
