import { _electron, type Page } from 'playwright-core';
import { findElectron } from '../../scripts/find-electron.ts';
import { ELECTRON_FLAGS } from '../../test/helpers/desktop.ts';
import { BARE_APP, NO_ELECTRON, openDesktop, shellCommand } from '../electron-app.ts';
import { startBenchPlatform } from '../host.ts';
import { atMostTimes, type Contender, type Missing, type Row } from '../measure.ts';
import type { Workbench } from '../workbench.ts';

/** From the start of the app, with nothing of it running, to a click in its window that is answered. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const electron = findElectron();
  const platform = await startBenchPlatform(workbench, {
    'kubot.yaml': 'operations:\n  - name: Run\n    shell: echo ready\n',
  });
  const desktop = await openDesktop(workbench);
  const untilAnswered = async (
    args: readonly string[],
    env: Record<string, string>,
    click: (page: Page) => Promise<unknown>,
  ) => {
    const began = performance.now();
    const app = await _electron.launch({
      executablePath: electron ?? '',
      args: [...args],
      env: { ...desktop.environment(), ...env },
    });
    try {
      await click(app.windows()[0] ?? (await app.waitForEvent('window')));
      return performance.now() - began;
    } finally {
      await app.close();
    }
  };
  const contender = (name: string, round: () => Promise<number>): Contender | Missing =>
    electron === null ? { name, missing: NO_ELECTRON } : { name, round };
  const shell = shellCommand(workbench, platform);
  return [
    {
      name: 'desktop, start → window',
      unit: 'ms',
      limit: contender('a bare Electron of the same version with a page of one button', () =>
        untilAnswered([...ELECTRON_FLAGS, BARE_APP, 'window'], {}, async (page) => {
          await page.click('text=do');
          await page.waitForSelector('text=done');
        }),
      ),
      plain: { name: 'none', missing: 'the bare Electron is what one would start from' },
      ours: contender('ours, in a home that it knows: a click on Robots shows that view', () =>
        untilAnswered(shell.args, shell.env, async (page) => {
          await page.click('.rail a[href="#/robots"]');
          await page.waitForSelector('.rail a[href="#/robots"][aria-current="page"]');
        }),
      ),
      goal: atMostTimes(2, 'limit', 'bare Electron'),
      rounds: 5,
      close: async () => {
        desktop.close();
        await platform.close();
      },
    },
  ];
}
