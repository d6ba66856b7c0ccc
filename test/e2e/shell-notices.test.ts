import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { en } from '../../src/shared/words/en.ts';
import { type Lab, nodeRobot, startLab } from '../helpers/lab.ts';
import {
  hasNotificationDaemon,
  type NotificationDaemon,
  openNotificationDaemon,
} from './notification-daemon.ts';
import { ELECTRON, type ShellLab, shellEnvironment, startShell } from './shell-lab.ts';

const POLL = { timeout: 60_000, interval: 100 };
/** Longer than any test waits. */
const COUNTDOWN_MS = 20 * 60_000;

describe.skipIf(ELECTRON === null || !hasNotificationDaemon)('a notification on a real desktop', () => {
  let desktop: NotificationDaemon;
  let lab: Lab;
  let shell: ShellLab;
  beforeAll(async () => {
    desktop = await openNotificationDaemon();
    lab = await startLab({
      robots: {
        FAILS: nodeRobot(`process.exit(3);`),
        DESK: nodeRobot(`console.log('it works on the screen');`),
      },
      tasks: ['FAILS', 'DESK'].map((code) => ({ code, later: true })),
      settings: { courtesyCountdownMs: COUNTDOWN_MS, robots: { DESK: { desktop: true } } },
    });
    shell = await startShell({
      environment: { ...(await shellEnvironment(lab)), ...desktop.environment },
      home: lab.home,
    });
  });
  afterAll(async () => {
    await shell?.close();
    await lab?.close();
    await desktop?.close();
  });

  /** As much later nobody holds what is not held on purpose. */
  const collectGarbage = () =>
    shell.app.evaluate(() => {
      const { require } = process.mainModule as NodeJS.Module;
      (require('node:v8') as typeof import('node:v8')).setFlagsFromString('--expose-gc');
      const { runInNewContext } = require('node:vm') as typeof import('node:vm');
      const collect = runInNewContext('gc') as () => void;
      for (let times = 0; times < 3; times++) collect();
    });

  test('leads to the run that failed, also long after it was shown', async () => {
    const page = await shell.page();
    await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor();
    await lab.addTask('FAILS');
    await expect.poll(() => desktop.shown(), POLL).toBe(1);
    expect(desktop.heard()).toEqual(['FAILS failed']);
    await collectGarbage();
    await desktop.click();
    await page.getByRole('heading', { name: 'FAILS' }).waitFor();
    expect(page.url()).toContain('#/runs/');
    expect(await desktop.shown()).toBe(0);
  });

  test('of a robot that is about to start opens the window, and is taken back when it is put off', async () => {
    await (await shell.page()).close();
    await lab.addTask('DESK');
    await expect.poll(() => desktop.heard(), POLL).toEqual(['FAILS failed', 'DESK is about to start']);
    await collectGarbage();
    await desktop.click();
    const page = await shell.page();
    await page.getByRole('region', { name: en.courtesy.label }).waitFor();
    await shell.choose(en.courtesy.startNow);
    await page.getByRole('heading', { name: en.status.idle }).waitFor();
    await lab.addTask('DESK');
    await expect.poll(() => desktop.shown(), POLL).toBe(1);
    await shell.choose(en.courtesy.inMinutes(10));
    await expect.poll(() => desktop.shown(), POLL).toBe(0);
  });
});
