import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectToAgent } from '../../src/cli/control-client.ts';
import { nodeRobot } from '../helpers/lab.ts';
import { startRawServer } from '../helpers/raw-server.ts';
import { startTlsServer } from '../integration/cli/check-lab.ts';
import { letGo, waitingRobot } from '../integration/runs/waiting-robot.ts';
import { screenshot } from './page.ts';
import { barriers, type SetUpLab, startSetUpLab } from './set-up-lab.ts';
import { ELECTRON } from './shell-lab.ts';

const POLL = { timeout: 60_000, interval: 100 };
const WAIT = { timeout: 60_000 };

const next = (page: Page) => page.getByRole('button', { name: 'Next' }).click();
const problem = (page: Page) => page.getByRole('alert');

describe.skipIf(ELECTRON === null)('a first start', () => {
  let own: SetUpLab;
  let page: Page;
  beforeAll(async () => {
    own = await startSetUpLab({
      robots: {
        HELLO: nodeRobot(`console.log('hello');`),
        OTHER: nodeRobot(`console.log('other');`),
        WAITS: waitingRobot({ before: `console.log('it has begun');` }),
      },
      tasks: [{ code: 'HELLO', later: true }],
    });
    ({ page } = own);
  });
  afterAll(() => own?.close());

  test('begins at the address of KuFlow, and keeps nobody out', async () => {
    await page.getByRole('heading', { name: 'Where is your KuFlow?' }).waitFor();
    expect(await page.getByLabel('Address of KuFlow').inputValue()).toBe('https://api.kuflow.com');
    await screenshot(page, 'set-up-address');
    expect(await barriers(page)).toEqual([]);
  });

  test('says what is wrong with an address, each in a sentence of its own', async () => {
    const other = await startRawServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><h1>Welcome</h1>');
    });
    const tls = await startTlsServer(join(own.lab.dir, 'authority'), 401);
    try {
      const address = page.getByLabel('Address of KuFlow');
      for (const [typed, sentence] of [
        ['http://kuflow.example.com', 'Without https, everybody on the way to kuflow.example.com could read'],
        [other.url, 'Something answers at 127.0.0.1:'],
        [tls.url, 'This machine does not trust the certificate of 127.0.0.1:'],
      ] as const) {
        await address.fill(typed);
        await next(page);
        await problem(page).getByText(sentence).waitFor(WAIT);
      }
      await page.getByLabel('Certificate file of your company').fill(tls.caPath);
      expect(await problem(page).count()).toBe(0);
      await next(page);
      await page.getByRole('heading', { name: 'Who does this machine work as?' }).waitFor(WAIT);
      await page.getByRole('button', { name: 'Back' }).click();
      await page.getByLabel('Certificate file of your company').fill(join(own.lab.dir, 'none.pem'));
      await next(page);
      await problem(page).getByText('One of the settings cannot be used.').waitFor(WAIT);
      await screenshot(page, 'set-up-address-failed');
      expect(await barriers(page)).toEqual([]);
      await page.getByLabel('Certificate file of your company').fill('');
    } finally {
      await other.close();
      await tls.close();
    }
  });

  test('can be stopped while it waits for an answer', async () => {
    const silent = await startRawServer(() => undefined);
    try {
      await page.getByLabel('Address of KuFlow').fill(silent.url);
      await next(page);
      await page.getByRole('button', { name: 'Checking …' }).waitFor();
      await page.getByRole('button', { name: 'Stop' }).click();
      await page.getByRole('button', { name: 'Next' }).waitFor();
      expect(await problem(page).count()).toBe(0);
    } finally {
      await silent.close();
    }
  });

  test('leads by the keyboard alone to the credentials, and back', async () => {
    await page.getByLabel('Address of KuFlow').fill(own.lab.platform.url);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Who does this machine work as?' }).waitFor(WAIT);
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'Where is your KuFlow?' }).waitFor();
    expect(await page.getByLabel('Address of KuFlow').inputValue()).toBe(own.lab.platform.url);
    await page
      .getByRole('navigation', { name: 'Steps' })
      .getByRole('button', { name: /Credentials/ })
      .click();
    await page.getByRole('heading', { name: 'Who does this machine work as?' }).waitFor();
  });

  test('keeps nothing of credentials that KuFlow refuses', async () => {
    await page.getByLabel('Application id').fill(own.clientId);
    await page.getByLabel('Secret', { exact: true }).fill('not the secret');
    // Without a keychain nothing is kept in plain text behind anybody's back.
    expect(await page.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true);
    await page.getByLabel('Keep it in a file').check();
    await next(page);
    await problem(page).getByText('does not accept this id with this secret').waitFor(WAIT);
    await screenshot(page, 'set-up-credentials-failed');
    expect(await barriers(page)).toEqual([]);
    expect(existsSync(own.home)).toBe(false);
  });

  test('lets the robots be chosen that may run here', async () => {
    await page.getByLabel('Secret', { exact: true }).fill(own.secret);
    await next(page);
    await page.getByRole('heading', { name: 'Which robots may run here?' }).waitFor(WAIT);
    await page.getByLabel('Only these').check();
    expect(await page.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true);
    await page.getByRole('checkbox', { name: /HELLO/ }).check();
    await screenshot(page, 'set-up-robots');
    expect(await barriers(page)).toEqual([]);
    await next(page);
    await page.getByRole('heading', { name: 'How much may robots use?' }).waitFor();
  });

  test('asks for limits with advice, and takes no nonsense', async () => {
    await page.getByText(/With [\d.]+ cores and/).waitFor();
    const runs = page.getByLabel('Robots at the same time');
    await runs.fill('many');
    expect(await page.getByRole('button', { name: 'Connect' }).isDisabled()).toBe(true);
    await runs.fill('3');
    await page.getByLabel('Disk space to keep free').fill('0.5');
    await screenshot(page, 'set-up-machine');
    expect(await barriers(page)).toEqual([]);
  });

  test('ends connected, with the first robots, and a robot runs', async () => {
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor(WAIT);
    await page.getByRole('listitem').getByText('HELLO').waitFor();
    await screenshot(page, 'set-up-done');
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor(WAIT);
    const kept = join(own.home, 'desktop-secret');
    expect([readFileSync(kept, 'utf8'), statSync(kept).mode & 0o777]).toEqual([own.secret, 0o600]);
    const taskId = await own.lab.addTask('HELLO');
    await page.getByRole('link', { name: /Succeeded HELLO/ }).waitFor(WAIT);
    await expect.poll(async () => (await own.lab.task(taskId)).state, POLL).toBe('COMPLETED');
    expect(JSON.parse(readFileSync(join(own.home, 'settings.json'), 'utf8'))).toEqual({
      apiEndpoint: own.lab.platform.url,
      clientId: own.clientId,
      robotFilter: ['HELLO'],
      maxConcurrentRuns: 3,
      diskReserveBytes: 0.5 * 1024 ** 3,
    });
  });

  test('can be gone through again with what is known filled in, the secret too', async () => {
    const before = (await connectToAgent(own.home).status()).agent.startedAt;
    await page.getByRole('navigation').getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('link', { name: 'Change connection' }).click();
    await page.getByRole('heading', { name: 'Where is your KuFlow?' }).waitFor(WAIT);
    expect(await page.getByLabel('Address of KuFlow').inputValue()).toBe(own.lab.platform.url);
    await next(page);
    await page.getByRole('heading', { name: 'Who does this machine work as?' }).waitFor(WAIT);
    expect(await page.getByLabel('Application id').inputValue()).toBe(own.clientId);
    await next(page);
    await page.getByRole('heading', { name: 'Which robots may run here?' }).waitFor(WAIT);
    await page.getByLabel('All of them').check();
    await next(page);
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor(WAIT);
    await page.getByRole('listitem').getByText('OTHER').waitFor();
    expect((await connectToAgent(own.home).status()).agent.startedAt > before).toBe(true);
    // Somebody asked for it to start anew: that is nothing to be told of.
    expect(own.shell.notices).toEqual([]);
    expect(JSON.parse(readFileSync(join(own.home, 'settings.json'), 'utf8'))).toMatchObject({
      robotFilter: [],
    });
  });

  test('lets a robot that is at work finish before the agent starts anew', async () => {
    const agent = connectToAgent(own.home);
    const { id } = await agent.start({
      requestId: crypto.randomUUID(),
      robot: 'WAITS',
      operation: null,
      variables: {},
      taskId: null,
    });
    await expect.poll(async () => (await agent.run({ id })).state, POLL).toBe('running');
    await page.evaluate(() => {
      location.hash = '#/now';
    });
    await page.getByRole('heading', { name: 'One robot is at work' }).waitFor(WAIT);
    await page.evaluate(() => {
      location.hash = '#/set-up';
    });
    await next(page);
    await page.getByRole('heading', { name: 'Who does this machine work as?' }).waitFor(WAIT);
    await next(page);
    await page.getByRole('heading', { name: 'Which robots may run here?' }).waitFor(WAIT);
    await next(page);
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.getByText('A robot is at work. It finishes').waitFor(WAIT);
    await screenshot(page, 'set-up-finishing');
    letGo(await agent.run({ id }));
    await page.getByRole('heading', { name: 'Connected', exact: true }).waitFor(WAIT);
    expect((await connectToAgent(own.home).run({ id })).outcome).toBe('succeeded');
  });

  test('gives a kept secret to no other address', async () => {
    await page.evaluate(() => {
      location.hash = '#/now';
    });
    await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor(WAIT);
    const answer = await page.evaluate(
      (clientId) =>
        Reflect.get(globalThis, 'kubot').ask('setUpCheck', {
          apiEndpoint: 'https://evil.example.com',
          credentials: { kind: 'kept', clientId },
          tenantId: null,
        }),
      own.clientId,
    );
    expect(answer).toMatchObject({ error: { code: 'CONFIG_INVALID' } });
  });
});
