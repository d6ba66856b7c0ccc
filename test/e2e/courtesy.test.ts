import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectToAgent } from '../../src/cli/control-client.ts';
import { en } from '../../src/shared/words/en.ts';
import { es } from '../../src/shared/words/es.ts';
import { type Lab, nodeRobot, startLab } from '../helpers/lab.ts';
import { type PersonAtHost, sitDown } from '../integration/courtesy/person-lab.ts';
import { type PageLab, screenshot, startPageLab } from './page.ts';
import { ELECTRON, type ShellLab, shellEnvironment, startShell } from './shell-lab.ts';

const WORDS = { en, es };
const POLL = { timeout: 60_000, interval: 100 };
/** Longer than any test waits. */
const COUNTDOWN_MS = 20 * 60_000;
const LAB = {
  robots: { DESK: nodeRobot(`console.log('it works on the screen');`) },
  tasks: [{ code: 'DESK', later: true }],
  settings: { courtesyCountdownMs: COUNTDOWN_MS, robots: { DESK: { desktop: true } } },
};

describe('a robot that is about to work on the screen, in the window', () => {
  let lab: Lab;
  let pages: PageLab;
  let person: PersonAtHost;
  beforeAll(async () => {
    lab = await startLab(LAB);
    pages = await startPageLab(lab);
    person = await sitDown(lab);
  });
  afterAll(async () => {
    person?.leave();
    await pages?.close();
    await lab?.close();
  });

  const card = (page: Page, words: typeof en) => page.getByRole('region', { name: words.courtesy.label });

  // Each language and each theme once.
  test.each([
    ['en', 'light'],
    ['es', 'dark'],
  ] as const)(
    'is counted down in %s and %s, put off, and begins when the person says so',
    async (language, theme) => {
      const words = WORDS[language];
      const page = await pages.open({ language, theme });
      const taskId = await lab.addTask('DESK');
      await card(page, words)
        .getByText(/1\d:\d\d/)
        .waitFor();
      await page.getByRole('heading', { name: words.status.waiting(1) }).waitFor();
      const found = await barriers(page);
      await screenshots(page, `courtesy-countdown-${language}-${theme}`);
      await card(page, words)
        .getByRole('button', { name: words.courtesy.inMinutes(10) })
        .click();
      await card(page, words).waitFor({ state: 'detached' });
      const row = page.getByRole('listitem').filter({ hasText: 'DESK' });
      await row.getByText(words.courtesy.waits.postponement('')).waitFor();
      found.push(...(await barriers(page)));
      await screenshots(page, `courtesy-postponed-${language}-${theme}`);
      expect((await lab.agent.handlers.why({ id: taskId })).decisions.at(-1)?.code).toBe('COURTESY_WAITS');
      await row.getByRole('button', { name: words.courtesy.startNow }).click();
      expect(await lab.until(taskId, 'ended')).toMatchObject({ outcome: 'succeeded' });
      await page.getByRole('heading', { name: words.status.idle }).waitFor();
      expect(found).toEqual([]);
    },
  );

  test('is stopped by one click, with the keyboard alone', async () => {
    const page = await pages.open();
    const taskId = await lab.addTask('DESK');
    const stop = card(page, en).getByRole('button', { name: 'Stop DESK' });
    await stop.focus();
    await page.keyboard.press('Enter');
    expect(await lab.until(taskId, 'ended')).toMatchObject({ outcome: 'cancelled' });
    await card(page, en).waitFor({ state: 'detached' });
  });

  test('says what else it waits for', async () => {
    const page = await pages.open();
    await person.screen({ presenting: true });
    const taskId = await lab.addTask('DESK');
    const row = page.getByRole('listitem').filter({ hasText: 'DESK' });
    await row.getByText('waits until nobody presents').waitFor();
    // The one behind it stays on the platform.
    await lab.addTask('DESK');
    await page.getByText('The person at this host is presenting').first().waitFor();
    await screenshots(page, 'courtesy-presenting-en-light');
    await person.screen({ presenting: false });
    await card(page, en).getByRole('button', { name: 'Start now' }).click();
    expect(await lab.until(taskId, 'ended')).toMatchObject({ outcome: 'succeeded' });
  });

  test('nothing was complained of in any page', () => {
    expect(pages.complaints).toEqual([]);
  });
});

describe.skipIf(ELECTRON === null)('a robot that is about to work on the screen, in the shell', () => {
  let lab: Lab;
  let shell: ShellLab;
  beforeAll(async () => {
    lab = await startLab(LAB);
    const environment = { ...(await shellEnvironment(lab)), PATH: `${fakeLogind()}:${process.env.PATH}` };
    shell = await startShell({ environment, home: lab.home });
    await (await shell.page()).getByRole('heading', { name: 'Connected, nothing to do' }).waitFor();
  });
  afterAll(async () => {
    await shell?.close();
    await lab?.close();
  });

  /** A `loginctl` in a folder of its own, which says what the test wants. */
  const fakeLogind = () => {
    const dir = join(lab.dir, 'bin');
    mkdirSync(dir);
    lock('no');
    writeFileSync(join(dir, 'loginctl'), `#!/bin/sh\ncat '${hintPath()}'\n`, { mode: 0o755 });
    return dir;
  };
  const hintPath = () => join(lab.dir, 'locked-hint');
  const lock = (hint: 'yes' | 'no') => writeFileSync(hintPath(), `LockedHint=${hint}\n`);
  const agent = () => connectToAgent(lab.home);
  const outcomeOf = async (taskId: string) =>
    await agent()
      .run({ id: taskId })
      .then(
        ({ outcome }) => outcome,
        () => null,
      );
  const waitsFor = (reason: string | null) =>
    expect.poll(async () => (await agent().status()).courtesy?.next?.waitsFor ?? null, POLL).toBe(reason);

  test('is told by a notification, and put off and started from the tray', async () => {
    const taskId = await lab.addTask('DESK');
    await expect.poll(() => shell.notices, POLL).toEqual(['DESK is about to start']);
    const countdown = /^DESK starts at \d\d:\d\d:\d\d$/;
    await expect
      .poll(async () => (await shell.menu()).slice(0, 6), POLL)
      .toEqual([
        'One robot waits',
        expect.stringMatching(countdown),
        'Start now',
        'In 10 minutes',
        'In 1 hour',
        'Stop DESK',
      ]);
    await screenshot(await shell.page(), 'window-courtesy');
    await shell.choose('In 1 hour');
    await waitsFor('postponement');
    await expect
      .poll(async () => (await shell.menu()).slice(1, 5), POLL)
      .toEqual([expect.stringMatching(/^DESK put off until /), 'Start now', 'Stop DESK', 'Start a robot']);
    await shell.choose('Start now');
    await expect.poll(() => outcomeOf(taskId), POLL).toBe('succeeded');
    expect(shell.notices).toHaveLength(1);
  });

  test('waits while the person presents something, and is told when they end', async () => {
    await shell.choose('I am presenting › For an hour');
    await expect
      .poll(
        async () => (await shell.menu()).some((label) => label.startsWith('I am presenting until ')),
        POLL,
      )
      .toBe(true);
    await expect.poll(async () => (await agent().status()).courtesy?.presenting, POLL).toBe(true);
    const taskId = await lab.addTask('DESK');
    await waitsFor('presentation');
    expect(shell.notices).toHaveLength(1);
    await shell.choose(
      (await shell.menu()).find((label) => label.startsWith('I am presenting until ')) ?? '',
    );
    await waitsFor('countdown');
    await expect
      .poll(() => shell.notices, POLL)
      .toEqual(['DESK is about to start', 'DESK is about to start']);
    await shell.choose('Stop DESK');
    await expect.poll(() => outcomeOf(taskId), POLL).toBe('cancelled');
  });

  test.skipIf(process.platform !== 'linux')('waits while logind says that the screen is locked', async () => {
    const taskId = await lab.addTask('DESK');
    await waitsFor('countdown');
    lock('yes');
    await waitsFor('unlock');
    await expect
      .poll(async () => (await shell.menu())[1], POLL)
      .toBe('DESK waits until the screen is unlocked');
    lock('no');
    await waitsFor('countdown');
    await shell.choose('Stop DESK');
    await expect.poll(() => outcomeOf(taskId), POLL).toBe('cancelled');
  });

  test('begins without the person once their shell is gone', async () => {
    expect((await agent().status()).courtesy).toMatchObject({ presenting: false, next: null });
    await shell.close();
    // It has the person in mind for a moment, as after any restart.
    await lab.restartAgent();
    const taskId = await lab.addTask('DESK');
    expect(await lab.until(taskId, 'ended')).toMatchObject({ outcome: 'succeeded' });
  });
});

/** What axe finds that keeps somebody out. */
async function barriers(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

async function screenshots(page: Page, name: string): Promise<void> {
  await screenshot(page, name);
  await page.setViewportSize({ width: 720, height: 480 });
  await screenshot(page, `${name}-small`);
  await page.setViewportSize({ width: 960, height: 640 });
}
