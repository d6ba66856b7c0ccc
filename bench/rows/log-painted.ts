import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { queueTasks, startBenchAgent, startBenchPlatform } from '../host.ts';
import { atMostTimes, type Row } from '../measure.ts';
import type { Workbench } from '../workbench.ts';

const SCRIPT = join(import.meta.dirname, '..', 'bare', 'paint-lines.js');
const LINES = 10_000;
/** What a line of `seq -f` is printed by. */
const FORMAT = '%.0f of the rows were looked at, and all of them have a total and a VAT id';
const lineOf = (number: number) => FORMAT.replace('%.0f', String(number));

/** From asking for a run's log of 10,000 lines to the last of them on the screen, in one browser. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const platform = await startBenchPlatform(workbench, {
    'kubot.yaml': `operations:\n  - name: Run\n    shell: seq -f "${FORMAT}" ${LINES}\n`,
  });
  const settings = { KUBOT_ROUTES: JSON.stringify({ BENCH: { robot: 'BENCH' } }) };
  const agent = await startBenchAgent(workbench, platform, settings, {}, ['--http', '127.0.0.1:0']);
  const [taskId = ''] = await queueTasks(platform, 1);
  const run = await agent.untilEnded(taskId);
  const text = Array.from({ length: LINES }, (_, index) => `${lineOf(index + 1)}\n`).join('');
  const server = createServer((_request, response) => response.end(text));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bareUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const browser = await launchBrowser();
  const [bare, ours] = [await openPage(browser, bareUrl), await openPage(browser, await agent.pageLink())];
  return [
    {
      name: '10,000 log lines painted',
      unit: 'ms',
      limit: {
        name: 'the browser: a text that it has, in one element, to its end',
        round: () => paint(bare, `inOnePiece(${JSON.stringify(text)})`),
      },
      plain: {
        name: 'a page of a few lines: the text from a server, an element for each line',
        round: () => paint(bare, `oneByOne(${JSON.stringify(bareUrl)})`),
      },
      ours: {
        name: 'the window’s view of the run, from the agent’s run log, to its last line',
        round: async () => {
          await ours.evaluate(`location.hash = '#/now'`);
          await ours.waitForSelector('.rail a[href="#/now"][aria-current="page"]');
          return await paint(ours, `ofRun(${JSON.stringify(run.id)}, ${JSON.stringify(lineOf(LINES))})`);
        },
      },
      goal: atMostTimes(1, 'plain', 'an element for each line'),
      rounds: 7,
      close: async () => {
        await browser.close();
        server.close();
        await agent.close();
        await platform.close();
      },
    },
  ];
}

async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: process.env.KUBOT_TEST_CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
}

async function openPage(browser: Browser, url: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 960, height: 640 } });
  await page.addInitScript({ path: SCRIPT });
  await page.goto(url);
  return page;
}

async function paint(page: Page, call: string): Promise<number> {
  return Number(await page.evaluate(`paintLines.${call}`));
}
