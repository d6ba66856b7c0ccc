import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { es } from '../../src/shared/words/es.ts';
import { nodeRobot, startLab } from '../helpers/lab.ts';
import { startPlatformOf } from '../integration/cli/check-lab.ts';
import { screenshot } from './page.ts';
import { barriers, cutOff, prefer, resize, type SetUpLab, startSetUpLab } from './set-up-lab.ts';
import { ELECTRON, startShell } from './shell-lab.ts';

const WAIT = { timeout: 60_000 };
const words = es.setUp;

describe.skipIf(ELECTRON === null)('a set-up in Spanish, in the dark, in a small window', () => {
  let own: SetUpLab;
  let page: Page;
  let platform: Awaited<ReturnType<typeof startPlatformOf>>;
  beforeAll(async () => {
    platform = await startPlatformOf({
      tenants: [
        { id: 'a', name: 'Acme' },
        { id: 'b', name: 'Beta' },
      ],
    });
    own = await startSetUpLab({ robots: {} }, { KUBOT_MAX_CONCURRENT_RUNS: '4' });
    ({ page } = own);
    await resize(own.shell, 720, 480);
    await prefer(page, 'es', 'dark');
  });
  afterAll(async () => {
    await own?.close();
    await platform?.close();
  });

  const next = () => page.getByRole('button', { name: words.next }).click();
  const look = async (name: string) => {
    await screenshot(page, `set-up-es-${name}`);
    expect([await barriers(page), await cutOff(page)]).toEqual([[], []]);
  };

  test('names the steps, and says in Spanish what failed', async () => {
    await page.getByRole('heading', { name: words.address.title }).waitFor();
    await look('address');
    await page.getByLabel(words.address.label).fill('kuflow.invalid');
    await next();
    await page
      .getByText(words.problems.HOST_UNKNOWN.what({ host: 'kuflow.invalid', proxy: null }))
      .waitFor(WAIT);
    await look('address-failed');
  });

  test('lets one of several tenants be chosen', async () => {
    await page.getByLabel(words.address.label).fill(platform.url);
    await next();
    await page.getByLabel(words.credentials.clientId).fill('app-1');
    await page.getByLabel(words.credentials.clientSecret, { exact: true }).fill('a-secret');
    await page.getByLabel(words.credentials.mayBePlain).check();
    await next();
    await page.getByText(words.credentials.tenantTitle).waitFor(WAIT);
    expect(await page.getByRole('button', { name: words.next }).isDisabled()).toBe(true);
    await page.getByLabel('Beta').check();
    await look('credentials');
    await next();
  });

  test('has a place for robots where there are none yet', async () => {
    await page.getByRole('heading', { name: words.robots.emptyTitle }).waitFor(WAIT);
    await look('robots-none');
    await page.getByRole('button', { name: words.robots.again }).click();
    await page.getByRole('heading', { name: words.robots.emptyTitle }).waitFor(WAIT);
    await next();
  });

  test('shows a setting that somebody fixed as such, and connects', async () => {
    await page.getByText(words.fixed.environment).waitFor();
    const runs = page.getByLabel(words.machine.runs);
    expect([await runs.inputValue(), await runs.getAttribute('readonly')]).toEqual(['4', '']);
    await look('machine');
    await page.getByRole('button', { name: words.machine.connect }).click();
    await page.getByRole('heading', { name: words.done.connected, exact: true }).waitFor(WAIT);
    await page.getByText(words.done.noRobots).waitFor();
    await look('done');
    expect(JSON.parse(readFileSync(join(own.home, 'settings.json'), 'utf8'))).toEqual({
      apiEndpoint: platform.url,
      clientId: 'app-1',
      tenantId: 'b',
    });
  });
});

describe.skipIf(ELECTRON === null)('credentials that KuFlow refuses one day', () => {
  let own: SetUpLab;
  beforeAll(async () => {
    own = await startSetUpLab(
      { robots: { HELLO: nodeRobot(`console.log('hello');`) } },
      {},
      ({ lab, home }) => {
        const secretPath = join(lab.dir, 'old secret');
        writeFileSync(secretPath, 'of-yesterday\n', { mode: 0o600 });
        mkdirSync(home, { mode: 0o700 });
        const settings = { apiEndpoint: lab.platform.url, clientId: lab.platform.clientId };
        writeFileSync(join(home, 'settings.json'), JSON.stringify(settings));
        return { KUBOT_CLIENT_SECRET_FILE: secretPath };
      },
    );
  });
  afterAll(() => own?.close());

  test('lead back to where they are entered, with what is known filled in', async () => {
    const { page } = own;
    await page.getByRole('heading', { name: 'KuFlow refuses the credentials' }).waitFor(WAIT);
    await screenshot(page, 'now-refused');
    await page.getByRole('link', { name: 'Check the credentials' }).click();
    await page.getByRole('heading', { name: 'Who does this machine work as?' }).waitFor(WAIT);
    expect(await page.getByLabel('Application id').inputValue()).toBe(own.clientId);
    await page.getByLabel('Secret', { exact: true }).fill(own.secret);
    await page.getByLabel('Keep it in a file').check();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('heading', { name: 'Which robots may run here?' }).waitFor(WAIT);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor(WAIT);
  });
});

describe.skipIf(ELECTRON === null)('an agent that was there before the app', () => {
  test('keeps its connection: the set-up says who looks after it', async () => {
    const lab = await startLab({ robots: {} });
    const shell = await startShell({ environment: {}, home: lab.home });
    try {
      const page = await shell.page();
      await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor(WAIT);
      await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
      await page.getByRole('link', { name: 'Change connection' }).click();
      await page.getByRole('heading', { name: 'This agent is looked after elsewhere' }).waitFor(WAIT);
    } finally {
      await shell.close();
      await lab.close();
    }
  });
});
