import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { es } from '../../src/shared/words/es.ts';
import { filesIn } from '../helpers/files-in.ts';
import { nodeRobot } from '../helpers/lab.ts';
import { type KeyringSession, openKeyringSession } from '../integration/cli/keyring-session.ts';
import { launchChromium, screenshot } from './page.ts';
import { barriers, cutOff, prefer, resize, type SetUpLab, startSetUpLab } from './set-up-lab.ts';
import { ELECTRON } from './shell-lab.ts';

const POLL = { timeout: 60_000, interval: 100 };
const WAIT = { timeout: 60_000 };

describe.skipIf(ELECTRON === null)('a set-up by signing in', () => {
  let own: SetUpLab;
  let page: Page;
  let keyring: KeyringSession;
  let browser: Browser;
  beforeAll(async () => {
    keyring = openKeyringSession();
    browser = await launchChromium();
    await keyring.start('unlocked');
    own = await startSetUpLab(
      {
        robots: { HELLO: nodeRobot(`console.log('hello');`) },
        tasks: [{ code: 'HELLO', later: true }],
      },
      keyring.environment,
      ({ lab }) => ({ PATH: `${makeOpener(lab.dir)}:${process.env.PATH}` }),
    );
    ({ page } = own);
  });
  afterAll(async () => {
    await browser?.close();
    await own?.close();
    await keyring?.close();
  });

  /** What the system was asked to open, newest last. */
  const opened = () => {
    const path = join(own.lab.dir, 'opened');
    return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  };
  const newlyOpened = async (before: number) => {
    await expect.poll(() => opened().length, POLL).toBe(before + 1);
    return opened().at(-1) ?? '';
  };
  /** As a person does in the browser that was opened; returns what the browser is left with. */
  const decide = async (url: string, button: 'Allow' | 'Refuse') => {
    const tab = await browser.newPage();
    await tab.goto(url);
    await screenshot(tab, 'sign-in-platform');
    await tab.getByRole('button', { name: button }).click();
    const title = tab.getByRole('heading');
    await title.waitFor(WAIT);
    await screenshot(tab, `sign-in-${button.toLowerCase()}`);
    const text = await title.innerText();
    await tab.close();
    return text;
  };
  const signIn = () => page.getByRole('button', { name: 'Sign in', exact: true }).click();

  test('asks for what whoever runs the server registered', async () => {
    const { oauth } = own.lab.platform;
    await page.getByLabel('Address of KuFlow').fill(own.lab.platform.url);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('heading', { name: 'Who does this machine work as?' }).waitFor(WAIT);
    await page.getByText('Myself').click();
    expect(await page.getByRole('button', { name: 'Sign in', exact: true }).isDisabled()).toBe(true);
    await page.getByLabel('Id of this program').fill(oauth.clientId);
    await page.getByText('Sign-in server').click();
    await page.getByLabel('Page to sign in').fill(oauth.authorizationUrl);
    await page.getByLabel('Address for tokens').fill('http://auth.example.com/token');
    await screenshot(page, 'set-up-sign-in');
    expect(await barriers(page)).toEqual([]);
  });

  test('sends tokens nowhere in the clear', async () => {
    await signIn();
    await page.getByRole('alert').getByText('plain http to auth.example.com').waitFor(WAIT);
    await screenshot(page, 'set-up-sign-in-failed');
    expect(opened()).toEqual([]);
    await page.getByLabel('Address for tokens').fill(own.lab.platform.oauth.tokenUrl);
  });

  test('can be stopped while it waits for the browser, and says where to sign in', async () => {
    await signIn();
    await page.getByText('Sign in with the browser that was opened.').waitFor(WAIT);
    await page.getByRole('button', { name: 'Waiting for the browser …' }).waitFor();
    const url = await newlyOpened(0);
    await page.getByText(url).waitFor();
    await screenshot(page, 'set-up-sign-in-waiting');
    expect(await barriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    expect([await page.getByText(url).count(), await page.getByRole('alert').count()]).toEqual([0, 0]);
  });

  test('says it when the person refuses in the browser', async () => {
    await signIn();
    expect(await decide(await newlyOpened(1), 'Refuse')).toBe('You are not signed in');
    await page.getByRole('alert').getByText('SIGN_IN_REFUSED').waitFor(WAIT);
  });

  test('goes on by itself once the person has signed in', async () => {
    await signIn();
    expect(await decide(await newlyOpened(2), 'Allow')).toBe('You are signed in');
    await page.getByRole('heading', { name: 'Which robots may run here?' }).waitFor(WAIT);
    await page.getByRole('button', { name: 'Back' }).click();
    await page.getByText('Signed in as ada@example.com.').waitFor();
    await screenshot(page, 'set-up-signed-in');
    expect(await barriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('heading', { name: 'Which robots may run here?' }).waitFor(WAIT);
    expect(opened().length).toBe(3);
  });

  test('ends connected as that person, whose robots run, with no secret in a file', async () => {
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor(WAIT);
    await page.getByRole('button', { name: 'Go to Now' }).click();
    const taskId = await own.lab.addTask('HELLO');
    await page.getByRole('link', { name: /Succeeded HELLO/ }).waitFor(WAIT);
    await expect.poll(async () => (await own.lab.task(taskId)).state, POLL).toBe('COMPLETED');
    const person = own.lab.platform.audit().find(({ operation }) => operation === 'refreshSession');
    expect((await own.lab.task(taskId)).ownerId).toBe(person?.principalId);
    const { oauth, url } = own.lab.platform;
    expect(JSON.parse(readFileSync(join(own.home, 'settings.json'), 'utf8'))).toEqual({
      apiEndpoint: url,
      authentication: 'oauth',
      oauthClientId: oauth.clientId,
      oauthAuthorizationUrl: oauth.authorizationUrl,
      oauthTokenUrl: oauth.tokenUrl,
    });
    expect(filesIn(own.home).filter((file) => basename(file).includes('secret'))).toEqual([]);
  });

  test('says that somebody has to sign in when the sign-in ends, and goes on after', async () => {
    own.lab.platform.endSessions();
    await page.getByRole('heading', { name: 'Somebody has to sign in' }).waitFor(WAIT);
    await screenshot(page, 'now-sign-in');
    expect(await barriers(page)).toEqual([]);
    await expect.poll(() => own.shell.notices, POLL).toContain('Somebody has to sign in');
    await expect.poll(() => own.shell.menu(), POLL).toContain('Somebody has to sign in');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Who does this machine work as?' }).waitFor(WAIT);
    await signIn();
    await decide(await newlyOpened(3), 'Allow');
    // Nothing else was changed, so there is nothing else to ask.
    await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor(WAIT);
  });

  test('speaks Spanish, in the dark, in a small window', async () => {
    const words = es.setUp.credentials;
    await resize(own.shell, 720, 480);
    await prefer(page, 'es', 'dark');
    await page.evaluate(() => location.assign('#/set-up'));
    await page.getByRole('heading', { name: es.setUp.address.title }).waitFor(WAIT);
    await page.getByRole('button', { name: es.setUp.next }).click();
    await page.getByText(words.signedIn(null)).waitFor(WAIT);
    await page.getByRole('button', { name: words.signInAgain }).click();
    await page.getByRole('button', { name: words.signIn, exact: true }).click();
    await page.getByText(words.opened).waitFor(WAIT);
    await screenshot(page, 'set-up-es-sign-in-waiting');
    expect([await barriers(page), await cutOff(page)]).toEqual([[], []]);
    await page.getByRole('button', { name: es.setUp.stopChecking }).click();
  });
});

/** A folder with a program that opens nothing and writes down what it was asked to open, as xdg-open is asked. */
function makeOpener(dir: string): string {
  const folder = join(dir, 'bin');
  mkdirSync(folder);
  writeFileSync(join(folder, 'xdg-open'), `#!/bin/sh\nprintf '%s\\n' "$1" >> '${join(dir, 'opened')}'\n`);
  chmodSync(join(folder, 'xdg-open'), 0o755);
  return folder;
}
