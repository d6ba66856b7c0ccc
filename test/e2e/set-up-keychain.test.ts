import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeTree } from '../../src/agent/runtimes/remove-tree.ts';
import { en } from '../../src/shared/words/en.ts';
import { filesIn } from '../helpers/files-in.ts';
import { nodeRobot } from '../helpers/lab.ts';
import { type KeyringSession, openKeyringSession } from '../integration/cli/keyring-session.ts';
import { screenshot } from './page.ts';
import { barriers, type SetUpLab, startSetUpLab } from './set-up-lab.ts';
import { ELECTRON, type ShellLab, startShell } from './shell-lab.ts';

const WAIT = { timeout: 60_000 };

describe.skipIf(ELECTRON === null)('a secret that is entered where there is a keychain', () => {
  let keyring: KeyringSession;
  let own: SetUpLab;
  let environment: Record<string, string>;
  let configDir: string;
  let again: ShellLab | undefined;
  beforeAll(async () => {
    keyring = openKeyringSession();
    await keyring.start('unlocked');
    // By this Chromium, and so Electron, knows which keychain the desktop has.
    environment = { ...keyring.environment, XDG_CURRENT_DESKTOP: 'GNOME' };
    configDir = mkdtempSync(join(tmpdir(), 'kubot-config-'));
    const options = { robots: { HELLO: nodeRobot(`console.log('hello');`) } };
    own = await startSetUpLab(options, environment, undefined, configDir);
  });
  afterAll(async () => {
    await again?.close();
    await own?.close();
    await keyring?.close();
    if (configDir) await removeTree(configDir);
  });

  const startAgain = async () => {
    await again?.close();
    again = await startShell({ environment, home: own.home, configDir });
    const page = await again.page();
    await page.emulateMedia({ reducedMotion: 'reduce' });
    return page;
  };

  test('lies in it, and in no file in the clear', async () => {
    const { page } = own;
    const next = () => page.getByRole('button', { name: 'Next' }).click();
    await page.getByLabel('Address of KuFlow').fill(own.lab.platform.url);
    await next();
    await page.getByLabel('Application id').fill(own.clientId);
    await page.getByLabel('Secret', { exact: true }).fill(own.secret);
    await screenshot(page, 'set-up-credentials-keychain');
    expect(await page.getByLabel('Keep it in a file').count()).toBe(0);
    await next();
    await page.getByRole('heading', { name: 'Which robots may run here?' }).waitFor(WAIT);
    await next();
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor(WAIT);
    expect(existsSync(join(own.home, 'desktop-secret'))).toBe(false);
    const kept = [...filesIn(own.home), ...filesIn(configDir)];
    expect(kept.filter((path) => readFileSync(path).includes(own.secret))).toEqual([]);
  });

  test('is found there at the next start', async () => {
    await own.shell.close();
    const page = await startAgain();
    await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor(WAIT);
  });

  test('that is not there for once is what the app says, not that nothing was set up', async () => {
    await again?.close();
    await keyring.stop();
    const page = await startAgain();
    const notice = page.getByRole('alert');
    await notice.getByText(en.status.keychain).waitFor(WAIT);
    await screenshot(page, 'keychain-away');
    expect(await barriers(page)).toEqual([]);
    // It may have gone for good.
    await notice.getByRole('link', { name: en.setUp.change }).click();
    await page.getByRole('heading', { name: 'Who does this machine work as?' }).waitFor(WAIT);
    expect(await page.getByLabel('Secret', { exact: true }).inputValue()).toBe('');
    await keyring.start('unlocked');
    await (await startAgain()).getByRole('heading', { name: 'Connected, nothing to do' }).waitFor(WAIT);
  });
});
