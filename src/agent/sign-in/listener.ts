import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Language, WORDS } from '../../shared/words/language.ts';

export interface RedirectAnswer {
  readonly query: { code: string } | { error: string; description: string | null };
  /** What the browser, which waits, is shown in the end. */
  show(outcome: 'done' | 'refused' | 'failed'): Promise<void>;
}

export interface SignInListener {
  readonly redirectUri: string;
  /** The one that carries our state. Everything else is turned away, and ends nothing. */
  readonly answer: Promise<RedirectAnswer>;
  close(): Promise<void>;
}

const PATH = '/callback';
/** Of a request's head: codes are short, and a browser sends little more. */
const MAX_HEAD_BYTES = 16 * 1024;
const MOST_CONNECTIONS = 16;

/**
 * Waits on loopback for the browser to be sent back. Any program of this machine, and any page in the browser, can
 * reach this port, so nothing counts that does not know the state.
 */
export async function openSignInListener(options: {
  state: string;
  language: Language;
}): Promise<SignInListener> {
  const { state, language } = options;
  const words = WORDS[language].signInPage;
  const sockets = new Set<Socket>();
  let host = '';
  let hear: (answer: RedirectAnswer) => void = () => {};
  let isAnswered = false;
  const answer = new Promise<RedirectAnswer>((resolve) => {
    hear = resolve;
  });
  const server = createServer({ maxHeaderSize: MAX_HEAD_BYTES }, (request, response) => {
    const status = flawOf(request, host);
    const query = status === null ? readQuery(request.url ?? '', state) : null;
    if (query === null || isAnswered) {
      const stray = status ?? (query === null ? 400 : 410);
      void send(response, stray, page(language, words.strayTitle, words.strayText));
      return;
    }
    isAnswered = true;
    hear({
      query,
      show: (outcome) => {
        const [title, text] = {
          done: [words.doneTitle, words.doneText] as const,
          refused: [words.refusedTitle, words.refusedText] as const,
          failed: [words.failedTitle, words.failedText] as const,
        }[outcome];
        return send(response, 200, page(language, title, text));
      },
    });
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    redirectUri: `http://${host}${PATH}`,
    answer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The status for what is no navigation of the person's browser to our own address; null: it may be one. */
function flawOf({ method, url = '', headers }: IncomingMessage, host: string): number | null {
  // A name that was made to point here (DNS rebinding) is another Host.
  if (headers.host !== host) return 421;
  if (url !== PATH && !url.startsWith(`${PATH}?`)) return 404;
  if (method !== 'GET') return 405;
  // Scripts, frames and images of other pages say so; the redirect of a whole page has neither.
  const { origin, 'sec-fetch-dest': destination = 'document' } = headers;
  // A browser may keep the opaque origin of the form that led here.
  return (origin ?? 'null') !== 'null' || destination !== 'document' ? 403 : null;
}

function readQuery(url: string, state: string): RedirectAnswer['query'] | null {
  const { searchParams } = new URL(url, 'http://127.0.0.1');
  const once = (name: string) => {
    const values = searchParams.getAll(name);
    return values.length === 1 && values[0] ? values[0] : null;
  };
  if (!isSame(once('state') ?? '', state)) return null;
  const [code, error] = [once('code'), once('error')];
  if (code !== null && !searchParams.has('error')) return { code };
  if (error !== null && !searchParams.has('code')) return { error, description: once('error_description') };
  return null;
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Resolves when it is sent, or when the browser has gone. */
function send(response: ServerResponse, status: number, html: string): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    if (response.destroyed) return resolve();
    response.writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(html),
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      connection: 'close',
    });
    response.end(html);
  });
}

/** Nothing of the request is in it. */
function page(language: Language, title: string, text: string): string {
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; display: grid; place-content: center; min-height: 100vh; margin: 0; padding: 0 1.5rem; }
main { max-width: 30rem; }
h1 { font-size: 1.5rem; font-weight: 600; margin: 0 0 .5rem; }
p { margin: 0; opacity: .8; }
</style></head>
<body><main><h1>${title}</h1><p>${text}</p></main></body>
</html>
`;
}
