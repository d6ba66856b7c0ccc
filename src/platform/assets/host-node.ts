import { copyFile, cp, realpath } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runTool } from '../spawn-tool.ts';
import type { AssetCache } from './asset-cache.ts';
import type { AssetSource } from './asset-source.ts';
import { createNodeLayout, finishNodeLayout, isThisHost } from './node-layout.ts';
import { findNpm, type ToolEnvironment } from './npm-registry.ts';
import { packArchive } from './pack-archive.ts';

/** Node.js packed from this host's own: the one that runs us and the one on PATH, with the host's npm. */
export function createHostNodeSource(cache: AssetCache, environment: ToolEnvironment): AssetSource {
  return {
    name: 'host',
    listVersions: async (request) =>
      isThisHost(request) ? (await listHostNodes(environment)).map((node) => node.version) : [],
    obtain: (request, version) =>
      cache.ensure({ ...request, version, extension: 'tar.gz' }, async (stageDir, path) => {
        const node = (await listHostNodes(environment)).find((found) => found.version === version);
        const npm = await findNpm(environment);
        if (node === undefined || npm === null)
          throw new Error(`This host has no Node.js ${version} with npm`);
        const layout = await createNodeLayout(stageDir, request, version);
        await copyFile(node.path, layout.nodePath);
        await cp(npm.dir, layout.npmDir, { recursive: true, verbatimSymlinks: true });
        await finishNodeLayout(layout, request, version);
        await packArchive(stageDir, layout.rootName, path);
      }),
  };
}

/** Every Node.js of this host that a runtime can be packed from, the one that runs us first. */
export async function listHostNodes(
  environment: ToolEnvironment,
): Promise<{ version: string; path: string }[]> {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const onPath = (environment.PATH ?? environment.Path ?? '').split(delimiter).map((dir) => join(dir, name));
  const nodes = new Map([[process.execPath, process.versions.node]]);
  for (const candidate of onPath) {
    const path = await realpath(candidate).catch(() => null);
    if (path === null || nodes.has(path)) continue;
    const { stdout } = await runTool(path, ['--version'], { environment, timeoutMs: 10_000 });
    const version = /^v(\d+\.\d+\.\d+)$/.exec(stdout.trim())?.[1];
    if (version !== undefined) nodes.set(path, version);
  }
  return [...nodes].map(([path, version]) => ({ version, path }));
}
