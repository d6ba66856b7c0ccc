import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const SOURCE = resolve(import.meta.dirname, '../../../../src/agent/process/close-inherited-descriptors.ts');

/** Tells what it closed, and what a child of its own inherits before and after. */
const SCRIPT = `
  import { execFileSync } from 'node:child_process';
  import { closeInheritedDescriptors } from ${JSON.stringify(SOURCE)};
  const inherited = () =>
    execFileSync('/bin/sh', ['-c', 'test -e /proc/self/fd/20 && echo yes || echo no'], { encoding: 'utf8' }).trim();
  const before = inherited();
  const closed = closeInheritedDescriptors();
  console.log(JSON.stringify({ before, closed: closed.includes(20), standard: closed.some((fd) => fd <= 2), after: inherited(), again: closeInheritedDescriptors() }));
`;

test.runIf(process.platform === 'linux')(
  'descriptors that the parent left open are closed, once',
  async () => {
    const left = openSync('/dev/null', 'r');
    const stdio = Array.from({ length: 21 }, (): 'ignore' | 'pipe' | number => 'ignore');
    stdio[1] = 'pipe';
    stdio[2] = 2;
    stdio[20] = left;
    try {
      const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', SCRIPT], { stdio });
      let text = '';
      child.stdout?.on('data', (chunk) => {
        text += String(chunk);
      });
      await once(child, 'close');
      expect(JSON.parse(text)).toEqual({
        before: 'yes',
        closed: true,
        standard: false,
        after: 'no',
        again: [],
      });
    } finally {
      closeSync(left);
    }
  },
);
