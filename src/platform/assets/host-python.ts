import { dirname, join, sep } from 'node:path';
import { z } from 'zod';
import { runTool } from '../spawn-tool.ts';
import type { AssetCache } from './asset-cache.ts';
import type { AssetLog, AssetSource } from './asset-source.ts';
import { type Interpreter, isComplete, listInterpreters } from './interpreters.ts';
import { isThisHost } from './node-layout.ts';
import type { ToolEnvironment } from './npm-registry.ts';
import { packArchive } from './pack-archive.ts';
import { layOutPython, PYTHON_ROOT, pythonPath } from './python-layout.ts';

/**
 * Python packed from this host's own interpreters. Each archive is proven before it is served: an environment
 * made from it must run, and load nothing of the Python that it was copied from.
 */
export function createHostPythonSource(
  cache: AssetCache,
  environment: ToolEnvironment,
  log: AssetLog,
): AssetSource {
  return {
    name: 'host',
    listVersions: async (request) => {
      if (!isThisHost(request)) return [];
      const usable = await listUsable(environment, request.version);
      return usable.map((interpreter) => interpreter.version);
    },
    obtain: (request, version) =>
      cache.ensure({ ...request, version, extension: 'tar.gz' }, async (stageDir, path) => {
        const usable = await listUsable(environment, version);
        const interpreter = usable.find((found) => found.version === version);
        if (interpreter === undefined) throw new Error(`This host has no Python ${version}`);
        log('Making a Python runtime', { version, from: interpreter.path });
        await layOutPython(interpreter, stageDir);
        await provePython(interpreter, stageDir);
        await packArchive(stageDir, PYTHON_ROOT, path);
      }),
  };
}

/** Interpreters of a version's minor. Those without ensurepip count only where there is no other. */
async function listUsable(environment: ToolEnvironment, version: string): Promise<Interpreter[]> {
  const minor = /^3\.\d+/.exec(version)?.[0];
  if (minor === undefined) return [];
  const found = (await listInterpreters(environment, minor)).filter(({ hasVenv }) => hasVenv);
  const complete = found.filter(isComplete);
  return complete.length > 0 ? complete : found;
}

const Proof = z.object({ version: z.string(), base: z.string(), loaded: z.array(z.string()) });

const PROVE = `
import json, platform, ssl, sys, zlib, venv
loaded = sorted({line.split(None, 5)[5].strip() for line in open('/proc/self/maps') if line.count('/')})
print(json.dumps({'version': platform.python_version(), 'base': sys.base_prefix, 'loaded': loaded}))
`;

async function provePython(interpreter: Interpreter, stageDir: string): Promise<void> {
  const environment = { PATH: '/usr/bin:/bin', HOME: stageDir, LANG: 'C.UTF-8' };
  const options = { environment, timeoutMs: 60_000 };
  const venvDir = join(stageDir, 'proof');
  const isolated = ['-I', '-B'];
  const made = await runTool(
    pythonPath(stageDir, interpreter),
    [...isolated, '-m', 'venv', '--symlinks', '--without-pip', venvDir],
    options,
  );
  const ran = await runTool(join(venvDir, 'bin', 'python'), [...isolated, '-c', PROVE], options);
  if (made.exitCode !== 0 || ran.exitCode !== 0) {
    throw new Error(`A copy of ${interpreter.path} does not run: ${(made.stderr + ran.stderr).trim()}`);
  }
  const proof = Proof.parse(JSON.parse(ran.stdout));
  const foreign = proof.loaded.find(
    (path) => path === interpreter.libpythonPath || path.startsWith(interpreter.stdlibDir + sep),
  );
  const isOwn = proof.base === dirname(dirname(pythonPath(stageDir, interpreter)));
  if (proof.version !== interpreter.version || !isOwn || foreign !== undefined) {
    throw new Error(`A copy of ${interpreter.path} still runs ${foreign ?? `Python from ${proof.base}`}`);
  }
}
