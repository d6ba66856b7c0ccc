import { afterEach, beforeEach, expect, test } from 'vitest';
import { createOutputPipeSource } from '../../../../src/agent/process/output-pipes.ts';
import type { HeldLevel } from '../../../../src/agent/sandbox/launcher.ts';
import { createProvedSandbox } from '../../../../src/agent/sandbox/proved-sandbox.ts';
import type { Sandbox } from '../../../../src/agent/sandbox/sandbox.ts';
import { aPolicy } from '../../../helpers/a-sandbox-job.ts';

let tried: HeldLevel[];
let broken: Set<HeldLevel>;
let sandbox: Sandbox;

beforeEach(() => {
  tried = [];
  broken = new Set(['strict']);
  sandbox = createProvedSandbox({
    containment: { kind: 'group' },
    pipes: createOutputPipeSource(),
    tryLevel: async (level) => {
      tried.push(level);
      return broken.has(level) ? 'It is broken.' : null;
    },
    missing: () => [],
    launch: () => Promise.reject(new Error('nothing is launched here')),
  });
});
afterEach(() => sandbox.stop(0));

const achieved = async (level: HeldLevel) => (await sandbox.detect(aPolicy({ level }))).achieved;

test('tries a level once, whether it holds or not', async () => {
  const found = await Promise.all([achieved('standard'), achieved('strict'), achieved('strict')]);
  expect([found, await achieved('standard'), tried]).toEqual([
    ['standard', 'off', 'off'],
    'standard',
    ['standard', 'strict'],
  ]);
});

test('tries again what failed, and only that, when it is told to forget', async () => {
  await Promise.all([achieved('standard'), achieved('strict')]);
  broken = new Set(['standard']);
  sandbox.forget();
  expect([await achieved('standard'), await achieved('strict'), tried]).toEqual([
    'standard',
    'strict',
    ['standard', 'strict', 'strict'],
  ]);
});
