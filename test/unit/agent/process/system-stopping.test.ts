import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isSystemStopping } from '../../../../src/agent/process/system-stopping.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-systemctl-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A stand-in for systemctl, since no test can shut a machine down. */
function program(text: string): string {
  const path = join(dir, 'systemctl');
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o700);
  return path;
}

test.runIf(process.platform === 'linux').each([
  ['stopping', 'echo stopping; exit 1', true],
  ['running', 'echo running', false],
  ['degraded', 'echo degraded; exit 1', false],
  ['not to be had', 'exit 1', false],
  ['slow to answer', 'exec sleep 30', false],
])('a system that is %s', async (_what, script, stopping) => {
  expect(await isSystemStopping(program(script))).toBe(stopping);
});

test('a system without systemd is not stopping', async () => {
  expect(await isSystemStopping(join(dir, 'none'))).toBe(false);
});
