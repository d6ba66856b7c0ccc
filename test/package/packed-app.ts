import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeTree } from '../../src/agent/runtimes/remove-tree.ts';
import { cleanEnvironment, ELECTRON_FLAGS, openScreen } from '../helpers/desktop.ts';

const DIST = resolve(import.meta.dirname, '../../dist');

/** What a package installs, in a folder of its own in place of the root. */
export interface Installed {
  readonly dir: string;
  /** The app's executable. */
  readonly appPath: string;
  /** The command line that lies beside it. */
  readonly kubotPath: string;
  remove(): Promise<void>;
}

/** The newest .deb of dist/, unpacked. Throws when `npm run package` made none. */
export function unpackDeb(): Installed {
  const name = existsSync(DIST) ? readdirSync(DIST).find((file) => file.endsWith('.deb')) : undefined;
  if (name === undefined) throw new Error('There is no package in dist/: npm run package -- --linux deb');
  const dir = mkdtempSync(join(tmpdir(), 'kubot-installed-'));
  const { status, stderr } = spawnSync('dpkg-deb', ['-x', join(DIST, name), dir], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The package could not be unpacked: ${stderr}`);
  const app = join(dir, 'opt/KuBot Runner');
  return {
    dir,
    appPath: join(app, 'kubot-runner'),
    kubotPath: join(app, 'resources/bin/kubot'),
    remove: () => removeTree(dir),
  };
}

/** The app as a person starts it, with its window looked into by Chromium's own protocol. */
export interface StartedApp {
  readonly process: ChildProcess;
  /** What the window shows, as text. */
  text(): Promise<string>;
  evaluate(expression: string): Promise<unknown>;
  quit(): Promise<void>;
}

/**
 * Starts it with the fuses it is shipped with: these refuse Node's inspector, which Playwright would need; Chromium's
 * remote debugging is another thing.
 */
export async function startApp(
  appPath: string,
  { home, args = [] }: { home: string; args?: string[] },
): Promise<StartedApp> {
  const screen = await openScreen();
  const child = spawn(appPath, [...ELECTRON_FLAGS, '--remote-debugging-port=0', '--lang=en-GB', ...args], {
    env: {
      ...cleanEnvironment(),
      KUBOT_HOME: home,
      XDG_CONFIG_HOME: join(home, 'config'),
      ...(screen && { DISPLAY: screen.display }),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const port = await portOf(child);
  return {
    process: child,
    text: async () => String(await evaluate(port, 'document.body.innerText')),
    evaluate: (expression) => evaluate(port, expression),
    quit: async () => {
      child.kill('SIGTERM');
      await exited;
      screen?.process.kill();
    },
  };
}

/** Chromium names it once; what is said after it is read and let go, or the pipe would fill. */
async function portOf(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-10_000);
      const port = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1];
      if (port !== undefined) resolve(port);
    });
    child.once('exit', () => reject(new Error(`The app ended before it listened: ${said}`)));
  });
}

/** The value of an expression in the window's page, once there is one. */
async function evaluate(port: string, expression: string): Promise<unknown> {
  const socket = new WebSocket(await pageOf(port));
  await once(socket, 'open');
  const answered = once(socket, 'message');
  const params = { expression, returnByValue: true, awaitPromise: true };
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }));
  const [event] = (await answered) as [{ data: string }];
  socket.close();
  return JSON.parse(event.data).result?.result?.value;
}

async function pageOf(port: string): Promise<string> {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/json/list`);
    const targets = (await answer.json()) as { url: string; webSocketDebuggerUrl: string }[];
    const page = targets.find(({ url }) => url.startsWith('app://'));
    if (page) return page.webSocketDebuggerUrl;
    await sleep(100);
  }
}
