import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  probePythonModules,
  probeVersion,
  type RuntimeProbe,
} from '../../../../src/agent/runtimes/probe-runtime.ts';
import { makeTestDir, makeTree, runCommand } from './make-tree.ts';

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let dir: string;
beforeEach(() => {
  dir = makeTestDir();
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function probe(source: string, signal = new AbortController().signal): RuntimeProbe {
  makeTree(dir, { python3: `#!/bin/sh\n${source}\n` });
  return {
    kind: 'python',
    executable: join(dir, 'python3'),
    binDir: dir,
    what: 'Python 3.11.4',
    runCommand,
    env: { PATH: '/usr/bin:/bin' },
    signal,
  };
}

describe('the version of a runtime', () => {
  test.each([
    ['echo v20.11.1', '20.11.1'],
    ['echo Python 3.11.4', '3.11.4'],
    ['echo Python 2.7.18 >&2', '2.7.18'],
    ['echo Python 3.13.0rc2+', '3.13.0rc2+'],
    ['echo "Python 3.10.14 (hash, date)"; echo "[PyPy 7.3.17 with GCC 10.2.1]"', '3.10.14'],
  ])('is its own word: %s', async (source, version) => {
    expect(await probeVersion(probe(source))).toBe(version);
  });

  test.each([
    ['echo hello', 'its --version says "hello"'],
    ['echo "no such library: libpython" >&2; exit 127', 'no such library: libpython'],
    ['exit 3', 'exit code 3'],
    ['kill -SEGV $$', 'exit code SIGSEGV'],
  ])('is refused as broken, with the reason: %s', async (source, reason) => {
    await expect(probeVersion(probe(source))).rejects.toMatchObject({
      code: 'RUNTIME_BROKEN',
      message: `Python 3.11.4 was installed but does not run on this machine: ${reason}.`,
    });
  });

  test('is refused as broken where the file is not for this machine', async () => {
    const broken = probe('');
    makeTree(dir, { python3: '\u007fELF nothing' });
    await expect(probeVersion(broken)).rejects.toMatchObject({ code: 'RUNTIME_BROKEN' });
  });

  test('is not waited for when preparing is ended', async () => {
    const closing = new AbortController();
    const asked = probeVersion(probe('sleep 600', closing.signal));
    closing.abort();
    await expect(asked).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await expect(probeVersion(probe('', closing.signal))).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

test('Python tells which of its tools it has', async () => {
  expect(await probePythonModules(probe('echo venv pip'))).toEqual({
    venv: true,
    ensurepip: false,
    pip: true,
  });
});
