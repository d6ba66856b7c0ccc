import { readFileSync } from 'node:fs';
import type { MenuItemConstructorOptions } from 'electron';
import { expect, test } from 'vitest';
import { appMenu } from '../../../src/main/app-menu.ts';
import { APP_ID, barColourOf, linkHandler, trayOpener, userModelId } from '../../../src/main/system-ways.ts';
import { en } from '../../../src/shared/words/en.ts';
import { es } from '../../../src/shared/words/es.ts';

test('Windows knows the program by the id that its installer gave the shortcut', () => {
  expect(readFileSync('electron-builder.yml', 'utf8')).toContain(`\nappId: ${APP_ID}\n`);
  const windows = { platform: 'win32', isPackaged: true, execPath: 'C:\\electron.exe' } as const;
  expect([
    userModelId(windows),
    userModelId({ ...windows, isPackaged: false }),
    userModelId({ ...windows, platform: 'linux' }),
  ]).toEqual([APP_ID, 'C:\\electron.exe', null]);
});

test('links are handed to a package, and to a checkout where the system can be told of it', () => {
  const windows = { platform: 'win32', isPackaged: false, execPath: 'C:\\electron.exe' } as const;
  expect([
    linkHandler({ ...windows, isPackaged: true }, 'C:\\Program Files\\KuBot Runner\\app.asar'),
    linkHandler(windows, 'C:\\my src\\kubot'),
    linkHandler({ ...windows, platform: 'darwin' }, '/src/kubot'),
  ]).toEqual([['kubot-runner'], ['kubot-runner', 'C:\\electron.exe', ['"C:\\my src\\kubot"']], null]);
});

test('a click on the icon opens the window on Windows, the menu on macOS', () => {
  expect([trayOpener('win32'), trayOpener('darwin'), trayOpener('linux')]).toEqual([
    'click',
    'double-click',
    'double-click',
  ]);
});

test('the icon is drawn for the bar that it stands on', () => {
  expect([barColourOf('win32', true), barColourOf('win32', false), barColourOf('linux', false)]).toEqual([
    'dark',
    'light',
    'dark',
  ]);
});

const roles = (items: MenuItemConstructorOptions[]): (string | undefined)[] =>
  items.flatMap(({ role, submenu }) => [role, ...roles((submenu ?? []) as MenuItemConstructorOptions[])]);

test.each(['win32', 'darwin', 'linux'] as const)(
  'the menu of the window on %s neither reloads nor leads elsewhere',
  (platform) => {
    const menu = roles(appMenu({ platform, isPackaged: true, words: en.appMenu }));
    for (const role of ['reload', 'forceReload', 'toggleDevTools', 'help']) expect(menu).not.toContain(role);
    for (const role of ['copy', 'paste', 'zoomIn', 'close', 'quit']) expect(menu).toContain(role);
    expect(menu.includes('hide')).toBe(platform === 'darwin');
  },
);

test('the menu of the window says everything in the person’s language, and helps developers in a checkout', () => {
  const labels = (items: MenuItemConstructorOptions[]): (string | undefined)[] =>
    items.flatMap(({ type, label, submenu }) => [
      ...(type === 'separator' ? [] : [label]),
      ...labels((submenu ?? []) as MenuItemConstructorOptions[]),
    ]);
  const spanish = labels(appMenu({ platform: 'darwin', isPackaged: false, words: es.appMenu }));
  expect(spanish).not.toContain(undefined);
  expect(spanish).toContain('Deshacer');
  expect(roles(appMenu({ platform: 'linux', isPackaged: false, words: en.appMenu }))).toContain(
    'toggleDevTools',
  );
});
