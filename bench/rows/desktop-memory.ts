import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { findElectron } from '../../scripts/find-electron.ts';
import type { RunningPlatform } from '../../src/platform/start-platform.ts';
import { ELECTRON_FLAGS } from '../../test/helpers/desktop.ts';
import { appMb, BARE_APP, NO_ELECTRON, openDesktop, shellCommand } from '../electron-app.ts';
import { startBenchPlatform } from '../host.ts';
import { atMostOver, type Contender, type Missing, type Row } from '../measure.ts';
import { onLinux } from '../tools.ts';
import type { Workbench } from '../workbench.ts';

/** What the start left behind is collected by then. */
const SETTLE_MS = 20_000;
const GIVE_UP_MS = 60_000;
const LOOK_MS = 100;

/** Apps that have nothing to do, all at the same time; ours without its agent, which has rows of its own. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const electron = findElectron();
  const platform = await startBenchPlatform(workbench, {
    'kubot.yaml': 'operations:\n  - name: Run\n    shell: echo ready\n',
  });
  const desktop = await openDesktop(workbench);
  const apps: ChildProcess[] = [];
  const start = (args: readonly string[], env: Record<string, string> = {}): ChildProcess | null => {
    if (electron === null) return null;
    const app = workbench.spawn(electron, args, {
      env: { ...desktop.environment(), ...env },
      stdio: 'ignore',
    });
    apps.push(app);
    return app;
  };
  const bare = (mode: string) => start([...ELECTRON_FLAGS, BARE_APP, mode]);
  const ours = (...more: string[]) => {
    const { args, env } = shellCommand(workbench, platform);
    return start([...args, ...more], env);
  };
  const started = {
    bareClosed: bare('none'),
    bareHidden: bare('hidden'),
    bareOpen: bare('window'),
    oursClosed: ours('--hidden'),
    oursOpen: ours(),
  };
  if (electron !== null) await untilRegistered(platform, 2);
  await delay(SETTLE_MS);
  const contender = (name: string, app: ChildProcess | null): Contender | Missing =>
    app === null
      ? { name, missing: NO_ELECTRON }
      : onLinux({
          name,
          round: async () => {
            await delay(200);
            return appMb(app);
          },
        });
  return [
    {
      name: 'desktop, window closed',
      unit: 'MB',
      limit: contender('a bare Electron of the same version without a window', started.bareClosed),
      plain: contender('a bare Electron that hides its window', started.bareHidden),
      ours: contender('tray, agent connected, the agent apart', started.oursClosed),
      goal: atMostOver(15, 'MB', 'bare Electron'),
      rounds: 5,
    },
    {
      name: 'desktop, window open',
      unit: 'MB',
      limit: contender('a bare Electron with an empty window', started.bareOpen),
      plain: { name: 'none', missing: 'an empty window is the least there is' },
      ours: contender('the view Now, agent connected, the agent apart', started.oursOpen),
      goal: atMostOver(30, 'MB', 'an empty window'),
      rounds: 5,
      close: async () => {
        for (const app of apps) app.kill('SIGTERM');
        desktop.close();
        await platform.close();
      },
    },
  ];
}

/** The agents of our apps are at work: else an app that does not run would be the smallest. */
async function untilRegistered(platform: RunningPlatform, count: number): Promise<void> {
  const giveUpMs = performance.now() + GIVE_UP_MS;
  const workers = () =>
    new Set(
      platform
        .audit()
        .filter(isRegistration)
        .map(({ resource }) => resource),
    ).size;
  while (workers() < count) {
    if (performance.now() > giveUpMs) throw new Error('The apps’ agents did not register');
    await delay(LOOK_MS);
  }
}

function isRegistration({ operation }: { operation: string }): boolean {
  return operation === 'createWorker';
}
