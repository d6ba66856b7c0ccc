import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pageFileOf } from '../../shared/page-policy.ts';

/** Sends a file of the built page; false: there is none of this name. */
export async function sendPageFile(
  urlPath: string,
  filesDir: string,
  response: ServerResponse,
): Promise<boolean> {
  const file = pageFileOf(urlPath);
  const bytes = file && (await readFile(join(filesDir, file.name)).catch(() => null));
  if (!bytes) return false;
  response.writeHead(200, {
    'content-type': file.type,
    'content-length': bytes.length,
    // Names in assets/ hold a hash of what is in them.
    'cache-control': file.name.startsWith('assets/') ? 'max-age=31536000, immutable' : 'no-store',
  });
  response.end(bytes);
  return true;
}
