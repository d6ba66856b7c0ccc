import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { layOutCanary, readCanary } from '../../../../src/agent/sandbox/canary.ts';
import { CANARY } from '../../../../src/agent/sandbox/linux/canary.ts';

test.runIf(process.platform === 'linux')(
  'a canary that nothing holds says what is open, and leaves nothing',
  async () => {
    const home = mkdtempSync(join(tmpdir(), 'kubot-canary-home-'));
    const canary = await layOutCanary(home, 'strict');
    const output = execFileSync('/bin/sh', ['-c', CANARY, 'sh', ...canary.args, 'private'], {
      cwd: canary.writeDir,
      encoding: 'utf8',
    });
    await canary.close();
    // Whether there are capabilities and a network depends on who runs this, and where.
    expect(readCanary(output)).toEqual(
      expect.arrayContaining(['files', 'sockets', 'processes', 'capabilities']),
    );
    expect(readdirSync(home)).toEqual([]);
    rmSync(home, { recursive: true });
  },
);

test.each([
  ['ended\n', []],
  ['files\nfiles\nsyscalls\nended\n', ['files', 'syscalls']],
  ['', null],
  ['files\n', null],
  ['ended\nmore\n', null],
])('%j is read as %j', (output, found) => {
  expect(readCanary(output)).toEqual(found);
});
