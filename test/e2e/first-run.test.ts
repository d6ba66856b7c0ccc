import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../helpers/fault-proxy.ts';
import { type Lab, nodeRobot, startLab } from '../helpers/lab.ts';
import { waitingRobot } from '../integration/runs/waiting-robot.ts';
import { type PageLab, screenshot, startPageLab } from './page.ts';

const BIG_LINES = 200_000;

let lab: Lab;
let proxy: FaultProxy;
let pages: PageLab;
beforeAll(async () => {
  lab = await startLab({
    robots: {
      HELLO: nodeRobot(`console.log('hello from the robot');`),
      WAITS: waitingRobot({ before: `console.log('it has begun'); console.error('WARNING: look at this');` }),
      FAILS: nodeRobot(`console.error('Error: no total in row 17'); process.exit(3);`),
      BIG: nodeRobot(
        `let text = ''; for (let n = 1; n <= ${BIG_LINES}; n++) text += 'row ' + n + '\\n'; process.stdout.write(text);`,
      ),
    },
    tasks: ['HELLO', 'WAITS', 'FAILS', 'BIG'].map((code) => ({ code, later: true })),
    settings: { cancelGraceMs: 500 },
    endpointOf: async ({ url }) => {
      proxy = await startFaultProxy({ target: url });
      return proxy.url;
    },
  });
  pages = await startPageLab(lab);
});
afterAll(async () => {
  await pages?.close();
  await lab?.close();
  await proxy?.close();
});

/** The view's link in the rail. */
const rail = (page: Page, name: string) =>
  page.getByRole('navigation').getByRole('link', { name, exact: true });

describe('somebody who opens the page for the first time', () => {
  test('sees what will appear there, then the first run to its end, without asking again', async () => {
    const page = await pages.open();
    await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor();
    await page.getByRole('heading', { name: 'Nothing has run here yet' }).waitFor();
    await screenshot(page, 'now-empty');
    const taskId = await lab.addTask('HELLO');
    await page.getByRole('link', { name: /Succeeded HELLO/ }).click();
    await page.getByText('hello from the robot').waitFor();
    await page.getByText('Task completed').waitFor();
    expect((await lab.task(taskId)).state).toBe('COMPLETED');
    await rail(page, 'Now').click();
    await expect.poll(() => page.getByLabel('Today').innerText()).toMatch(/1\s+succeeded/);
  });

  test('finds the robots, and starts one with a variable', async () => {
    const page = await pages.open();
    await rail(page, 'Robots').click();
    await page
      .getByRole('listitem')
      .filter({ hasText: 'FAILS' })
      .getByRole('button', { name: 'Start' })
      .click();
    await page.getByLabel('Variables').fill('not a variable');
    await page.getByText('This line is no NAME=VALUE').waitFor();
    expect(await page.getByRole('dialog').getByRole('button', { name: 'Start' }).isDisabled()).toBe(true);
    await page.getByLabel('Variables').fill('MONTH=march');
    await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click();
    await page.getByText('The robot ended with exit code 3.', { exact: true }).waitFor();
    await page.getByText('Error: no total in row 17').waitFor();
    await screenshot(page, 'run-failed');
    expect((await lab.runs())[0]).toMatchObject({ source: 'manual', outcome: 'failed', exitCode: 3 });
  });

  test('is told of a failed task under what needs somebody', async () => {
    const page = await pages.open();
    const taskId = await lab.addTask('FAILS');
    await lab.until(taskId, 'ended');
    await page.getByRole('heading', { name: 'Needs you 1' }).waitFor();
    await page.getByRole('link', { name: 'Why' }).click();
    await page.getByText('Task kept for a person').waitFor();
  });

  test('settles such a task where it is told of it', async () => {
    const page = await pages.open();
    const { taskId } = (await lab.runs()).find(({ settled }) => settled?.action === 'kept') ?? {};
    await page.getByRole('heading', { name: 'Needs you 1' }).waitFor();
    await page.getByRole('button', { name: 'Settle the task FAILS' }).click();
    await page.getByRole('menuitem', { name: 'Hand it over …' }).click();
    await page.getByLabel('E-mail address in KuFlow').fill('nobody@acme.example');
    await page.getByRole('button', { name: 'Hand the task over' }).click();
    await page.getByRole('alert').waitFor();
    await screenshot(page, 'now-settle');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Settle the task FAILS' }).click();
    await page.getByRole('menuitem', { name: 'Complete the task' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Complete the task' }).click();
    await expect.poll(() => page.getByRole('heading', { name: /^Needs you/ }).count()).toBe(0);
    expect((await lab.task(taskId ?? '')).state).toBe('COMPLETED');
  });
});

describe('a robot at work', () => {
  test('shows its lines as they come, and ends when it is stopped', async () => {
    const page = await pages.open();
    const taskId = await lab.addTask('WAITS');
    const run = await lab.until(taskId, 'running');
    await page.getByRole('heading', { name: 'One robot is at work' }).waitFor();
    await page.locator('.live-line').getByText('look at this').waitFor();
    await screenshot(page, 'now-busy');
    await page.getByRole('article').getByRole('link', { name: 'WAITS' }).click();
    await page.getByText('it has begun').waitFor();
    await page.getByRole('button', { name: 'Info' }).click();
    await expect.poll(() => page.getByText('it has begun').count()).toBe(0);
    await page.getByText('WARNING: look at this').waitFor();
    await page.getByRole('button', { name: 'Stop WAITS' }).click();
    await page.getByText('Cancelled').first().waitFor();
    expect((await lab.until(taskId, 'ended')).outcome).toBe('cancelled');
    expect(page.url()).toContain(run.id);
  });

  test('waits while the host is paused, and goes on after it', async () => {
    const page = await pages.open();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('menuitem', { name: 'For an hour' }).click();
    await page.getByRole('heading', { name: /^Paused until/ }).waitFor();
    expect((await lab.agent.handlers.status()).agent.state).toBe('paused');
    const input = { requestId: crypto.randomUUID(), operation: null, variables: {}, taskId: null };
    const { id } = await lab.agent.handlers.start({ ...input, robot: 'HELLO' });
    await page.getByRole('heading', { name: 'Waiting 1' }).waitFor();
    const taskId = await lab.addTask('HELLO');
    await page.getByRole('heading', { name: 'Waiting 2' }).waitFor();
    await page
      .getByRole('listitem')
      .filter({ hasText: /This host is paused until (\d+ \w+, )?\d\d:\d\d\.$/ })
      .waitFor();
    await screenshot(page, 'now-waiting');
    await page.getByRole('button', { name: 'Resume' }).click();
    await expect.poll(async () => (await lab.agent.handlers.run({ id })).outcome).toBe('succeeded');
    await lab.until(taskId, 'ended');
    await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor();
  });
});

describe('a log of 200,000 lines', () => {
  test('is whole, scrolls to its end, and draws only what is in sight', async () => {
    const taskId = await lab.addTask('BIG');
    const run = await lab.until(taskId, 'ended');
    const page = await pages.open();
    await page.evaluate((id) => {
      location.hash = `#/runs/${id}`;
    }, run.id);
    // The first line is the agent's own.
    await expect
      .poll(() => page.getByTestId('log-count').innerText(), { timeout: 30_000 })
      .toMatch(/200,00\d lines/);
    const lines = page.getByTestId('log-lines');
    await lines.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.getByText(`row ${BIG_LINES}`, { exact: true }).waitFor();
    expect(await lines.locator('li').count()).toBeLessThan(100);
    await page.getByRole('searchbox').fill('row 19999');
    await expect.poll(() => page.getByTestId('log-count').innerText()).toMatch(/^11 of 200,00\d lines$/);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save' }).click();
    expect((await download).suggestedFilename()).toBe(`run-${run.id.slice(-8)}.log`);
  });
});

describe('when something is away', () => {
  test('the platform: since when, when it is tried next, and back without a click', async () => {
    const page = await pages.open();
    await proxy.down();
    await page.getByRole('heading', { name: 'KuFlow cannot be reached' }).waitFor({ timeout: 60_000 });
    await page.getByText(/^Since \d\d:\d\d\./).waitFor();
    await screenshot(page, 'now-offline');
    await page.getByRole('button', { name: 'Try now' }).click();
    await rail(page, 'Health').click();
    await page.locator('[data-check=bad]').getByText('Connection to KuFlow').waitFor();
    await proxy.up();
    await rail(page, 'Now').click();
    await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor({ timeout: 60_000 });
  });

  test('the agent: what was known stays in sight and is said to be old', async () => {
    const own = await startPageLab(lab);
    const page = await own.open();
    await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor();
    await own.server.close();
    await page.getByText('The agent does not answer since').waitFor();
    await page.getByRole('heading', { name: 'Latest' }).waitFor();
    // Nobody is there to be told to.
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
    await screenshot(page, 'now-lost');
    await own.close();
  });
});

describe('the page of a real agent process', () => {
  test('opens by the link it prints, once', async () => {
    const { startAgentProcess } = await import('../helpers/agent-process.ts');
    const other = await startLab({ robots: {} });
    const agent = await startAgentProcess(other, {}, other.home, ['--http', '127.0.0.1:0']);
    try {
      await agent.until('page');
      const url = String((agent.events.find(({ event }) => event === 'page') as { url?: string }).url);
      const page = await pages.open({ url });
      await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor();
      await page.reload();
      await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor();
      const second = await pages.open({ url });
      await second.getByRole('heading', { name: 'This page is not signed in' }).waitFor();
      await agent.until('page', 2);
    } finally {
      await agent.end('SIGTERM');
      await other.close();
    }
  });
});

test('nothing was complained of in any page', () => {
  expect(pages.complaints).toEqual([]);
});
