import { readdir, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { runTool } from '../spawn-tool.ts';
import type { ToolEnvironment } from './npm-registry.ts';

const Interpreter = z.object({
  version: z.string().regex(/^3\.\d+\.\d+/),
  /** The real executable, behind links and shims. */
  path: z.string(),
  /** Name of the folder of libraries, compiled in: `lib`, or `lib64` on Fedora. */
  libraryDirName: z.string(),
  stdlibDir: z.string(),
  /** The shared libpython that the executable has loaded; null: it is linked in. */
  libpythonPath: z.string().nullable(),
  bits: z.number(),
  hasVenv: z.boolean(),
  hasEnsurepip: z.boolean(),
  /** Wheels that ensurepip installs: pip, and setuptools with older versions. */
  wheelPaths: z.array(z.string()),
});

/** One CPython of this host, as it describes itself. */
export type Interpreter = z.infer<typeof Interpreter>;

/** True when environments with pip can be made from it. Debian has these parts in a package of their own. */
export function isComplete(interpreter: Interpreter): boolean {
  return interpreter.hasVenv && interpreter.hasEnsurepip && findPipWheel(interpreter) !== null;
}

/** The pip that an interpreter brings along. */
export function findPipWheel({ wheelPaths }: Interpreter): { path: string; version: string } | null {
  for (const path of wheelPaths) {
    const version = /[\\/]pip-([^-\\/]+)-[^\\/]*\.whl$/.exec(path)?.[1];
    if (version !== undefined) return { path, version };
  }
  return null;
}

/**
 * The CPython 3 interpreters of this host, in the order in which a person's shell would find them; then those
 * of pyenv and uv. `minor`, such as "3.11", leaves out those whose names say another one.
 * Empty on Windows and macOS: there an interpreter cannot be packed by copying.
 */
export async function listInterpreters(environment: ToolEnvironment, minor?: string): Promise<Interpreter[]> {
  const paths = await listCandidates(environment, minor);
  const found = await Promise.all(paths.map((path) => probeInterpreter(path, environment)));
  const byPath = new Map(
    found.flatMap((interpreter) => (interpreter ? [[interpreter.path, interpreter]] : [])),
  );
  return [...byPath.values()].filter(({ version }) => minor === undefined || version.startsWith(`${minor}.`));
}

/** The first of `listInterpreters` that is accepted; those after it are not started. */
export async function findInterpreter(
  environment: ToolEnvironment,
  accepts: (interpreter: Interpreter) => boolean,
): Promise<Interpreter | null> {
  for (const path of await listCandidates(environment)) {
    const interpreter = await probeInterpreter(path, environment);
    if (interpreter !== null && accepts(interpreter)) return interpreter;
  }
  return null;
}

async function listCandidates(environment: ToolEnvironment, minor?: string): Promise<string[]> {
  if (process.platform !== 'linux') return [];
  const candidates = new Set<string>();
  for (const dir of await listFolders(environment)) {
    const names = await readdir(dir).catch((): string[] => []);
    const versioned = names.filter((name) => VERSIONED_NAME.test(name)).sort();
    const wanted = minor === undefined ? versioned : versioned.filter((name) => name === `python${minor}`);
    for (const name of ['python3', 'python', ...wanted]) {
      const path = names.includes(name) ? await realpath(join(dir, name)).catch(() => null) : null;
      if (path !== null) candidates.add(path);
    }
  }
  return [...candidates];
}

const VERSIONED_NAME = /^python3\.\d+$/;

async function listFolders(environment: ToolEnvironment): Promise<string[]> {
  const home = environment.HOME ?? '';
  const pyenvDir = environment.PYENV_ROOT || join(home, '.pyenv');
  const managed = [join(pyenvDir, 'versions'), join(home, '.local', 'share', 'uv', 'python')];
  const children = await Promise.all(
    managed.map(async (dir) =>
      (await readdir(dir).catch((): string[] => [])).map((name) => join(dir, name, 'bin')),
    ),
  );
  const onPath = (environment.PATH ?? '').split(delimiter).filter((dir) => dir !== '');
  return [...new Set([...onPath, '/usr/local/bin', '/usr/bin', ...children.flat()])];
}

async function probeInterpreter(path: string, environment: ToolEnvironment): Promise<Interpreter | null> {
  const { exitCode, stdout } = await runTool(path, ['-I', '-S', '-B', '-c', PROBE], {
    environment,
    timeoutMs: 10_000,
  });
  if (exitCode !== 0) return null;
  try {
    const interpreter = Interpreter.parse(JSON.parse(stdout));
    return interpreter.bits === 64 ? interpreter : null;
  } catch {
    return null;
  }
}

/** Read by every Python 3, also by one too old to be served. */
const PROBE = `
import glob, json, os, platform, struct, sys, sysconfig
stdlib = os.path.dirname(os.path.realpath(os.__file__))
loaded = [line.split(None, 5)[5].strip() for line in open('/proc/self/maps') if '/libpython3' in line]
ensurepip = os.path.join(stdlib, 'ensurepip')
wheels = []
for folder in (sysconfig.get_config_var('WHEEL_PKG_DIR'), os.path.join(ensurepip, '_bundled')):
    wheels = wheels or sorted(p for n in ('pip', 'setuptools') for p in glob.glob('%s/%s-*.whl' % (folder, n)))
assert platform.python_implementation() == 'CPython'
print(json.dumps({
    'version': platform.python_version(),
    'path': os.path.realpath(sys.executable),
    'libraryDirName': getattr(sys, 'platlibdir', 'lib'),
    'stdlibDir': stdlib,
    'libpythonPath': os.path.realpath(loaded[0]) if loaded else None,
    'bits': struct.calcsize('P') * 8,
    'hasVenv': os.path.isfile(os.path.join(stdlib, 'venv', '__init__.py')),
    'hasEnsurepip': os.path.isfile(os.path.join(ensurepip, '__init__.py')),
    'wheelPaths': wheels,
}))
`;
