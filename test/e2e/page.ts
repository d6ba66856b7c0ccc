import { join, resolve } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { type PageServer, startPageServer } from '../../src/agent/page/page-server.ts';
import { findPageFiles } from '../../src/cli/page-files.ts';
import type { Lab } from '../helpers/lab.ts';

/** Where screenshots go, for people to look at. */
const SHOTS = resolve(import.meta.dirname, '../../out/screenshots');

export interface PageOptions {
  readonly language?: 'en' | 'es';
  readonly theme?: 'light' | 'dark';
  readonly size?: { width: number; height: number };
  /** The key of a page's session, where it comes by no link. */
  readonly url?: string;
}

/** A real Chromium on the page of a lab's agent. */
export interface PageLab {
  readonly server: PageServer;
  /** A new page by a link of its own. */
  open(options?: PageOptions): Promise<Page>;
  /** What went wrong in any page: errors, and refusals of the page's policy. */
  readonly complaints: string[];
  close(): Promise<void>;
}

/** Chromium of KUBOT_TEST_CHROMIUM, else the one that Linux packages put in its place. */
export async function startPageLab(lab: Lab): Promise<PageLab> {
  const links: string[] = [];
  const server = await startPageServer({
    address: '127.0.0.1:0',
    filesDir: await findPageFiles({ note: () => undefined }),
    handlers: lab.agent.handlers,
    log: { error: (message, fields) => complaints.push(`${message} ${JSON.stringify(fields)}`) },
    onLink: (url) => links.push(url),
  });
  const complaints: string[] = [];
  const browser = await launchChromium();
  const contexts: BrowserContext[] = [];
  return {
    server,
    complaints,
    open: async ({ language = 'en', theme = 'light', size = { width: 960, height: 640 }, url } = {}) => {
      const context = await browser.newContext({
        viewport: size,
        colorScheme: theme,
        locale: language === 'es' ? 'es-ES' : 'en-GB',
        reducedMotion: 'reduce',
        acceptDownloads: true,
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      contexts.push(context);
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        // A server that is gone on purpose, or refuses on purpose, is told by the network stack too.
        if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
          complaints.push(message.text());
        }
      });
      await page.goto(url ?? links.at(-1) ?? '');
      return page;
    },
    close: async () => {
      await Promise.all(contexts.map((context) => context.close()));
      await browser.close();
      await server.close();
    },
  };
}

export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({
    executablePath: process.env.KUBOT_TEST_CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
}

export async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
