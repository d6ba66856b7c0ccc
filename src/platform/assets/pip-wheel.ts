import { copyFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from '../spawn-tool.ts';
import type { AssetCache } from './asset-cache.ts';
import { AssetMissing, type AssetSource } from './asset-source.ts';
import { findInterpreter, findPipWheel, type Interpreter, listInterpreters } from './interpreters.ts';
import type { ToolEnvironment } from './npm-registry.ts';

/**
 * pip's wheel, which runs without being installed and is the same for every platform: the one that the host's
 * Python brings along, else the one that its pip downloads. The version asked for is pip's own, or that of the
 * Python it is for; the latter gets the pip of that minor, else the newest at hand, under the version asked for.
 */
export function createPipSource(cache: AssetCache, environment: ToolEnvironment): AssetSource {
  const isForPython = (version: string) => /^3\.\d+(\.\d+)?$/.test(version);
  return {
    name: 'host',
    // Which versions its pip could download is not asked here: any may be.
    listVersions: async (request) =>
      (await findInterpreter(environment, () => true)) === null ? [] : [request.version],
    obtain: (request, version) =>
      cache.ensure({ ...request, version, extension: 'whl' }, async (stageDir, path) => {
        const interpreters = await listInterpreters(environment);
        const minor = `${version.split('.').slice(0, 2).join('.')}.`;
        const sameMinor = interpreters.filter((found) => found.version.startsWith(minor));
        const bundled = [...sameMinor, ...interpreters]
          .flatMap((found) => findPipWheel(found) ?? [])
          .find((wheel) => isForPython(version) || wheel.version === version);
        if (bundled !== undefined) return copyFile(bundled.path, path);
        const spec = isForPython(version) ? 'pip' : `pip==${version}`;
        await downloadWheel(spec, interpreters, environment, stageDir, path);
      }),
  };
}

async function downloadWheel(
  spec: string,
  interpreters: readonly Interpreter[],
  environment: ToolEnvironment,
  stageDir: string,
  path: string,
): Promise<void> {
  const args = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--retries=2',
    '--only-binary=:all:',
    '--dest',
    stageDir,
    spec,
  ];
  for (const interpreter of interpreters) {
    const { exitCode, stderr } = await runTool(interpreter.path, args, { environment, timeoutMs: 120_000 });
    const wheel = (await readdir(stageDir)).find((name) => name.endsWith('.whl'));
    if (exitCode === 0 && wheel !== undefined) return rename(join(stageDir, wheel), path);
    // Without a network pip says the same, after it has told of its retries.
    if (stderr.includes('No matching distribution') && !stderr.includes('Retrying')) {
      throw new AssetMissing(`There is no ${spec} in the package index`);
    }
    if (!stderr.includes('No module named pip')) break;
  }
  throw new Error(`No Python of this host brings ${spec} along, and none could download it`);
}
