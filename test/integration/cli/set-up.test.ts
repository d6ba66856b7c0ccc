import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const project = resolve(import.meta.dirname, '../../..');

/** A checkout with the entries of ours, a library to install that needs no network, and a program that answers. */
let root: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'kubot checkout é-')));
  cpSync(join(project, 'scripts/set-up.mjs'), join(root, 'scripts/set-up.mjs'));
  cpSync(join(project, 'bin/kubot'), join(root, 'bin/kubot'));
  mkdirSync(join(root, 'library'));
  mkdirSync(join(root, 'src/cli'), { recursive: true });
  writeFileSync(join(root, 'library/package.json'), '{"name":"library","version":"1.0.0"}');
  const dependencies = { library: 'file:library' };
  writeFileSync(
    join(root, 'package.json'),
    JSON.stringify({ name: 'checkout', version: '1.0.0', type: 'module', dependencies }),
  );
  writeFileSync(
    join(root, 'package-lock.json'),
    JSON.stringify({
      name: 'checkout',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: {
        '': { name: 'checkout', version: '1.0.0', dependencies },
        library: { version: '1.0.0' },
        'node_modules/library': { resolved: 'library', link: true },
      },
    }),
  );
  cpSync(join(import.meta.dirname, 'program.ts'), join(root, 'src/cli/main.ts'));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

function run(file: string, args: string[], env: Record<string, string> = {}, cwd = root): Promise<Result> {
  return new Promise((done) => {
    const child = execFile(file, args, { cwd, env: environment(env) }, (_error, stdout, stderr) =>
      done({ code: child.exitCode, stdout, stderr }),
    );
    children.push(child);
  });
}

function environment(more: Record<string, string>): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, npm_config_offline: 'true', npm_config_update_notifier: 'false', ...more };
}

const setUp = (...args: string[]) => run(process.execPath, [join(root, 'scripts/set-up.mjs'), ...args]);
const kubot = (args: string[], env: Record<string, string> = {}, cwd = root) =>
  run(join(root, 'bin/kubot'), args, env, cwd);

describe('the set-up', () => {
  test('installs what the lock file says, on stderr, once', async () => {
    const first = await setUp('--', 'src/cli/main.ts', 'arguments');
    expect(first.stderr).toContain('Setting up KuBot Runner');
    expect(first).toMatchObject({ code: 0, stdout: '["arguments"]\n' });
    expect(existsSync(join(root, 'node_modules/library/package.json'))).toBe(true);
    expect(await setUp('--', 'src/cli/main.ts', 'arguments')).toEqual({ ...first, stderr: '' });
  });

  test('installs anew when the lock file has changed, not when it was only touched', async () => {
    await setUp();
    const lock = join(root, 'package-lock.json');
    const later = new Date(Date.now() + 5000);
    utimesSync(lock, later, later);
    expect((await setUp()).stderr).toBe('');
    writeFileSync(lock, `${readFileSync(lock, 'utf8')}\n`);
    expect((await setUp()).stderr).toContain('Setting up KuBot Runner');
  });

  test('of two at once one waits and says so, and one installs', async () => {
    mkdirSync(join(root, '.cache'));
    const lock = join(root, '.cache/set-up.lock');
    writeFileSync(lock, String(process.pid));
    const waiting = spawn(process.execPath, [join(root, 'scripts/set-up.mjs')], {
      cwd: root,
      env: environment({}),
    });
    children.push(waiting);
    const [said] = await once(waiting.stderr, 'data');
    expect(String(said)).toContain('Another set-up of this checkout is running');
    rmSync(lock);
    expect(await once(waiting, 'exit')).toEqual([0, null]);
    expect(existsSync(lock)).toBe(false);
  });

  test('takes over from one that died', async () => {
    const dead = spawn(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    mkdirSync(join(root, '.cache'));
    writeFileSync(join(root, '.cache/set-up.lock'), String(dead.pid));
    expect(await setUp()).toMatchObject({ code: 0 });
  });

  test('that fails says so and leaves no mark', async () => {
    writeFileSync(join(root, 'package-lock.json'), '{}');
    const result = await setUp('--', 'src/cli/main.ts');
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('npm ci failed with exit code');
    expect(existsSync(join(root, 'node_modules/.kubot-set-up'))).toBe(false);
  });

  test('passes on the exit code and TERM', async () => {
    expect(await setUp('--', 'src/cli/main.ts', 'exit', '7')).toMatchObject({ code: 7 });
    const child = spawn(
      process.execPath,
      [join(root, 'scripts/set-up.mjs'), '--', 'src/cli/main.ts', 'wait'],
      { cwd: root, env: environment({}), stdio: ['ignore', 'pipe', 'inherit'] },
    );
    children.push(child);
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([42, null]);
  });
});

describe.skipIf(process.platform === 'win32')('bin/kubot', () => {
  test('sets a fresh checkout up on stderr, and is silent afterwards', async () => {
    const first = await kubot(['a', 'b c', '$HOME', '--json']);
    expect(first).toMatchObject({ code: 0, stdout: '["a","b c","$HOME","--json"]\n' });
    expect(first.stderr).toContain('Setting up');
    expect((await kubot(['x'])).stderr).toBe('');
  });

  test('works through links, keeps the working directory and passes the exit code on', async () => {
    await setUp();
    const elsewhere = join(root, 'else where');
    mkdirSync(elsewhere);
    symlinkSync('../bin/kubot', join(elsewhere, 'relative'));
    symlinkSync(join(elsewhere, 'relative'), join(elsewhere, 'absolute'));
    const result = await run(join(elsewhere, 'absolute'), ['cwd'], {}, elsewhere);
    expect(result).toMatchObject({ code: 0, stdout: `${elsewhere}\n` });
    expect(await kubot(['exit', '10'])).toMatchObject({ code: 10 });
  });

  test('becomes the program: a signal reaches it', async () => {
    await setUp();
    const child = spawn(join(root, 'bin/kubot'), ['wait'], {
      cwd: root,
      env: environment({}),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const [pid] = await once(child.stdout, 'data');
    expect(Number(pid)).toBe(child.pid);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([42, null]);
  });

  test('hands the secret over where the environment does not show it', async () => {
    await setUp();
    const secret = 's3c"r$et `x` \\n é';
    const result = await kubot(['secret'], { KUBOT_CLIENT_SECRET: secret });
    expect(JSON.parse(result.stdout)).toEqual({
      descriptor: '9',
      text: `${secret}\n`,
      variable: null,
      isShown: process.platform === 'linux' ? false : null,
    });
  });

  test('an empty secret counts as unset', async () => {
    await setUp();
    const result = await kubot(['secret'], { KUBOT_CLIENT_SECRET: '', KUBOT_SECRET_FD: '9' });
    expect(JSON.parse(result.stdout)).toMatchObject({ descriptor: null, text: null, variable: null });
  });

  test('starts the program with the same options for Node as the set-up does', async () => {
    const options = '["--max-semi-space-size=4"]\n';
    expect((await setUp('--', 'src/cli/main.ts', 'options')).stdout).toBe(options);
    expect((await kubot(['options'])).stdout).toBe(options);
  });

  test('does not take the caller’s options for Node', async () => {
    const result = await kubot(['variables'], { NODE_OPTIONS: '--no-such-option', INIT_CWD: '/x' });
    expect(result).toMatchObject({ code: 0, stdout: '[]\n' });
  });
});
