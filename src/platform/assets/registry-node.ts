import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AssetCache } from './asset-cache.ts';
import type { AssetLog, AssetSource } from './asset-source.ts';
import { adoptNodePackage, createNodeLayout, finishNodeLayout, nodeTarget } from './node-layout.ts';
import { createNpmRegistry, type NpmRegistry, type ToolEnvironment } from './npm-registry.ts';
import { packArchive } from './pack-archive.ts';
import { acceptsNode, findShippedNpm } from './shipped-npm.ts';

/**
 * Node.js out of the registry's packages `node-<os>-<arch>`, which hold the interpreter alone, and the npm that
 * ships with it, laid out as the official archive.
 */
export function createRegistryNodeSource(
  cache: AssetCache,
  environment: ToolEnvironment,
  log: AssetLog,
): AssetSource {
  const registry = createNpmRegistry(environment);
  return {
    name: 'registry',
    listVersions: (request) => {
      const { os, arch } = nodeTarget(request);
      return registry.listVersions(`node-${os}-${arch}`);
    },
    obtain: (request, version) =>
      cache.ensure({ ...request, version, extension: 'tar.gz' }, async (stageDir, path) => {
        const { os, arch } = nodeTarget(request);
        log('Making a Node.js runtime', { version, os, arch });
        const packageDir = join(stageDir, 'node-package');
        await mkdir(packageDir);
        await registry.fetchPackage(`node-${os}-${arch}`, version, packageDir);
        const layout = await createNodeLayout(stageDir, request, version);
        await adoptNodePackage(packageDir, layout);
        const npmVersion = await findNpmFor(registry, version, layout.rootDir);
        await registry.fetchPackage('npm', npmVersion, layout.npmDir);
        await finishNodeLayout(layout, request, version);
        await packArchive(stageDir, layout.rootName, path);
      }),
  };
}

async function findNpmFor(registry: NpmRegistry, nodeVersion: string, rootDir: string): Promise<string> {
  const changelog = await readFile(join(rootDir, 'CHANGELOG.md'), 'utf8').catch(() => '');
  const shipped = findShippedNpm(changelog, nodeVersion);
  if (shipped !== null) return shipped;
  const fitting = (await registry.listEngines('npm')).filter(
    ({ version, node }) => !version.includes('-') && node !== null && acceptsNode(node, nodeVersion),
  );
  const newest = fitting.at(-1);
  if (newest === undefined)
    throw new Error(`No npm in the registry says that it runs on Node.js ${nodeVersion}`);
  return newest.version;
}
