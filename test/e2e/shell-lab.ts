import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { ensureDesktop } from '../../scripts/build-desktop.ts';
import { findElectron } from '../../scripts/find-electron.ts';
import { removeTree } from '../../src/agent/runtimes/remove-tree.ts';
import { cleanEnvironment, ELECTRON_FLAGS, openScreen } from '../helpers/desktop.ts';
import type { Lab } from '../helpers/lab.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** null: none is here. */
export const ELECTRON = findElectron();

if (ELECTRON === null) {
  console.warn('The shell is not tested: there is no Electron here. KUBOT_TEST_ELECTRON names one.');
}

export interface ShellLab {
  readonly app: ElectronApplication;
  /** The window's page, once it is there. */
  page(): Promise<Page>;
  /** Labels of the tray's menu, those of a submenu behind its own. */
  menu(): Promise<string[]>;
  /** As a click on the item; of a submenu `Pause › For an hour`. */
  choose(label: string): Promise<void>;
  /** The person's own, of this shell alone. */
  readonly configDir: string;
  /** Titles of the notifications that were shown. */
  readonly notices: readonly string[];
  /** What the next question of the shell is answered with. */
  answer(button: number): Promise<void>;
  /** How often the shell asked something. */
  questions(): Promise<string[]>;
  /** Starts the program once more, as a person or a link would. */
  startAgain(...args: string[]): Promise<void>;
  /** Once the app has ended. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

interface ShellOptions {
  readonly environment: Record<string, string>;
  readonly home: string;
  /** The one of an app that was here before; else one of its own. */
  readonly configDir?: string;
  readonly args?: readonly string[];
}

/** The real shell in a real Electron, with a screen of its own where there is none. */
export async function startShell({
  environment,
  home,
  configDir,
  args = [],
}: ShellOptions): Promise<ShellLab> {
  ensureDesktop();
  const dir = mkdtempSync(join(tmpdir(), 'kubot-shell-'));
  const screen = await openScreen();
  const env = {
    ...cleanEnvironment(),
    KUBOT_NODE: process.execPath,
    ...environment,
    KUBOT_HOME: home,
    XDG_CONFIG_HOME: configDir ?? join(dir, 'config'),
    ...(screen && { DISPLAY: screen.display }),
  };
  const executablePath = ELECTRON ?? '';
  const app = await _electron
    .launch({ executablePath, args: [...ELECTRON_FLAGS, ROOT, '--lang=en-GB', ...args], cwd: ROOT, env })
    .catch(async (error: unknown) => {
      screen?.process.kill();
      await removeTree(dir);
      throw error;
    });
  const notices: string[] = [];
  createInterface({ input: app.process().stdout ?? Readable.from([]) }).on('line', (line) => {
    const title = /^Notice: (.*)$/.exec(line)?.[1];
    if (title !== undefined) notices.push(title);
  });
  await watch(app);
  // Once the app has ended Playwright knows its process no more.
  const own = app.process();
  const ended = once(own, 'exit').then(() => undefined);
  return {
    app,
    ended,
    configDir: configDir ?? join(dir, 'config'),
    page: async () => app.windows()[0] ?? (await app.waitForEvent('window')),
    menu: () => app.evaluate(() => labelsOf(Reflect.get(globalThis, 'kubotTest').menu, '')),
    choose: (label) =>
      app.evaluate((_electronModule, wanted) => Reflect.get(globalThis, 'kubotTest').click(wanted), label),
    notices,
    answer: (button) =>
      app.evaluate((_electronModule, response) => {
        Reflect.get(globalThis, 'kubotTest').response = response;
      }, button),
    questions: () => app.evaluate(() => Reflect.get(globalThis, 'kubotTest').questions),
    startAgain: async (...more) => {
      const second = spawn(executablePath, [...ELECTRON_FLAGS, ROOT, ...more], {
        env,
        cwd: ROOT,
        stdio: 'ignore',
      });
      await once(second, 'exit');
    },
    close: async () => {
      if (own.exitCode === null) {
        await app
          .evaluate(({ app: running }) => {
            Reflect.get(globalThis, 'kubotTest').response = 1;
            running.quit();
          })
          .catch(() => undefined);
        await ended;
      }
      screen?.process.kill();
      await removeTree(dir);
    },
  };
}

/** What a shell needs to work for a lab in place of the lab's own agent. */
export async function shellEnvironment(lab: Lab): Promise<Record<string, string>> {
  await lab.agent.close();
  const { KUBOT_CLIENT_SECRET: secret = '', ...environment } = lab.environment;
  const secretPath = join(lab.dir, 'secret');
  writeFileSync(secretPath, secret, { mode: 0o600 });
  return { ...environment, KUBOT_CLIENT_SECRET_FILE: secretPath };
}

/** Records what goes out of the app into the system, which no test can look at there. */
async function watch(app: ElectronApplication): Promise<void> {
  await app.evaluate(({ Menu, dialog }) => {
    interface Item {
      label?: string;
      submenu?: Item[];
      click?: () => void;
    }
    const seen = {
      menu: [] as Item[],
      questions: [] as string[],
      response: 2,
      click: (label: string) => find(seen.menu, label.split(' › '))?.click?.(),
    };
    const find = (items: Item[], [first, ...rest]: string[]): Item | undefined => {
      const found = items.find((item) => item.label === first);
      return rest.length === 0 ? found : find(found?.submenu ?? [], rest);
    };
    const labelsOf = (items: Item[], before: string): string[] =>
      items.flatMap(({ label, submenu }) => [
        ...(label ? [`${before}${label}`] : []),
        ...labelsOf(submenu ?? [], `${before}${label} › `),
      ]);
    Object.assign(globalThis, { kubotTest: seen, labelsOf });
    const build = Menu.buildFromTemplate.bind(Menu);
    Menu.buildFromTemplate = (template) => {
      const menu = build(template);
      // Submenus are built on the way; the whole comes last.
      seen.menu = template as Item[];
      return menu;
    };
    dialog.showMessageBox = ((options: { message: string }) => {
      seen.questions.push(options.message);
      return Promise.resolve({ response: seen.response, checkboxChecked: false });
    }) as typeof dialog.showMessageBox;
  });
}

declare function labelsOf(items: unknown, before: string): string[];
