import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openScreen } from '../helpers/desktop.ts';
import { killProcess, openSessionBus } from '../helpers/session-bus.ts';

const run = promisify(execFile);

/** A desktop's notifications, real ones, on a screen and a D-Bus of their own. */
export interface NotificationDaemon {
  /** What a program finds the daemon by, and the screen. */
  readonly environment: Record<string, string>;
  /** How many are on the screen now. */
  shown(): Promise<number>;
  /** Titles of all that came. */
  heard(): string[];
  /** As a person clicks on the newest, which is gone then. */
  click(): Promise<void>;
  close(): Promise<void>;
}

/** Linux alone has a daemon that is not the desktop's own. */
export const hasNotificationDaemon = spawnSync('dunst', ['--version']).status === 0;

if (process.platform === 'linux' && !hasNotificationDaemon)
  console.warn('Notifications are not tested: the program dunst is not here.');

/** What is shown stays until it is clicked or taken back. */
const CONFIG = `[global]
history_length = 0
sticky_history = no
[urgency_low]
timeout = 0
[urgency_normal]
timeout = 0
[urgency_critical]
timeout = 0
`;

export async function openNotificationDaemon(): Promise<NotificationDaemon> {
  const bus = openSessionBus();
  const screen = await openScreen();
  const environment = { ...bus.environment, ...(screen && { DISPLAY: screen.display }) };
  const configPath = join(bus.dir, 'dunstrc');
  writeFileSync(configPath, CONFIG);
  const daemon = bus.spawn('dunst', ['-config', configPath, '-print'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: environment,
  });
  let heard = '';
  daemon.stdout?.setEncoding('utf8').on('data', (part: string) => {
    heard += part;
  });
  await bus.untilOwned('org.freedesktop.Notifications');
  const ask = async (...args: string[]) =>
    (await run('dunstctl', args, { env: { PATH: process.env.PATH, ...environment } })).stdout;
  return {
    environment,
    shown: async () => Number(await ask('count', 'displayed')),
    heard: () => [...heard.matchAll(/^\tsummary: '(.*)'$/gm)].map(([, title = '']) => title),
    click: async () => {
      await ask('action', '0');
      await ask('close');
    },
    close: async () => {
      await killProcess(daemon);
      screen?.process.kill();
      await bus.close();
    },
  };
}
