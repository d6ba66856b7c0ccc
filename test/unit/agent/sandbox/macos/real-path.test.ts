import { expect, test } from 'vitest';
import { realPathOf } from '../../../../../src/agent/sandbox/macos/real-path.ts';

/** The links that macOS comes with. */
function readOnMac(path: string): string {
  if (path.endsWith('missing')) throw new Error('ENOENT');
  return path.replace(/^\/(tmp|var|etc)(?=\/|$)/, '/private/$1');
}

test.each([
  ['/tmp', '/private/tmp'],
  ['/var/folders/x', '/private/var/folders/x'],
  ['/Users/ana', '/Users/ana'],
  ['/tmp/missing', '/private/tmp/missing'],
  ['/tmp/missing/missing', '/private/tmp/missing/missing'],
])('%s leads to %s', (path, real) => {
  expect(realPathOf(path, readOnMac)).toBe(real);
});
