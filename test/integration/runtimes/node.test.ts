import { mkdirSync, mkdtempSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { detectContainment } from '../../../src/agent/process/containment.ts';
import { createRunCommand } from '../../../src/agent/process/create-run-command.ts';
import type { RunCommand } from '../../../src/agent/process/run-command.ts';
import { fillWorkingCopy } from '../../../src/agent/runs/run-folders.ts';
import { createEnvironmentStore, type Environment } from '../../../src/agent/runtimes/environment-store.ts';
import { removeTree } from '../../../src/agent/runtimes/remove-tree.ts';
import { createRuntimeStore } from '../../../src/agent/runtimes/runtime-store.ts';
import { tarOf } from '../../helpers/tar-of.ts';
import { ASSET_LIMITS, openLabAsset } from './lab-asset.ts';

/** npm as npm itself tells it to what it runs: the tests. */
const npmCli = process.env.npm_execpath;

describe.skipIf(npmCli === undefined)('a Node.js environment', () => {
  const { signal } = new AbortController();
  const { node } = process.versions;
  let dir: string;
  let work: string;
  let runCommand: RunCommand;
  let environment: Environment;
  const logged: string[] = [];

  beforeAll(async () => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'kubot #nodé-')));
    runCommand = createRunCommand({ containment: await detectContainment() });
    const root = join(dir, 'node');
    for (const folder of ['bin', 'lib/node_modules']) mkdirSync(join(root, folder), { recursive: true });
    symlinkSync(process.execPath, join(root, 'bin', 'node'));
    symlinkSync(dirname(dirname(npmCli ?? '')), join(root, 'lib', 'node_modules', 'npm'));
    const runtime = await createRuntimeStore({
      dir: join(dir, 'runtimes'),
      openAsset: openLabAsset([]),
      runCommand,
      limits: ASSET_LIMITS,
      downloadTimeoutMs: 60_000,
      downloadIdleTimeoutMs: 60_000,
      localRuntimes: { nodejs: { [node]: root } },
      platform: process.platform,
      arch: process.arch,
    }).ensureRuntime({ robotId: 'robot', kind: 'nodejs', version: node, signal });
    const packageDir = join(dir, 'package');
    mkdirSync(packageDir);
    writeFileSync(join(packageDir, 'package.json'), '{"type":"module"}');
    writeFileSync(join(packageDir, 'dep.tgz'), dep());
    writeFileSync(
      join(packageDir, 'robot.mjs'),
      `import dep from 'dep';\nimport { createRequire } from 'node:module';\nconsole.log(dep, createRequire(import.meta.url)('dep'));\n`,
    );
    const install = 'npm install --offline --no-audit --no-fund --loglevel=error';
    const steps = [`${install} ./dep.tgz`, `${install} --global ./dep.tgz`, 'npm config get prefix'];
    environment = await createEnvironmentStore({
      dir: join(dir, 'environments'),
      runCommand,
      stepTimeoutMs: 600_000,
      platform: process.platform,
    }).ensureEnvironment({
      robotCode: 'INVOICES',
      packageDigest: 'pack',
      packageDir,
      manifest: {
        operations: [],
        tools: { nodejs: node },
        postInstall: steps.map((line, n) => ({ name: `Step ${n}`, shell: line })),
      },
      runtimes: [runtime],
      variables: ({ binDirs, homeDir, tmpDir }) => ({
        PATH: pathOf(binDirs),
        HOME: homeDir,
        TMPDIR: tmpDir,
        npm_config_cache: join(dir, 'cache'),
        npm_config_update_notifier: 'false',
      }),
      signal,
      onStep: () => {},
      log: (line) => logged.push(line),
      warn: (message) => {
        throw new Error(message);
      },
    });
    work = join(dir, 'work');
    mkdirSync(work);
    await fillWorkingCopy(environment.packageDir, work, environment.sharedEntries);
  });
  afterAll(() => removeTree(dir));

  async function shell(line: string): Promise<string> {
    let output = '';
    await runCommand({
      shell: { file: '/bin/sh', args: ['-c', line] },
      cwd: work,
      env: { PATH: pathOf(environment.binDirs), HOME: dir, npm_config_cache: join(dir, 'cache') },
      timeoutMs: 600_000,
      signal,
      onOutput: (_stream, chunk) => {
        output += chunk.toString('utf8');
      },
    });
    return output.trim();
  }

  test('has the runtime’s node, npm and npx, never the system’s', async () => {
    const here = await shell(
      'node -p "process.version"; for tool in node npm npx; do command -v $tool; done',
    );
    const bin = join(environment.dir, 'bin');
    expect(here.split('\n')).toEqual([`v${node}`, ...['node', 'npm', 'npx'].map((name) => join(bin, name))]);
    expect(await shell('npm --version')).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('has no Python, not even the system’s', async () => {
    expect(await shell('python3 --version; pip --version')).toBe(
      'kubot.yaml names no python under tools\nkubot.yaml names no python under tools',
    );
  });

  test('shares node_modules by a link that import and require follow', async () => {
    expect(environment.sharedEntries).toEqual(['node_modules']);
    expect(await shell('node robot.mjs')).toBe('dep says hello dep says hello');
    expect(statSync(join(work, 'node_modules', 'dep', 'index.js')).mode & 0o222).toBe(0);
  });

  test('has the programs of modules on PATH, by npx and in npm scripts', async () => {
    expect(await shell('dep-tool')).toBe('dep says hello');
    expect(await shell('npx --offline dep-tool')).toBe('dep says hello');
    expect(await shell('npm exec --offline dep-tool')).toBe('dep says hello');
  });

  test('keeps what is installed globally to itself, in a path that npm’s files need quoted', async () => {
    const prefix = join(environment.dir, 'npm-global');
    expect(logged.at(-1)).toBe(prefix);
    expect(await shell(`"${prefix}/bin/dep-tool"`)).toBe('dep says hello');
    expect(statSync(join(prefix, 'lib', 'node_modules', 'dep', 'index.js')).mode & 0o222).toBe(0);
  });
});

/** A module with a program, as npm packs one. */
function dep(): Buffer {
  const manifest = { name: 'dep', version: '1.0.0', main: 'index.js', bin: { 'dep-tool': 'tool.js' } };
  return gzipSync(
    tarOf([
      { path: 'package/package.json', content: JSON.stringify(manifest) },
      { path: 'package/index.js', content: "module.exports = 'dep says hello';\n" },
      {
        path: 'package/tool.js',
        content: "#!/usr/bin/env node\nconsole.log(require('./index.js'));\n",
        mode: 0o755,
      },
    ]),
  );
}

function pathOf(binDirs: readonly string[]): string {
  return [...binDirs, '/usr/bin', '/bin'].join(delimiter);
}
