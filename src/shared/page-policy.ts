/** What our page may load and do, in a browser and in the window: its own files, no inline script, no frame around it. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), usb=()',
};

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
};

/**
 * The file of the built page that an address stands for, and its type; null: there is none of this name. Flat names
 * of the build alone: nothing leads out of its folder.
 */
export function pageFileOf(urlPath: string): { name: string; type: string } | null {
  const name = urlPath === '/' ? '/index.html' : urlPath;
  const match = /^\/((?:assets\/)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.(html|js|css|svg|png))$/.exec(name);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return { name: match[1], type: TYPES[match[2]] ?? 'application/octet-stream' };
}
