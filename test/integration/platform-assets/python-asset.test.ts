import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { extract, list } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Asset, AssetRequest } from '../../../src/platform/asset-provider.ts';
import { createAssetProvider } from '../../../src/platform/assets/create-asset-provider.ts';
import { relocateElf } from '../../../src/platform/assets/elf.ts';
import { type Interpreter, isComplete, listInterpreters } from '../../../src/platform/assets/interpreters.ts';
import { layOutPython, pythonPath } from '../../../src/platform/assets/python-layout.ts';

const run = promisify(execFile);

const interpreters = (await listInterpreters(process.env)).filter(isComplete);
const canHide =
  process.getuid?.() === 0 &&
  (await run('unshare', ['-m', 'true']).then(
    () => true,
    () => false,
  ));

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-python-'));
});

afterAll(() => rm(dir, { recursive: true, force: true }));

describe.skipIf(interpreters.length === 0)('Python packed from this host', () => {
  // One that loads libpython from a folder of its own and one that has it linked in are packed differently.
  const kinds = [
    interpreters.find((found) => found.libpythonPath !== null),
    interpreters.find((found) => found.libpythonPath === null),
  ].filter((found) => found !== undefined);

  describe.each(kinds)('$version from $path', (interpreter) => {
    let asset: Asset | null;
    let rootDir: string;

    beforeAll(async () => {
      asset = await provider(`cache-${interpreter.version}`, interpreter).find(request(interpreter.version));
      rootDir = join(dir, interpreter.version);
      await mkdir(rootDir);
      await extract({ file: asset?.path ?? '', cwd: rootDir });
    });

    it('is the version asked for', async () => {
      expect(asset?.version).toBe(interpreter.version);
      const { stdout } = await run(join(rootDir, 'python', 'bin', 'python3'), ['--version']);
      expect(stdout.trim()).toBe(`Python ${interpreter.version}`);
    });

    it('holds what environments need, and no tests, caches or installed packages', async () => {
      const entries: string[] = [];
      await list({ file: asset?.path ?? '', onReadEntry: (entry) => entries.push(entry.path) });
      expect(
        entries.filter((path) => /__pycache__|\/tests?\/|-packages\/.|EXTERNALLY-MANAGED/.test(path)),
      ).toEqual([]);
      for (const wanted of [
        /\/venv\/__init__\.py$/,
        /\/ensurepip\/_bundled\/pip-.*\.whl$/,
        /\/_sysconfigdata_.*\.py$/,
      ]) {
        expect(entries.some((path) => wanted.test(path))).toBe(true);
      }
    });

    it.skipIf(!canHide)('makes environments that run with the original hidden', async () => {
      const script = `${hide(interpreter)}
        "$1/python/bin/python3" -m venv "$1/environment"
        "$1/environment/bin/pip" --version >&2
        exec "$1/environment/bin/python" -c 'import ssl, sys, platform; print(platform.python_version(), sys.base_prefix)'`;
      const { stdout } = await run('unshare', ['-m', 'sh', '-ec', script, 'sh', rootDir]);
      expect(stdout.trim()).toBe(`${interpreter.version} ${join(rootDir, 'python')}`);
    });

    it('is the same, byte for byte, when it is made again', async () => {
      const again = await provider(`again-${interpreter.version}`, interpreter).find(
        request(interpreter.version),
      );
      const [first, second] = await Promise.all([readFile(asset?.path ?? ''), readFile(again?.path ?? '')]);
      expect(first.equals(second)).toBe(true);
    });

    it('stands in for another version of its minor, and not for another minor', async () => {
      const logged: object[] = [];
      const served = provider(`cache-${interpreter.version}`, interpreter, logged);
      const minor = interpreter.version.split('.').slice(0, 2).join('.');
      const substitute = await served.find(request(`${minor}.99`));
      expect(substitute?.version.startsWith(`${minor}.`)).toBe(true);
      expect(logged).toContainEqual({ ...request(`${minor}.99`), served: substitute?.version });
      expect(await served.find(request('3.99.1'))).toBeNull();
    });
  });

  const dynamic = interpreters.find((found) => found.libpythonPath !== null);

  it.skipIf(dynamic === undefined)(
    'loads its own libpython also where only its name can be rewritten',
    async () => {
      if (dynamic?.libpythonPath == null) return;
      const stageDir = join(dir, 'alias');
      await layOutPython(dynamic, stageDir);
      const bytes = await readFile(dynamic.path);
      const libDir = join(stageDir, 'python', dynamic.libraryDirName);
      const isRelocated = relocateElf(bytes, {
        runpath: 'longer than any path'.repeat(300),
        libraryName: basename(dynamic.libpythonPath),
        libraryAlias: '$ORIGIN/../p.so',
      });
      expect(isRelocated).toBe(true);
      await writeFile(pythonPath(stageDir, dynamic), bytes);
      await symlink(join(libDir, basename(dynamic.libpythonPath)), join(stageDir, 'python', 'p.so'));
      const code =
        'print({l.split(None, 5)[5].strip() for l in open("/proc/self/maps") if "libpython" in l})';
      const { stdout } = await run(pythonPath(stageDir, dynamic), ['-I', '-c', code]);
      expect(stdout.trim()).toBe(`{'${join(libDir, basename(dynamic.libpythonPath))}'}`);
    },
  );

  it('serves pip as a wheel that runs without being installed', async () => {
    const python = interpreters[0];
    const asset = await provider('pip', python).find({
      ...request(python?.version ?? ''),
      type: 'PYTHON_PIP',
    });
    const { stdout } = await run(python?.path ?? '', [join(asset?.path ?? '', 'pip'), '--version']);
    expect(stdout).toContain(asset?.path);
  });

  it('tells a pip that does not exist from one that cannot be fetched now', async () => {
    const pip: AssetRequest = { ...request('99.1'), type: 'PYTHON_PIP' };
    const unreachable = { PIP_INDEX_URL: 'http://127.0.0.1:9/', PIP_RETRIES: '1' };
    await expect(provider('no-pip', undefined, [], unreachable).find(pip)).rejects.toThrow('pip==99.1');
    const emptyIndex = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: dir };
    expect(await provider('no-pip', undefined, [], emptyIndex).find(pip)).toBeNull();
  });

  it('has none for another system or a narrower processor', async () => {
    const version = interpreters[0]?.version ?? '';
    for (const other of [
      { platform: 'WINDOWS' },
      { platform: 'MAC_OS' },
      { architecture: 'X86_32' },
    ] as const) {
      expect(await provider('other').find({ ...request(version), ...other })).toBeNull();
    }
  });
});

function request(version: string): AssetRequest {
  return { type: 'PYTHON', version, platform: 'LINUX', architecture: 'X86_64' };
}

/** A provider whose search starts at one interpreter, so that it is the one taken among equals. */
function provider(cacheName: string, first?: Interpreter, logged: object[] = [], extra = {}) {
  const PATH = [...(first === undefined ? [] : [dirname(first.path)]), process.env.PATH].join(':');
  return createAssetProvider({
    cacheDir: join(dir, cacheName),
    environment: { ...process.env, PATH, ...extra },
    log: (_message, fields) => logged.push(fields),
  });
}

function hide({ stdlibDir, libpythonPath }: Interpreter): string {
  const library = libpythonPath === null ? '' : `mount --bind /dev/null '${libpythonPath}'`;
  return `mount -t tmpfs none '${stdlibDir}'\n${library}`;
}
