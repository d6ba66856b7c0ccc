import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoginItemSettingsOptions, Settings } from 'electron';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type AutostartHost,
  autostartCommand,
  createAutostart,
  isStartedHidden,
} from '../../../src/main/autostart.ts';

/** What Electron would have been told; the systems behind it cannot run here. */
function loginItems() {
  const told: Settings[] = [];
  const asked: (LoginItemSettingsOptions | undefined)[] = [];
  const app = {
    getLoginItemSettings: (options?: LoginItemSettingsOptions) => {
      asked.push(options);
      return { openAtLogin: told.at(-1)?.openAtLogin ?? false, wasOpenedAtLogin: true };
    },
    setLoginItemSettings: (settings: Settings) => told.push(settings),
  } as unknown as AutostartHost['app'];
  return { app, told, asked };
}

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-autostart-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const hostOf = (over: Partial<AutostartHost> = {}): AutostartHost => ({
  platform: 'linux',
  isPackaged: true,
  execPath: '/opt/KuBot Runner/kubot-runner',
  appPath: '/opt/KuBot Runner/resources/app.asar',
  environment: { XDG_CONFIG_DIRS: join(dir, 'etc') },
  homeDir: join(dir, 'home'),
  app: loginItems().app,
  ...over,
});

describe('on Linux', () => {
  const entryPath = () => join(dir, 'home/.config/autostart/kubot-runner.desktop');
  const forAll = (text: string) => {
    mkdirSync(join(dir, 'etc/autostart'), { recursive: true });
    writeFileSync(join(dir, 'etc/autostart/kubot-runner.desktop'), text);
  };

  test('is off at first, and on and off as it was set', async () => {
    const autostart = createAutostart(hostOf());
    expect(await autostart.read()).toBe(false);
    await autostart.set(true);
    expect(await autostart.read()).toBe(true);
    expect(readFileSync(entryPath(), 'utf8')).toContain('Exec="/opt/KuBot Runner/kubot-runner" --hidden\n');
    await autostart.set(false);
    expect(await autostart.read()).toBe(false);
    expect(readdirSync(join(dir, 'home/.config/autostart'))).toEqual([]);
  });

  test('lies where XDG_CONFIG_HOME says', async () => {
    const config = join(dir, 'config');
    await createAutostart(hostOf({ environment: { XDG_CONFIG_HOME: config } })).set(true);
    expect(existsSync(join(config, 'autostart/kubot-runner.desktop'))).toBe(true);
  });

  test('is on where IT has it for the machine, until the person takes it back', async () => {
    forAll('[Desktop Entry]\nExec=kubot-runner --hidden\n');
    const autostart = createAutostart(hostOf());
    expect(await autostart.read()).toBe(true);
    await autostart.set(false);
    expect(await autostart.read()).toBe(false);
    expect(readFileSync(entryPath(), 'utf8')).toContain('Hidden=true\n');
    await autostart.set(true);
    expect(await autostart.read()).toBe(true);
  });

  test('follows an app that was moved, and leaves what is off', async () => {
    await createAutostart(hostOf({ execPath: '/old/kubot-runner' })).set(true);
    const autostart = createAutostart(hostOf());
    await autostart.refresh();
    expect(readFileSync(entryPath(), 'utf8')).toContain('Exec="/opt/KuBot Runner/kubot-runner"');
    await autostart.set(false);
    await autostart.refresh();
    expect(existsSync(entryPath())).toBe(false);
  });
});

describe('on Windows', () => {
  test('is an item of the session with the flag that opens no window', async () => {
    const { app, told, asked } = loginItems();
    const execPath = 'C:\\Program Files\\KuBot Runner\\kubot-runner.exe';
    const autostart = createAutostart(hostOf({ platform: 'win32', execPath, app }));
    expect(await autostart.read()).toBe(false);
    await autostart.set(true);
    // Without quotes Windows would start C:\\Program.exe.
    const item = { path: `"${execPath}"`, args: ['--hidden'] };
    expect(told).toEqual([{ ...item, openAtLogin: true }]);
    expect(await autostart.read()).toBe(true);
    expect(asked).toEqual([item, item]);
  });

  test('of a checkout it starts Electron with the checkout', async () => {
    const { app, told } = loginItems();
    const over = { isPackaged: false, execPath: 'C:\\src\\electron.exe', appPath: 'C:\\my src\\kubot', app };
    await createAutostart(hostOf({ platform: 'win32', ...over })).set(true);
    expect(told).toMatchObject([
      { path: 'C:\\src\\electron.exe', args: ['"C:\\my src\\kubot"', '--hidden'] },
    ]);
  });
});

describe('on macOS', () => {
  test('is a login item, without arguments', async () => {
    const { app, told } = loginItems();
    const autostart = createAutostart(hostOf({ platform: 'darwin', app }));
    await autostart.set(true);
    expect(told).toEqual([{ openAtLogin: true }]);
    expect(await autostart.read()).toBe(true);
  });

  test('of a checkout it cannot be chosen', async () => {
    const { app, told } = loginItems();
    const autostart = createAutostart(hostOf({ platform: 'darwin', isPackaged: false, app }));
    await autostart.set(true);
    expect(await autostart.read()).toBeNull();
    expect(told).toEqual([]);
  });
});

test('where there is no such switch it cannot be chosen', async () => {
  expect(await createAutostart(hostOf({ platform: 'freebsd' })).read()).toBeNull();
});

test.each([
  [{ isPackaged: true }, ['/bin/kubot', '--hidden']],
  [
    { isPackaged: true, environment: { APPIMAGE: '/home/ann/KuBot.AppImage' } },
    ['/home/ann/KuBot.AppImage', '--hidden'],
  ],
  [{ isPackaged: false }, ['/bin/kubot', '/src/kubot', '--hidden']],
])('%j is started by %j', (over, expected) => {
  expect(autostartCommand(hostOf({ execPath: '/bin/kubot', appPath: '/src/kubot', ...over }))).toEqual(
    expected,
  );
});

test.each([
  ['linux', ['kubot', '--hidden'], true],
  ['linux', ['kubot'], false],
  ['win32', ['kubot.exe'], false],
  ['darwin', ['kubot'], true],
] as const)('on %s, started by %j, no window is wanted: %s', (platform, argv, expected) => {
  expect(isStartedHidden(argv, { platform, app: loginItems().app })).toBe(expected);
});
