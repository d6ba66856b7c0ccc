import { describe, expect, test } from 'vitest';
import { environmentKey } from '../../../../src/agent/runtimes/environment-store.ts';
import type { RuntimeKind } from '../../../../src/agent/runtimes/runtime-layout.ts';

interface Runtime {
  kind: RuntimeKind;
  digest: string;
}

const node: Runtime = { kind: 'nodejs', digest: 'n' };
const python: Runtime = { kind: 'python', digest: 'p' };
const first = environmentKey({ packageDigest: 'pack', runtimes: [node] }, 'linux');

describe('the key of an environment', () => {
  test('is short, for paths that Windows allows, and the same for the same parts', () => {
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(environmentKey({ packageDigest: 'pack', runtimes: [{ ...node }] }, 'linux')).toBe(first);
  });

  test.each([
    ['package', 'other', [node], 'linux'],
    ['runtime', 'pack', [{ ...node, digest: 'm' }], 'linux'],
    ['kind of runtime', 'pack', [{ ...node, kind: 'python' }], 'linux'],
    ['further runtime', 'pack', [node, python], 'linux'],
    ['missing runtime', 'pack', [], 'linux'],
    ['system', 'pack', [node], 'win32'],
  ] as [string, string, Runtime[], NodeJS.Platform][])(
    'is another one for another %s',
    (_what, packageDigest, runtimes, platform) => {
      expect(environmentKey({ packageDigest, runtimes }, platform)).not.toBe(first);
    },
  );

  test('does not depend on the order of runtimes', () => {
    const key = (...runtimes: Runtime[]) => environmentKey({ packageDigest: 'pack', runtimes }, 'linux');
    expect(key(python, node)).toBe(key(node, python));
  });
});
