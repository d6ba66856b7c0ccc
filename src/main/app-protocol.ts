import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { protocol, type Session } from 'electron';
import { PAGE_HEADERS, pageFileOf } from '../shared/page-policy.ts';

/** Where the window's page is: a place of its own, with its own policy, that is no file and no web site. */
export const APP_ORIGIN = 'app://kubot';

/** To be called before the app is ready. */
export function declareAppProtocol(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Serves the built page under its origin, and nothing else. */
export function serveAppProtocol({ protocol: own }: Pick<Session, 'protocol'>, pageDir: string): void {
  // `handle` came with Electron 25; the tests run 22 too.
  if (typeof own.handle === 'function') {
    own.handle('app', async ({ url }) => {
      const file = await readPageFile(url, pageDir);
      return file === null
        ? new Response('', { status: 404 })
        : new Response(new Uint8Array(file.bytes), {
            headers: { ...PAGE_HEADERS, 'content-type': file.type },
          });
    });
    return;
  }
  own.registerBufferProtocol('app', (request, respond) => {
    void readPageFile(request.url, pageDir).then((file) => {
      if (file === null) respond({ statusCode: 404, data: Buffer.alloc(0) });
      else
        respond({
          data: file.bytes,
          mimeType: file.type.split(';')[0] ?? file.type,
          charset: 'utf-8',
          headers: { ...PAGE_HEADERS },
        });
    });
  });
}

async function readPageFile(url: string, pageDir: string): Promise<{ bytes: Buffer; type: string } | null> {
  const { origin, host, protocol: scheme, pathname } = new URL(url);
  // A scheme of one's own has no origin in Node's reading.
  const isOurs = origin === APP_ORIGIN || `${scheme}//${host}` === APP_ORIGIN;
  const file = isOurs ? pageFileOf(pathname) : null;
  if (file === null) return null;
  const bytes = await readFile(join(pageDir, file.name)).catch(() => null);
  return bytes && { bytes, type: file.type };
}
