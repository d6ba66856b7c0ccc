import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import type { Language } from '../../src/shared/words/language.ts';
import { type Lab, type LabOptions, startLab } from '../helpers/lab.ts';
import { type ShellLab, startShell } from './shell-lab.ts';

/** A platform with robots, and a shell in a home where nothing was set up. */
export interface SetUpLab {
  readonly lab: Lab;
  readonly shell: ShellLab;
  readonly page: Page;
  /** Where the wizard is to make a home. */
  readonly home: string;
  readonly clientId: string;
  readonly secret: string;
  close(): Promise<void>;
}

/** What a set-up does not ask for comes by the environment, as IT would have it. */
export async function startSetUpLab(
  options: LabOptions,
  environment: Record<string, string> = {},
  /** What IT left on the machine before; answers with more of the environment. */
  before: (place: { lab: Lab; home: string }) => Record<string, string> = () => ({}),
  /** The person's own, to be used again. */
  configDir?: string,
): Promise<SetUpLab> {
  const lab = await startLab(options);
  await lab.agent.close();
  const home = join(lab.dir, 'new home é');
  const {
    KUBOT_API_ENDPOINT: _endpoint,
    KUBOT_TENANT_ID: _tenant,
    KUBOT_CLIENT_ID: clientId = '',
    KUBOT_CLIENT_SECRET: secret = '',
    ...rest
  } = lab.environment;
  const shell = await startShell({
    environment: { ...rest, ...environment, ...before({ lab, home }) },
    home,
    ...(configDir && { configDir }),
  });
  const page = await shell.page();
  // A screenshot in the middle of a motion shows nobody what it is like.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  return {
    lab,
    shell,
    home,
    clientId,
    secret,
    page,
    close: async () => {
      await shell.close();
      await lab.close();
    },
  };
}

/** What axe finds that keeps somebody out. */
export async function barriers(page: Page): Promise<string[]> {
  // Electron opens no second page to look from.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

/** As the person chose it in the settings. */
export async function prefer(page: Page, language: Language, theme: 'light' | 'dark'): Promise<void> {
  await page.evaluate(
    (preferences) => localStorage.setItem('kubot-preferences', preferences),
    JSON.stringify({ language, theme }),
  );
  await page.reload();
}

/** Size of what the window shows. */
export async function resize({ app }: ShellLab, width: number, height: number): Promise<void> {
  await app.evaluate(
    ({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height),
    { width, height },
  );
}

/** Parts of the page that stick out to its right. */
export async function cutOff(page: Page): Promise<string[]> {
  return await page.evaluate(() =>
    [...document.querySelectorAll('main button, main a, main h1, main p, main label')]
      .filter((element) => element.getBoundingClientRect().right > innerWidth)
      .map((element) => element.outerHTML),
  );
}
