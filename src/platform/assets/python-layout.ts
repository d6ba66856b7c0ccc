import { chmod, copyFile, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readElfDynamics, relocateElf } from './elf.ts';
import type { Interpreter } from './interpreters.ts';

/** The root folder of the archive, as python-build-standalone names it. */
export const PYTHON_ROOT = 'python';

/** Where the executable of a laid out Python lies, below the stage folder. */
export function pythonPath(stageDir: string, { version }: Interpreter): string {
  return join(stageDir, PYTHON_ROOT, 'bin', `python${minorOf(version)}`);
}

/**
 * Copies an interpreter into `<stageDir>/python`: the executable, its shared libpython and the standard
 * library without tests, caches and installed packages. Nothing in the copy loads from where it came from.
 * @throws when its files cannot be made to load from a new place.
 */
export async function layOutPython(interpreter: Interpreter, stageDir: string): Promise<void> {
  const { libraryDirName, libpythonPath } = interpreter;
  const minor = minorOf(interpreter.version);
  const rootDir = join(stageDir, PYTHON_ROOT);
  const libDir = join(rootDir, libraryDirName);
  const stdlibDir = join(libDir, `python${minor}`);
  await mkdir(join(rootDir, 'bin'), { recursive: true });
  await mkdir(libDir, { recursive: true });

  const executablePath = join(rootDir, 'bin', `python${minor}`);
  if (libpythonPath === null) {
    await copyFile(interpreter.path, executablePath);
  } else {
    const libraryName = basename(libpythonPath);
    const loader = {
      runpath: `$ORIGIN/../${libraryDirName}`,
      libraryName,
      libraryAlias: `$ORIGIN/../${ALIAS}`,
    };
    await copyRelocated(interpreter.path, executablePath, loader);
    await copyRelocated(libpythonPath, join(libDir, libraryName), loader);
    await linkAlias(rootDir, executablePath, join(libraryDirName, libraryName));
  }
  await chmod(executablePath, 0o755);
  for (const name of ['python3', 'python']) await symlink(`python${minor}`, join(rootDir, 'bin', name));

  await copyStdlib(interpreter.stdlibDir, stdlibDir);
  await mkdir(join(stdlibDir, 'site-packages'));
  if (interpreter.hasEnsurepip) await bundleWheels(interpreter.wheelPaths, join(stdlibDir, 'ensurepip'));
}

function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/**
 * libpython's other name, in the archive's root. Fedora's Python, say, has no RUNPATH to overwrite, only the
 * name libpython3.12.so.1.0, and a path that fits over that must be short.
 */
const ALIAS = 'p.so';

/** Extension modules need none of this: the libpython that they name is loaded before them. */
async function copyRelocated(
  from: string,
  to: string,
  loader: Parameters<typeof relocateElf>[1],
): Promise<void> {
  const bytes = await readFile(from);
  if (readElfDynamics(bytes)?.runpath?.startsWith('$ORIGIN')) return copyFile(from, to);
  if (!relocateElf(bytes, loader))
    throw new Error(`${from} cannot be made to load libpython from beside itself`);
  await writeFile(to, bytes);
}

async function linkAlias(rootDir: string, executablePath: string, libraryPath: string): Promise<void> {
  const needed = readElfDynamics(await readFile(executablePath))?.needed ?? [];
  if (needed.some((name) => name.endsWith(`/${ALIAS}`))) await symlink(libraryPath, join(rootDir, ALIAS));
}

/** Folders and files of a standard library that a robot does not need, or that are not part of it. */
const LEFT_OUT = [
  /^(site-packages|dist-packages|__pycache__|test|tests|idle_test|idlelib|turtledemo)$/,
  /^config-3\.\d+/, // a static libpython for embedders, up to 60 MB
  /^(sitecustomize|usercustomize)\.py$/, // the host's own, such as Ubuntu's crash reporter
  /^EXTERNALLY-MANAGED$/, // Debian's: pip would refuse to install into the runtime
  /^(_test\w*|_ctypes_test|xxlimited\w*|_xxtestfuzz)\./,
  /\.(pyc|pyo|a|exe)$/,
];

async function copyStdlib(fromDir: string, toDir: string): Promise<void> {
  await mkdir(toDir, { recursive: true });
  for (const name of await readdir(fromDir)) {
    if (LEFT_OUT.some((pattern) => pattern.test(name))) continue;
    const from = join(fromDir, name);
    // Links are followed: Debian's point to /etc and into other packages.
    const info = await stat(from).catch(() => null);
    if (info?.isDirectory()) await copyStdlib(from, join(toDir, name));
    else if (info?.isFile()) await copyFile(from, join(toDir, name));
  }
}

/** Debian and Fedora keep ensurepip's wheels elsewhere; in the archive they lie where other builds have them. */
async function bundleWheels(wheelPaths: readonly string[], ensurepipDir: string): Promise<void> {
  const bundledDir = join(ensurepipDir, '_bundled');
  await mkdir(bundledDir, { recursive: true });
  for (const path of wheelPaths) await copyFile(path, join(bundledDir, basename(path)));
  const initPath = join(ensurepipDir, '__init__.py');
  const source = await readFile(initPath, 'utf8');
  await writeFile(
    initPath,
    source.replaceAll(
      "sysconfig.get_config_var('WHEEL_PKG_DIR')",
      "__import__('os').path.join(__import__('os').path.dirname(__file__), '_bundled')",
    ),
  );
}
