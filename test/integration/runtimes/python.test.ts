import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { detectContainment } from '../../../src/agent/process/containment.ts';
import { createRunCommand } from '../../../src/agent/process/create-run-command.ts';
import type { RunCommand } from '../../../src/agent/process/run-command.ts';
import { fillWorkingCopy } from '../../../src/agent/runs/run-folders.ts';
import { rewritePth, SITE_CUSTOMIZE } from '../../../src/agent/runtimes/embeddable-pth.ts';
import {
  createEnvironmentStore,
  type Environment,
  type EnvironmentSpec,
} from '../../../src/agent/runtimes/environment-store.ts';
import { buildPythonEnvironment } from '../../../src/agent/runtimes/python-environment.ts';
import { removeTree } from '../../../src/agent/runtimes/remove-tree.ts';
import { createRuntimeStore, type InstalledRuntime } from '../../../src/agent/runtimes/runtime-store.ts';
import { findHostPython } from '../../../src/platform/assets/find-host-runtimes.ts';
import { zipOf } from '../../helpers/zip-of.ts';
import { ASSET_LIMITS, openLabAsset } from './lab-asset.ts';

const host = await findHostPython(process.env);
/** A hash-based pyc says so in its flags, and whether its source is looked at. */
const UNCHECKED = 1;
const CHECKED = 3;

describe.skipIf(host === null)('a Python environment', () => {
  const asked: string[] = [];
  const signal = new AbortController().signal;
  let dir: string;
  let runCommand: RunCommand;
  let commands: string[] = [];
  let runtime: InstalledRuntime;
  let spec: EnvironmentSpec;
  let environment: Environment;

  beforeAll(async () => {
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'kubot pythön-')));
    const really = createRunCommand({ containment: await detectContainment() });
    runCommand = (command) => {
      commands.push(String(command.shell));
      return really(command);
    };
    const open = openLabAsset(asked);
    runtime = await createRuntimeStore({
      dir: join(dir, 'runtimes'),
      openAsset: open,
      runCommand,
      limits: ASSET_LIMITS,
      downloadTimeoutMs: 600_000,
      downloadIdleTimeoutMs: 600_000,
      localRuntimes: {},
      platform: process.platform,
      arch: process.arch,
    }).ensureRuntime({ robotId: 'robot', kind: 'python', version: host?.version ?? '', signal });
    spec = await specOf(runtime);
    environment = await store().ensureEnvironment(spec);
  });
  afterAll(() => removeTree(dir));

  const store = () =>
    createEnvironmentStore({
      dir: join(dir, 'environments'),
      runCommand,
      stepTimeoutMs: 600_000,
      platform: process.platform,
    });

  async function specOf(python: InstalledRuntime): Promise<EnvironmentSpec> {
    const packageDir = join(dir, 'package');
    mkdirSync(packageDir);
    writeFileSync(join(packageDir, 'robot.py'), 'import rules\nprint(rules.RATE)\n');
    writeFileSync(join(packageDir, 'rules.py'), 'RATE = 21\n');
    writeFileSync(join(packageDir, 'broken.py'), 'this is a template {{ and no Python\n');
    writeFileSync(join(packageDir, 'dep-1.0-py3-none-any.whl'), await wheel());
    const steps = [
      'pip install --no-index ./dep-1.0-py3-none-any.whl',
      'mkdir -p "$HOME/.cache" && echo kept > "$HOME/.cache/browser"',
    ];
    return {
      robotCode: 'INVOICES',
      packageDigest: 'pack',
      packageDir,
      manifest: {
        operations: [],
        tools: { python: python.version },
        postInstall: steps.map((shell) => ({ name: shell.split(' ')[0] ?? '', shell })),
      },
      runtimes: [python],
      variables: ({ binDirs, homeDir, tmpDir }) => ({ PATH: pathOf(binDirs), HOME: homeDir, TMPDIR: tmpDir }),
      signal,
      onStep: () => {},
      log: () => {},
      warn: (message) => {
        throw new Error(message);
      },
    };
  }

  /** As a run sees it: the environment's PATH, and no bytecode written. */
  async function shell(line: string, cwd = dir, env: Record<string, string> = {}): Promise<string> {
    let output = '';
    await runCommand({
      shell: { file: '/bin/sh', args: ['-c', line] },
      cwd,
      env: { PATH: pathOf(environment.binDirs), HOME: dir, PYTHONDONTWRITEBYTECODE: '1', ...env },
      timeoutMs: 600_000,
      signal,
      onOutput: (_stream, chunk) => {
        output += chunk.toString('utf8');
      },
    });
    return output.trim();
  }

  const sitePackages = async () =>
    await shell(`python -c "import sysconfig; print(sysconfig.get_paths()['purelib'])"`);

  test('asks the platform for Python and, since that brings ensurepip, not for pip', () => {
    expect(asked).toEqual([`PYTHON ${host?.version} LINUX X86_64`]);
    expect(runtime).toMatchObject({
      version: host?.version,
      pipDir: null,
      modules: { venv: true, ensurepip: true },
    });
  });

  test('is a venv of the installed runtime at its final path, whatever name it is called by', async () => {
    const code = 'import sys; print(sys.prefix); print(sys.base_prefix)';
    for (const name of ['python', 'python3', `python${host?.version.split('.').slice(0, 2).join('.')}`]) {
      expect((await shell(`${name} -c "${code}"`)).split('\n')).toEqual([
        join(environment.dir, 'python'),
        runtime.root,
      ]);
    }
  });

  test('has a pip that works, by its shim and by its own script', async () => {
    const packages = await sitePackages();
    for (const pip of ['pip', 'pip3', `'${join(environment.dir, 'python', 'bin', 'pip')}'`])
      expect(await shell(`${pip} --version`)).toContain(`from ${packages}/pip`);
  });

  test('has what post-install installed, with its programs on PATH', async () => {
    expect(await shell('dep-tool')).toBe('dep says hello');
    expect(await shell('command -v dep-tool')).toBe(join(environment.dir, 'python', 'bin', 'dep-tool'));
  });

  test('has no Node.js, not even the system’s', async () => {
    expect(await shell('node --version; npm --version')).toBe(
      'kubot.yaml names no nodejs under tools\nkubot.yaml names no nodejs under tools',
    );
  });

  test('keeps what post-install left in its home', () => {
    expect(readFileSync(join(environment.homeDir ?? '', '.cache', 'browser'), 'utf8')).toBe('kept\n');
  });

  test('has bytecode that needs no look at its source, apart from the package’s own', async () => {
    const standard = await shell('python -c "import os; print(os.path.dirname(os.__file__))"');
    expect(flagsOf(standard, 'os')).toBe(UNCHECKED);
    expect(flagsOf(join(standard, 'venv'), '__init__')).toBe(UNCHECKED);
    const packages = await sitePackages();
    expect(flagsOf(join(packages, 'dep'), '__init__')).toBe(UNCHECKED);
    expect(flagsOf(join(packages, 'pip'), '__init__')).toBe(UNCHECKED);
    expect(flagsOf(environment.packageDir, 'rules')).toBe(CHECKED);
  });

  test('runs the new code of a module that a run changes in its working copy', async () => {
    const work = join(dir, 'work');
    mkdirSync(work);
    await fillWorkingCopy(environment.packageDir, work, environment.sharedEntries);
    expect(flagsOf(work, 'rules')).toBe(CHECKED);
    expect(await shell('python robot.py', work)).toBe('21');
    const { atime, mtime } = statSync(join(work, 'rules.py'));
    writeFileSync(join(work, 'rules.py'), 'RATE = 10\n');
    utimesSync(join(work, 'rules.py'), atime, mtime);
    expect(await shell('python robot.py', work)).toBe('10');
    expect(readFileSync(join(environment.packageDir, 'rules.py'), 'utf8')).toBe('RATE = 21\n');
  });

  test('is shared read-only, and using it changes nothing', async () => {
    const module = join(await sitePackages(), 'dep', '__init__.py');
    expect(statSync(module).mode & 0o222).toBe(0);
    expect(statSync(runtime.executable).mode & 0o222).toBe(0);
    await shell('python -c "import dep" && pip list', environment.packageDir);
    expect(await store().isUsable(environment)).toBe(true);
  });

  test('is there at once the second time, for the next agent too', async () => {
    commands = [];
    expect(await store().ensureEnvironment(spec)).toEqual(environment);
    expect(commands).toEqual([]);
  });

  test('has a pip that works also where that is copied in from the platform', async () => {
    const bare = { ...runtime, modules: { venv: true, ensurepip: false, pip: false } };
    const pipDir = join(dir, 'pip');
    cpSync(join(await sitePackages(), 'pip'), join(pipDir, 'pip'), { recursive: true });
    const made = join(dir, 'with pip');
    await buildPythonEnvironment({
      runtime: { ...bare, pipDir },
      dir: made,
      platform: process.platform,
      runCommand,
      env: { PATH: '/usr/bin:/bin', HOME: dir },
      installEnv: () => ({}),
      cwd: dir,
      timeoutMs: 600_000,
      signal,
      log: () => {},
    });
    expect(await shell(`'${join(made, 'bin', 'python')}' -m pip --version`)).toContain(`from ${made}/`);
  });

  test('is of no more use once somebody wrote into it all the same', async () => {
    utimesSync(join(await sitePackages(), 'dep', '__init__.py'), 1, 1);
    expect(await store().isUsable(environment)).toBe(false);
  });

  describe.skipIf(!knowsPth(host?.version))('isolated by a ._pth, as Windows’ embeddable one', () => {
    const [major, minor] = (host?.version ?? '').split('.');
    let python: string;
    let robot: string;

    beforeAll(() => {
      const bin = join(dir, 'embeddable', 'bin');
      mkdirSync(join(bin, 'kubot-site'), { recursive: true });
      python = join(bin, `python${major}.${minor}`);
      cpSync(realpathSync(runtime.executable), python);
      const lib = join(runtime.root, 'lib');
      symlinkSync(lib, join(dir, 'embeddable', 'lib'));
      symlinkSync(join(lib, `python${major}.${minor}`), join(bin, `python${major}${minor}.zip`));
      writeFileSync(join(bin, 'kubot-site', 'sitecustomize.py'), SITE_CUSTOMIZE);
      const original = `python${major}${minor}.zip\r\n.\r\n#import site\r\n`;
      writeFileSync(`${python}._pth`, original);
      robot = join(dir, 'robot');
      mkdirSync(join(robot, 'tasks'), { recursive: true });
      mkdirSync(join(dir, 'extra'));
      writeFileSync(join(robot, 'beside.py'), 'NAME = "beside"\n');
      writeFileSync(join(robot, 'tasks', 'inner.py'), 'NAME = "inner"\n');
      writeFileSync(join(robot, 'tasks', 'main.py'), 'import inner, sys; print(inner.NAME, sys.argv[1:])\n');
      writeFileSync(
        join(robot, 'tasks', 'module.py'),
        'import beside, sys; print(beside.NAME, sys.argv[1:])\n',
      );
      writeFileSync(join(dir, 'extra', 'further.py'), 'NAME = "further"\n');
    });

    const CALLS = [
      ['-m tasks.module --flag', "beside ['--flag']"],
      ['-um tasks.module', 'beside []'],
      ['-X utf8 tasks/main.py -m x', "inner ['-m', 'x']"],
      ['-c "import beside; print(beside.NAME)"', 'beside'],
      ['-c "import further; print(further.NAME)"', 'further'],
      ['- < tasks/stdin.py', 'beside'],
    ] as const;
    const env = () => ({ PYTHONPATH: ['', join(dir, 'extra')].join(delimiter) });

    test('finds nothing beside the script or in the working directory as it is shipped', async () => {
      expect(await shell(`'${python}' -m tasks.module; '${python}' tasks/main.py`, robot, env())).toMatch(
        /No module named '?tasks[\s\S]*No module named 'inner'/,
      );
    });

    test.each(CALLS)('finds what any Python finds once rewritten: %s', async (args, printed) => {
      writeFileSync(join(robot, 'tasks', 'stdin.py'), 'import beside; print(beside.NAME)\n');
      const original = readFileSync(`${python}._pth`, 'utf8');
      writeFileSync(`${python}._pth`, rewritePth(original, 'kubot-site'));
      expect(await shell(`'${python}' ${args}`, robot, env())).toBe(printed);
    });
  });
});

/** A module, and a program that calls it. */
async function wheel(): Promise<Buffer> {
  const info = 'dep-1.0.dist-info';
  return await zipOf({
    'dep/__init__.py': 'def main():\n    print("dep says hello")\n',
    [`${info}/METADATA`]: 'Metadata-Version: 2.1\nName: dep\nVersion: 1.0\n',
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/entry_points.txt`]: '[console_scripts]\ndep-tool = dep:main\n',
    [`${info}/RECORD`]: '',
  });
}

function pathOf(binDirs: readonly string[]): string {
  return [...binDirs, '/usr/bin', '/bin'].join(delimiter);
}

/** The flags of a module's bytecode. */
function flagsOf(folder: string, module: string): number {
  const cache = join(folder, '__pycache__');
  const name = readdirSync(cache).find((file) => file.startsWith(`${module}.cpython-`));
  return readFileSync(join(cache, name ?? '')).readUInt32LE(4);
}

/** Other systems than Windows read it since 3.11. */
function knowsPth(version = '0.0'): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 11);
}
