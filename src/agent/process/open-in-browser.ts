import { spawn } from 'node:child_process';

type Environment = Readonly<Record<string, string | undefined>>;

export interface BrowserCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/** What shows a URL in the browser that the person uses; null: there is no screen to show it on. */
export function browserCommand(
  platform: NodeJS.Platform,
  url: string,
  environment: Environment,
): BrowserCommand | null {
  switch (platform) {
    case 'win32':
      // `start` is the shell's, which would take the URL's ampersands for its own.
      return { file: 'rundll32', args: ['url.dll,FileProtocolHandler', url] };
    case 'darwin':
      return { file: 'open', args: [url] };
    default:
      // Without a screen xdg-open starts a browser for terminals, of which the person sees nothing.
      return environment.DISPLAY || environment.WAYLAND_DISPLAY ? { file: 'xdg-open', args: [url] } : null;
  }
}

/** An opener that is still there after so long has become the browser. */
const OPENED_MS = 3000;

/** @returns whether a browser was opened, as far as its opener tells */
export async function openInBrowser(url: string, environment: Environment): Promise<boolean> {
  const command = browserCommand(process.platform, url, environment);
  if (command === null) return false;
  return await new Promise((resolve) => {
    const child = spawn(command.file, [...command.args], {
      stdio: 'ignore',
      detached: true,
      windowsHide: true,
      env: withoutOurs(environment),
    });
    const timer = setTimeout(() => resolve(true), OPENED_MS);
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
    child.once('close', () => clearTimeout(timer));
    child.unref();
  });
}

/** Our variables, of which one may hold a secret, are no browser's business. */
function withoutOurs(environment: Environment): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('KUBOT_')));
}
