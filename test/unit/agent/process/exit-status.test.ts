import { expect, test } from 'vitest';
import { readExitStatus } from '../../../../src/agent/process/exit-status.ts';

test.each([
  [0, null, 'linux', { exitCode: 0, signal: null }],
  [3, null, 'linux', { exitCode: 3, signal: null }],
  [128, null, 'linux', { exitCode: 128, signal: null }],
  [137, null, 'linux', { exitCode: 137, signal: 'SIGKILL' }],
  [139, null, 'darwin', { exitCode: 139, signal: 'SIGSEGV' }],
  [134, null, 'linux', { exitCode: 134, signal: 'SIGABRT' }],
  [255, null, 'linux', { exitCode: 255, signal: null }],
  [137, null, 'win32', { exitCode: 137, signal: null }],
  [null, 'SIGTERM', 'linux', { exitCode: null, signal: 'SIGTERM' }],
] as const)('exit %s with signal %s on %s reads as %o', (exitCode, signal, platform, status) => {
  expect(readExitStatus(exitCode, signal, platform)).toEqual(status);
});
