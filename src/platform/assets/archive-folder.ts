import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AssetRequest } from '../asset-provider.ts';
import type { AssetSource } from './asset-source.ts';

/**
 * A folder of ready archives, named `<TYPE>-<version>-<PLATFORM>-<ARCH>.<ext>`, such as
 * `PYTHON-3.11.7-LINUX-X86_64.tar.gz`. They are served byte for byte and never opened.
 */
export function createArchiveFolder(dir: string): AssetSource {
  return {
    name: 'archives',
    listVersions: async (request) => (await listArchives(dir, request)).map((archive) => archive.version),
    obtain: async (request, version) => {
      const archive = (await listArchives(dir, request)).find((found) => found.version === version);
      if (archive === undefined) throw new Error(`No archive of ${request.type} ${version} in ${dir}`);
      return archive.path;
    },
  };
}

async function listArchives(
  dir: string,
  request: AssetRequest,
): Promise<{ version: string; path: string }[]> {
  const before = `${request.type}-`;
  const after = `-${request.platform}-${request.architecture}.`;
  const names = (await readdir(dir)).sort();
  return names.flatMap((name) => {
    const end = name.indexOf(after);
    return name.startsWith(before) && end > before.length
      ? [{ version: name.slice(before.length, end), path: join(dir, name) }]
      : [];
  });
}
