import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RunCommand } from '../../../../src/agent/process/run-command.ts';
import {
  createEnvironmentStore,
  type EnvironmentSpec,
  environmentKey,
} from '../../../../src/agent/runtimes/environment-store.ts';
import { removeTree } from '../../../../src/agent/runtimes/remove-tree.ts';
import type { InstalledRuntime } from '../../../../src/agent/runtimes/runtime-store.ts';
import { makeTestDir, makeTree, runCommand } from './make-tree.ts';

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let dir: string;
let commands: number;
beforeEach(() => {
  dir = makeTestDir();
  commands = 0;
  makeTree(dir, {
    'package/kubot.yaml': 'operations: []\n',
    'package/robot.mjs': 'robot',
    'node/bin/node': '#!/bin/sh\necho v20.11.1\n',
    'node/lib/node_modules/npm/bin/npm-cli.js': '',
  });
});
afterEach(() => removeTree(dir));

const counting: RunCommand = (spec) => {
  commands++;
  return runCommand(spec);
};

function store(stepTimeoutMs = 60_000) {
  return createEnvironmentStore({
    dir: join(dir, 'environments'),
    runCommand: counting,
    stepTimeoutMs,
    platform: process.platform,
  });
}

function nodeRuntime(): InstalledRuntime {
  const root = join(dir, 'node');
  return {
    kind: 'nodejs',
    requestedVersion: '20.11.1',
    version: '20.11.1',
    digest: 'n0de',
    root,
    executable: join(root, 'bin', 'node'),
    binDir: join(root, 'bin'),
    embeddable: false,
    modules: null,
    pipDir: null,
  };
}

interface Watched extends EnvironmentSpec {
  steps: string[];
  logged: string[];
  warnings: string[];
}

/** A package with these post-install steps, and what was told while it was made ready. */
function spec(shells: string[] = [], more: Partial<EnvironmentSpec> = {}): Watched {
  const steps: string[] = [];
  const logged: string[] = [];
  const warnings: string[] = [];
  return {
    robotCode: 'INVOICES',
    packageDigest: 'pack',
    packageDir: join(dir, 'package'),
    manifest: {
      operations: [],
      tools: {},
      postInstall: shells.map((shell, n) => ({ name: `Step ${n + 1}`, shell })),
    },
    runtimes: [nodeRuntime()],
    variables: ({ binDirs, homeDir, tmpDir, workDir }) => ({
      PATH: [...binDirs, '/usr/bin', '/bin'].join(':'),
      HOME: homeDir,
      TMPDIR: tmpDir,
      WORK: workDir,
    }),
    signal: new AbortController().signal,
    onStep: ({ name }) => steps.push(name),
    log: (line) => logged.push(line),
    warn: (message) => warnings.push(message),
    steps,
    logged,
    warnings,
    ...more,
  };
}

const environments = () => readdirSync(join(dir, 'environments'));

describe('an environment', () => {
  test('is the package as post-install left it, at the place that its key names', async () => {
    const made = spec(['echo built > made.txt; node; pwd']);
    const environment = await store().ensureEnvironment(made);
    const key = environmentKey(made, process.platform);
    const root = join(dir, 'environments', key);
    expect(environment).toEqual({
      key,
      dir: root,
      packageDir: join(root, 'package'),
      binDirs: [
        join(root, 'bin'),
        join(root, 'package', 'node_modules', '.bin'),
        join(root, 'npm-global', 'bin'),
        join(dir, 'node', 'bin'),
      ],
      homeDir: null,
      sharedEntries: [],
      runtimes: { nodejs: '20.11.1' },
    });
    expect(readFileSync(join(environment.packageDir, 'made.txt'), 'utf8')).toBe('built\n');
    expect(existsSync(join(dir, 'package', 'made.txt'))).toBe(false);
    expect(made.logged).toEqual(['v20.11.1', join(root, 'package')]);
    expect(made.steps).toEqual(['post-install: Step 1']);
    expect(existsSync(join(root, 'tmp'))).toBe(false);
  });

  test('keeps what post-install left in its home', async () => {
    const { homeDir } = await store().ensureEnvironment(spec(['mkdir -p "$HOME/.cache/browser"']));
    expect(readdirSync(join(homeDir ?? '', '.cache'))).toEqual(['browser']);
  });

  test('is made once for all who wait, and then only looked at, also by the next agent', async () => {
    const asked = spec(['sleep 0.2']);
    const first = store();
    const [one, ...others] = await Promise.all([1, 2, 3].map(() => first.ensureEnvironment(asked)));
    const marker = statSync(join(one?.dir ?? '', 'environment.json')).mtimeMs;
    others.push(await first.ensureEnvironment(asked), await store().ensureEnvironment(asked));
    expect(others).toEqual([one, one, one, one]);
    expect(commands).toBe(1);
    expect(statSync(join(one?.dir ?? '', 'environment.json')).mtimeMs).toBe(marker);
  });

  test('has no runtime’s shims but failing ones where the manifest names no tools', async () => {
    const without = spec(['python --version; node --version; true'], { runtimes: [] });
    await store().ensureEnvironment(without);
    expect(without.logged).toEqual([
      'kubot.yaml names no python under tools',
      'kubot.yaml names no nodejs under tools',
    ]);
  });

  test('shares node_modules read-only, and global modules and shims too', async () => {
    const install = 'mkdir -p node_modules/dep && echo dep > node_modules/dep/index.js';
    const { sharedEntries, dir: root } = await store().ensureEnvironment(spec([install]));
    expect(sharedEntries).toEqual(['node_modules']);
    for (const path of [
      'package/node_modules/dep/index.js',
      'package/node_modules',
      'npm-global',
      'bin/node',
    ])
      expect(statSync(join(root, path)).mode & 0o222).toBe(0);
    expect(statSync(join(root, 'package', 'robot.mjs')).mode & 0o200).toBe(0o200);
  });

  test('does not protect what a node_modules that is a link leads to', async () => {
    makeTree(dir, { 'outside/dep.js': 'x' });
    const link = spec([`ln -s "${join(dir, 'outside')}" node_modules`]);
    expect((await store().ensureEnvironment(link)).sharedEntries).toEqual([]);
    expect(statSync(join(dir, 'outside', 'dep.js')).mode & 0o200).toBe(0o200);
  });
});

describe('an environment that is not whole', () => {
  test('is wiped and made anew, as a crash leaves no marker', async () => {
    const before = await store().ensureEnvironment(spec());
    rmSync(join(before.dir, 'environment.json'));
    makeTree(before.dir, { 'package/rubbish': 'x' });
    const again = spec();
    expect(await store().ensureEnvironment(again)).toEqual(before);
    expect(existsSync(join(before.dir, 'package', 'rubbish'))).toBe(false);
    expect(again.warnings).toEqual([]);
  });

  test.each(['', '{"homeDir":', '{}'])('has a marker that is not ours: %j', async (marker) => {
    const { dir: root } = await store().ensureEnvironment(spec());
    makeTree(root, { 'environment.json': marker, 'package/rubbish': 'x' });
    await store().ensureEnvironment(spec());
    expect(existsSync(join(root, 'package', 'rubbish'))).toBe(false);
  });

  test('is one that was moved, since paths in it are absolute', async () => {
    await store().ensureEnvironment(spec());
    const elsewhere = createEnvironmentStore({
      dir: join(dir, 'elsewhere'),
      runCommand,
      stepTimeoutMs: 60_000,
      platform: process.platform,
    });
    renameSync(join(dir, 'environments'), join(dir, 'elsewhere'));
    const moved = spec();
    const { dir: root, key } = await elsewhere.ensureEnvironment(moved);
    expect(root).toBe(join(dir, 'elsewhere', key));
    expect(readFileSync(join(root, 'bin', 'npm'), 'utf8')).toContain(join(root, 'npmrc'));
    expect(moved.warnings).toEqual([]);
  });

  test('is swept, and a whole one stays', async () => {
    const { key } = await store().ensureEnvironment(spec());
    makeTree(join(dir, 'environments', 'half'), { 'package/robot.mjs': '' });
    await store().sweep();
    expect(environments()).toEqual([key]);
  });
});

describe('an environment that somebody wrote into', () => {
  const install = 'mkdir node_modules && echo good > node_modules/dep.js';
  const touch = (path: string) => utimesSync(path, 1, 1);

  test('is made anew beside it, with a warning, and left to the runs that use it', async () => {
    const first = store();
    const before = await first.ensureEnvironment(spec([install]));
    expect(await first.isUsable(before)).toBe(true);
    const touched = join(before.packageDir, 'node_modules', 'dep.js');
    touch(touched);
    expect(await first.isUsable(before)).toBe(false);
    const again = spec([install]);
    const after = await first.ensureEnvironment(again);
    expect(after.dir).not.toBe(before.dir);
    expect(after.key).toBe(before.key);
    expect(again.warnings).toEqual([
      `A run wrote into the shared environment (${touched}), which is made anew.`,
    ]);
    expect(existsSync(touched)).toBe(true);
    expect(await first.isUsable(after)).toBe(true);
    expect(await store().ensureEnvironment(spec([install]))).toEqual(after);
    await store().sweep();
    expect(environments()).toEqual([`${after.key}-2`]);
  });

  test('takes the first place again when it happens to the second', async () => {
    const first = store();
    const dirs: string[] = [];
    for (let round = 0; round < 3; round++) {
      const { dir: root, packageDir } = await first.ensureEnvironment(spec([install]));
      dirs.push(root);
      touch(join(packageDir, 'node_modules', 'dep.js'));
    }
    const [one, two] = dirs;
    expect(dirs).toEqual([one, two, one]);
    expect(two).toBe(`${one}-2`);
  });

  test('is noticed where the list of its files is lost', async () => {
    const { dir: root } = await store().ensureEnvironment(spec([install]));
    rmSync(join(root, 'stamps.txt'));
    const again = spec([install]);
    await store().ensureEnvironment(again);
    expect(again.warnings).toHaveLength(1);
  });
});

describe('a post-install that fails', () => {
  test('leaves nothing, tells its last lines, and is tried anew when asked again', async () => {
    const flag = join(dir, 'may work');
    const steps = ['echo one', `[ -e "${flag}" ] || { echo no index >&2; exit 7; }`, 'echo three'];
    const failing = spec(steps);
    await expect(store().ensureEnvironment(failing)).rejects.toMatchObject({
      code: 'POST_INSTALL_FAILED',
      message: 'The post-install step "Step 2" ended with exit code 7. Its last lines: no index',
      details: { step: 'Step 2', exitCode: 7, signal: null, lastLines: ['no index'] },
    });
    expect(failing.steps).toEqual(['post-install: Step 1', 'post-install: Step 2']);
    expect(environments()).toEqual([]);
    makeTree(dir, { 'may work': '' });
    await store().ensureEnvironment(spec(steps));
    expect(environments()).toHaveLength(1);
  });

  test('is told to all who waited for it', async () => {
    const failing = spec(['sleep 0.2; exit 1']);
    const one = store();
    const ends = await Promise.allSettled([1, 2].map(() => one.ensureEnvironment(failing)));
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(commands).toBe(1);
  });

  test('for want of time leaves nothing', async () => {
    await expect(store(300).ensureEnvironment(spec(['sleep 600']))).rejects.toMatchObject({
      message: 'The post-install step "Step 1" took longer than 0.3 s.',
    });
    expect(environments()).toEqual([]);
  });

  test('because the agent closes leaves nothing and is nobody’s fault', async () => {
    const closing = new AbortController();
    const log = () => closing.abort();
    const asked = store().ensureEnvironment(spec(['echo on; sleep 600'], { signal: closing.signal, log }));
    await expect(asked).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(environments()).toEqual([]);
  });
});
