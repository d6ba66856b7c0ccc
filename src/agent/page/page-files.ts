import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

/** Nothing but our own files, no inline script, no frame around us; what the page may do is said once, here. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), usb=()',
};

/** Sends a file of the built page; false: there is none of this name. */
export async function sendPageFile(
  urlPath: string,
  filesDir: string,
  response: ServerResponse,
): Promise<boolean> {
  const name = urlPath === '/' ? '/index.html' : urlPath;
  // Flat names of the build alone: nothing leads out of the folder.
  if (!/^\/(assets\/)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.(html|js|css|svg|png)$/.test(name)) return false;
  const bytes = await readFile(join(filesDir, name)).catch(() => null);
  if (bytes === null) return false;
  response.writeHead(200, {
    'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
    'content-length': bytes.length,
    // Names in assets/ hold a hash of what is in them.
    'cache-control': name.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-store',
  });
  response.end(bytes);
  return true;
}
