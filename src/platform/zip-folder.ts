import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ZipFile } from 'yazl';

/**
 * The earliest time that a ZIP can say, so that the same files give the same bytes. Local time: a ZIP's times have
 * no zone, and yazl writes the local ones.
 */
const FIXED_TIME = new Date(1980, 0, 1);

/** A folder as a ZIP, the same bytes for the same files: sorted, with fixed times and modes. */
export function zipFolder(dir: string): AsyncIterable<Buffer> {
  const zip = new ZipFile();
  for (const path of listFiles(dir)) {
    const executable = (statSync(join(dir, path)).mode & 0o100) !== 0;
    zip.addFile(join(dir, path), path, {
      mtime: FIXED_TIME,
      mode: executable ? 0o100755 : 0o100644,
      forceDosTimestamp: true,
    });
  }
  zip.end();
  return zip.outputStream as unknown as AsyncIterable<Buffer>;
}

function listFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(dir.replace(/[\\/]+$/, '').length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}
