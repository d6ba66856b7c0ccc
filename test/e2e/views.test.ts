import { readFileSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { VIEWS } from '../../src/renderer/route.ts';
import { en } from '../../src/shared/words/en.ts';
import { es } from '../../src/shared/words/es.ts';
import { type Lab, nodeRobot, startLab } from '../helpers/lab.ts';
import { waitingRobot } from '../integration/runs/waiting-robot.ts';
import { looksOtherThanKept } from './looks.ts';
import { type PageLab, screenshot, startPageLab } from './page.ts';

const WORDS = { en, es };

let lab: Lab;
let pages: PageLab;
let failedRunId: string;
beforeAll(async () => {
  lab = await startLab({
    robots: {
      HELLO: nodeRobot(
        `process.getBuiltinModule('node:fs').writeFileSync(process.env.KUFLOW_EXECUTION_OUTDIR + '/sums é.csv', 'a;b\\n1;2\\n'); console.log('hello');`,
      ),
      WAITS: waitingRobot({ before: `console.log('it has begun');` }),
      FAILS: nodeRobot(
        `console.warn('WARNING: a row is odd'); console.error('Error: no total'); process.exit(3);`,
      ),
    },
    settings: { cancelGraceMs: 500 },
  });
  pages = await startPageLab(lab);
  await lab.until((await lab.task('HELLO')).id, 'ended');
  await lab.until((await lab.task('WAITS')).id, 'running');
  failedRunId = (await lab.until((await lab.task('FAILS')).id, 'ended')).id;
});
afterAll(async () => {
  await pages?.close();
  await lab?.close();
});

async function show(page: Page, hash: string): Promise<void> {
  await page.evaluate((wanted) => {
    location.hash = wanted;
  }, hash);
}

/** What axe finds that keeps somebody out. */
async function barriers(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

/** Parts of the page that stick out to the right of it, and headings and reasons that are not there to their end. */
async function cutOff(page: Page): Promise<string[]> {
  return await page.evaluate(() =>
    [
      ...[...document.querySelectorAll('main button, main a, main h1, main p')]
        .filter((element) => !element.closest('.log-lines'))
        .filter((element) => element.getBoundingClientRect().right > innerWidth),
      ...[...document.querySelectorAll('main h1, main .brief')].filter(
        ({ scrollWidth, clientWidth, scrollHeight, clientHeight }) =>
          scrollWidth > clientWidth || scrollHeight > clientHeight,
      ),
    ].map((element) => element.outerHTML),
  );
}

// Each language and each theme once: four combinations would find no more, and take twice as long.
describe.each([
  ['en', 'light'],
  ['es', 'dark'],
] as const)('in %s and %s', (language, theme) => {
  test('every view keeps nobody out, and nothing is cut off in a small window', async () => {
    const page = await pages.open({ language, theme });
    const words = WORDS[language];
    await page.getByRole('heading', { name: words.status.running(1) }).waitFor();
    const found: string[] = [];
    for (const hash of [...VIEWS.map((view) => `#/${view}`), `#/runs/${failedRunId}`]) {
      await show(page, hash);
      const name = hash.startsWith('#/runs/') ? 'run' : hash.slice(2);
      await page.locator('main h1').first().waitFor();
      await page.getByText(words.loading).waitFor({ state: 'detached' });
      if (name === 'run') {
        await page.getByText('Error: no total').waitFor();
        await page.getByText(words.hints.ROBOT_EXIT).waitFor();
      }
      const another = await looksOtherThanKept(page, `${name}-${language}-${theme}`);
      if (another !== null) found.push(another);
      found.push(...(await barriers(page)).map((barrier) => `${name}: ${barrier}`));
      found.push(...(await cutOff(page)).map((part) => `${name}: cut off: ${part}`));
      await page.setViewportSize({ width: 720, height: 480 });
      await screenshot(page, `${name}-${language}-${theme}-small`);
      found.push(...(await cutOff(page)).map((part) => `${name}: cut off: ${part}`));
      await page.setViewportSize({ width: 960, height: 640 });
    }
    expect(found).toEqual([]);
  });

  test('the sheets keep nobody out', async () => {
    const page = await pages.open({ language });
    const words = WORDS[language];
    await show(page, '#/robots');
    const row = page.getByRole('listitem').filter({ hasText: 'HELLO' });
    await row.getByRole('button', { name: words.robots.start }).click();
    const found = await barriers(page);
    await page.keyboard.press('Escape');
    await row.getByRole('button', { name: words.robots.actions('HELLO') }).click();
    found.push(...(await barriers(page)));
    await page.getByRole('menuitem', { name: words.robots.limits }).click();
    await page.getByText(words.robots.limitsHold).waitFor();
    await page.getByText('sandbox', { exact: true }).waitFor();
    found.push(...(await barriers(page)));
    await screenshot(page, `limits-${language}`);
    expect(found).toEqual([]);
  });
});

describe('who asked the system', () => {
  test('for more contrast gets stronger lines and text, and for its own colours those', async () => {
    const page = await pages.open();
    await page.getByRole('heading', { name: 'One robot is at work' }).waitFor();
    const look = () =>
      page.evaluate(() => {
        const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name);
        return { line: token('--line'), soft: token('--text-soft') };
      });
    const usual = await look();
    await page.emulateMedia({ contrast: 'more' });
    const strong = await look();
    expect([strong.line === usual.line, strong.soft === usual.soft]).toEqual([false, false]);
    const found = await barriers(page);
    await screenshot(page, 'now-contrast');
    await page.emulateMedia({ contrast: null, forcedColors: 'active' });
    for (const view of VIEWS) {
      await show(page, `#/${view}`);
      await page.locator('main h1').first().waitFor();
      found.push(...(await barriers(page)));
    }
    await screenshot(page, 'health-forced-colours');
    expect(found).toEqual([]);
  });

  test('for less motion sees none', async () => {
    const page = await pages.open();
    await page.getByRole('heading', { name: 'One robot is at work' }).waitFor();
    const moving = () => page.evaluate(() => document.getAnimations().length);
    const durations = () =>
      page.evaluate(
        () =>
          [...document.querySelectorAll('*')].filter((element) => {
            const { animationDuration, transitionDuration } = getComputedStyle(element);
            return [animationDuration, transitionDuration].some((text) =>
              text.split(',').some((one) => Number.parseFloat(one) > 0.001),
            );
          }).length,
      );
    await show(page, '#/robots');
    await page.getByRole('button', { name: 'Actions for HELLO' }).click();
    await page.getByRole('menuitem').first().waitFor();
    expect([await moving(), await durations()]).toEqual([0, 0]);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await durations()).toBeGreaterThan(0);
  });
});

test('what a robot left is saved from where it lies', async () => {
  const page = await pages.open();
  const { id } = await lab.until((await lab.task('HELLO')).id, 'ended');
  await show(page, `#/runs/${id}`);
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save sums é.csv' }).click();
  const file = await saved;
  expect(file.suggestedFilename()).toBe('sums é.csv');
  expect(readFileSync(await file.path(), 'utf8')).toBe('a;b\n1;2\n');
  await screenshot(page, 'run-files');
});

describe('the keyboard alone', () => {
  test('goes to every view, down a list, into a run and back', async () => {
    const page = await pages.open();
    await page.getByRole('heading', { name: 'One robot is at work' }).waitFor();
    for (const [index, view] of VIEWS.entries()) {
      await page.keyboard.press(String(index + 1));
      await page.waitForURL(new RegExp(`#/${view}$`));
    }
    await page.keyboard.press('2');
    await page.locator('[data-row]').nth(2).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await page.waitForURL(/#\/runs\/[0-9a-f-]{36}$/);
    await page.getByTestId('log-lines').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('1/no row has this');
    await page.getByText('No line fits.').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.waitForURL(/#\/runs$/);
  });

  test('opens the actions of a row, and the list of keys', async () => {
    const page = await pages.open();
    await show(page, '#/robots');
    await page.locator('[data-row]').nth(2).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('.');
    await page.getByRole('menuitem', { name: 'Prepare now' }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Limits of FAILS' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Keyboard' }).waitFor();
    expect(await barriers(page)).toEqual([]);
  });
});

describe('settings', () => {
  test('are changed where one may, and say who set them', async () => {
    const page = await pages.open();
    await show(page, '#/settings');
    const row = (key: string) =>
      page.getByRole('listitem').filter({ has: page.getByText(key, { exact: true }) });
    await row('runTimeoutMs').getByRole('button', { name: 'Change runTimeoutMs' }).click();
    await row('runTimeoutMs').getByRole('textbox').fill('soon');
    await row('runTimeoutMs').getByRole('button', { name: 'Save' }).click();
    await row('runTimeoutMs').getByText('CONFIG_INVALID').waitFor();
    await row('runTimeoutMs').getByRole('textbox').fill('45m');
    await row('runTimeoutMs').getByRole('button', { name: 'Save' }).click();
    await row('runTimeoutMs').getByText('Saved. It holds from the next start').waitFor();
    await row('runTimeoutMs').getByText('set here').waitFor();
    expect(await lab.agent.handlers.configGet({ key: 'runTimeoutMs' })).toMatchObject({
      value: 45 * 60_000,
      source: 'file',
    });
    await row('failurePolicy').getByRole('combobox').selectOption('retry');
    await expect
      .poll(async () => (await lab.agent.handlers.configGet({ key: 'failurePolicy' })).value)
      .toBe('retry');
    // The lab gives it by a variable: the file would not be heard.
    await row('apiEndpoint').getByText('set by the environment').waitFor();
    expect(await row('apiEndpoint').getByRole('button').count()).toBe(0);
  });

  test('of the window hold at once and after a reload', async () => {
    const page = await pages.open();
    await show(page, '#/settings');
    await page.getByText('Español').click();
    await page.getByRole('heading', { name: 'Ajustes' }).waitFor();
    await page.getByText('Oscura').click();
    await page.reload();
    await page.getByRole('heading', { name: 'Ajustes' }).waitFor();
    expect(
      await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme]),
    ).toEqual(['es', 'dark']);
  });
});

test('a view that breaks says so, and the others go on', async () => {
  const page = await pages.open();
  await page.getByRole('heading', { name: 'One robot is at work' }).waitFor();
  const before = pages.complaints.length;
  await page.evaluate(() =>
    Object.defineProperty(navigator, 'userAgent', {
      get: () => {
        throw new Error('no such thing');
      },
    }),
  );
  await show(page, '#/health');
  await page.getByRole('alert').getByText('Error: no such thing').waitFor();
  await screenshot(page, 'broken-view');
  await page.keyboard.press('1');
  await page.getByRole('heading', { name: 'One robot is at work' }).waitFor();
  await page.keyboard.press('5');
  await page.getByRole('button', { name: 'Reload' }).click();
  await page.getByRole('heading', { name: 'About' }).waitFor();
  // React tells of it in the console, as it should.
  expect(pages.complaints.splice(before).length).toBeGreaterThan(0);
});

test('nothing was complained of in any page', () => {
  expect(pages.complaints).toEqual([]);
});
