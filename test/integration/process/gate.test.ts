import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { bwrapArguments, detectContainment, INFO_FD } from '../../../src/agent/process/containment.ts';

const GATE_FD = INFO_FD + 1;

/** Runs a shell that says what it sees, as a robot is started, and gives it this word. */
async function runGated(word: string): Promise<{ said: string; code: number | null }> {
  const containment = await detectContainment();
  if (containment.kind !== 'pid-namespace') throw new Error('bubblewrap does not work here');
  const script = `echo begun; for fd in ${INFO_FD} ${GATE_FD}; do test ! -e /proc/self/fd/$fd || echo $fd; done`;
  const args = bwrapArguments('/bin/sh', ['-c', script], undefined, GATE_FD);
  const child = spawn(containment.bwrapPath, args, {
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'ignore', 'pipe', 'pipe'],
  });
  const gate = child.stdio[GATE_FD];
  if (!(gate instanceof Socket)) throw new Error('There is no gate');
  let said = '';
  child.stdout?.on('data', (part) => {
    said += String(part);
  });
  const ended = once(child, 'close');
  gate.end(word);
  const [code] = (await ended) as [number | null];
  return { said, code };
}

test('a robot begins at the word of its agent, and inherits nothing of where it waited', async () => {
  expect(await runGated('go\n')).toEqual({ said: 'begun\n', code: 0 });
});

test('a robot whose agent died before it gave the word never begins', async () => {
  const { said, code } = await runGated('');
  expect(said).toBe('');
  expect(code).not.toBe(0);
});
