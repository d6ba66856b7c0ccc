import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { decideOn } from '../../helpers/signing-in.ts';
import { startTestPlatform, type TestPlatform } from '../../helpers/start-test-platform.ts';
import { type KeyringSession, openKeyringSession } from '../cli/keyring-session.ts';
import { type Finished, kubot, startKubot } from '../cli/kubot.ts';

/** A line of a command's output. */
export type Said = Record<string, unknown> & {
  event?: string;
  url?: string;
  error?: { code: string; message: string; hint: string };
};

export interface RunningKubot {
  readonly child: ChildProcess;
  /** What it has said so far. */
  readonly said: Said[];
  /** The first line that will do, once it is there; rejects when the program ends without. */
  until(fits: (line: Said) => boolean): Promise<Said>;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

export interface SignInLab {
  readonly platform: TestPlatform;
  readonly session: KeyringSession;
  readonly dir: string;
  readonly home: string;
  readonly env: Record<string, string>;
  run(args: string[], more?: Record<string, string>): Promise<Finished>;
  start(args: string[], more?: Record<string, string>): RunningKubot;
  /** Signs in as a person would, with a browser. */
  signIn(more?: Record<string, string>): Promise<{ code: number | null; said: Said[]; page: string }>;
  close(): Promise<void>;
}

/** A platform, a keyring of its own, and the command line as a person runs it. */
export async function openSignInLab(): Promise<SignInLab> {
  const dir = mkdtempSync(join(tmpdir(), 'kubot sign-in é-'));
  const session = openKeyringSession();
  const platform = await startTestPlatform();
  await session.start('unlocked');
  const home = join(dir, 'home');
  const env = {
    ...session.environment,
    KUBOT_HOME: home,
    KUBOT_API_ENDPOINT: platform.url,
    KUBOT_TENANT_ID: platform.tenantId,
    KUBOT_AUTHENTICATION: 'oauth',
    KUBOT_OAUTH_AUTHORIZATION_URL: platform.oauth.authorizationUrl,
    KUBOT_OAUTH_TOKEN_URL: platform.oauth.tokenUrl,
    KUBOT_OAUTH_CLIENT_ID: platform.oauth.clientId,
    KUBOT_DISK_RESERVE_BYTES: '0',
  };
  const running = new Set<ChildProcess>();
  const start: SignInLab['start'] = (args, more = {}) => {
    const child = startKubot(args, { ...env, ...more });
    running.add(child);
    return follow(child, () => running.delete(child));
  };
  return {
    platform,
    session,
    dir,
    home,
    env,
    start,
    run: (args, more = {}) => kubot(args, { ...env, ...more }),
    signIn: async (more = {}) => {
      const { until, ended, said } = start(['sign-in', '--no-browser', '--json'], more);
      const { url = '' } = await until(({ event }) => event === 'waiting');
      const { text: page } = await decideOn(url, 'allow');
      return { code: await ended, said, page };
    },
    close: async () => {
      for (const child of running) {
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        await exit;
      }
      await platform.close();
      await session.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function follow(child: ChildProcess, onEnd: () => void): RunningKubot {
  const said: Said[] = [];
  const waiting = new Set<() => void>();
  let isOver = false;
  let noted = '';
  const tell = () => {
    for (const look of waiting) look();
  };
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    noted += part;
  });
  if (child.stdout === null) throw new Error('Its output is not piped');
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(JSON.parse(line));
    tell();
  });
  const ended = once(child, 'close').then(([code]: (number | null)[]) => {
    isOver = true;
    onEnd();
    tell();
    return code ?? null;
  });
  return {
    child,
    said,
    ended,
    until: (fits) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const line = said.find(fits);
          if (line === undefined && !isOver) return;
          waiting.delete(look);
          if (line !== undefined) resolve(line);
          else reject(new Error(`It ended: ${JSON.stringify(said)} ${noted}`));
        };
        waiting.add(look);
        look();
      }),
  };
}

/** Stands before the token endpoint and writes down what it gives. */
export async function recordTokens(
  { platform }: SignInLab,
  tokens: string[],
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const answer = await fetch(platform.oauth.tokenUrl, {
      method: 'POST',
      headers: { 'content-type': request.headers['content-type'] ?? '' },
      body: await text(request),
    });
    const document: unknown = await answer.json();
    const { access_token, refresh_token } = TokensSchema.parse(document);
    tokens.push(access_token, refresh_token);
    response.writeHead(answer.status, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(document));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/token`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const TokensSchema = z.object({ access_token: z.string(), refresh_token: z.string() });
