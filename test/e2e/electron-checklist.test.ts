import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { type Lab, startLab } from '../helpers/lab.ts';
import { ELECTRON, type ShellLab, shellEnvironment, startShell } from './shell-lab.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const POLL = { timeout: 60_000, interval: 100 };

/** What went past the page and past the shell while the tests tried. */
interface Watched {
  readonly requests: string[];
  readonly openedOutside: string[];
}

/** Each item of Electron's security checklist, by its number there (docs/security.md has the list). */
describe.skipIf(ELECTRON === null)('of Electron’s security checklist, the shell keeps', () => {
  let lab: Lab;
  let shell: ShellLab;
  let page: Page;
  beforeAll(async () => {
    lab = await startLab({ robots: {} });
    shell = await startShell({ environment: await shellEnvironment(lab), home: lab.home });
    page = await shell.page();
    await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor();
    await shell.app.evaluate(({ session, shell: outside }) => {
      const watched: Watched = { requests: [], openedOutside: [] };
      Object.assign(globalThis, { watched });
      session.defaultSession.webRequest.onBeforeRequest(({ url }, go) => {
        watched.requests.push(url);
        go({});
      });
      outside.openExternal = (url) => {
        watched.openedOutside.push(url);
        return Promise.resolve();
      };
    });
  });
  afterAll(async () => {
    await shell?.close();
    await lab?.close();
  });

  const watched = () => shell.app.evaluate(() => Reflect.get(globalThis, 'watched') as Watched);
  const windows = () => shell.app.evaluate(({ webContents }) => webContents.getAllWebContents().length);
  // Playwright would wait for navigations that were refused.
  const headline = () => page.evaluate(() => document.querySelector('main h1')?.textContent ?? '');
  const address = () => page.evaluate(() => location.href.replace(/#.*/, ''));
  const ask = (name: string, input: unknown) =>
    page.evaluate(
      async ([method, given]) => {
        const bridge = Reflect.get(globalThis, 'kubot') as { ask(n: unknown, i: unknown): Promise<unknown> };
        return JSON.parse(JSON.stringify(await bridge.ask(method, given))) as unknown;
      },
      [name, input] as const,
    );

  test('1: every request of its page is for its own files', async () => {
    await page.reload();
    await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor();
    for (const view of ['runs', 'robots', 'settings', 'health']) {
      const before = await headline();
      await page.evaluate((hash) => location.assign(hash), `#/${view}`);
      await expect.poll(headline, POLL).not.toBe(before);
    }
    const { requests } = await watched();
    expect(requests).toContain('app://kubot/');
    expect(requests.filter((url) => !url.startsWith('app://kubot/'))).toEqual([]);
  });

  test('2, 3, 4, 6, 8, 9, 10, 11: no Node in its page, which is isolated, sandboxed and made without exceptions', async () => {
    const made = await shell.app.evaluate(({ webContents }) => {
      const [contents] = webContents.getAllWebContents();
      const preferences = contents && Reflect.get(contents, 'getLastWebPreferences').call(contents);
      return Object.fromEntries(
        [
          'nodeIntegration',
          'nodeIntegrationInSubFrames',
          'nodeIntegrationInWorker',
          'contextIsolation',
          'sandbox',
          'webSecurity',
          'allowRunningInsecureContent',
          'experimentalFeatures',
          'enableBlinkFeatures',
          'webviewTag',
        ].map((name) => [name, preferences[name] || false]),
      );
    });
    expect(made).toEqual({
      nodeIntegration: false,
      nodeIntegrationInSubFrames: false,
      nodeIntegrationInWorker: false,
      contextIsolation: true,
      sandbox: true,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      enableBlinkFeatures: false,
      webviewTag: false,
    });
    expect(
      await page.evaluate(() =>
        ['require', 'process', 'Buffer', 'module', 'global'].filter((name) => name in globalThis),
      ),
    ).toEqual([]);
  });

  test('5: no permission is given but that to write to the clipboard', async () => {
    const states = await page.evaluate(async () => {
      const asked = [
        'geolocation',
        'notifications',
        'camera',
        'microphone',
        'midi',
        'clipboard-read',
        'clipboard-write',
      ];
      const answers = await Promise.all(
        asked.map((name) => navigator.permissions.query({ name: name as 'geolocation' })),
      );
      const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: true }).then(
        () => 'given',
        () => 'refused',
      );
      return [...asked.map((name, index) => `${name} ${answers[index]?.state}`), `media ${media}`];
    });
    expect(states).toEqual([
      'geolocation denied',
      'notifications denied',
      'camera denied',
      'microphone denied',
      'midi denied',
      'clipboard-read denied',
      'clipboard-write granted',
      'media refused',
    ]);
  });

  test('7: nothing that the page was not built with runs in it, loads into it or leaves it', async () => {
    const tried = await page.evaluate(async () => {
      const policy = (await fetch('app://kubot/')).headers.get('content-security-policy') ?? '';
      const inline = document.createElement('script');
      inline.textContent = 'globalThis.ranInline = true';
      document.body.append(inline);
      const button = document.createElement('button');
      button.setAttribute('onclick', 'globalThis.ranInline = true');
      document.body.append(button);
      button.click();
      let text = 'refused';
      try {
        text = String(new Function('return "ran"')());
      } catch {
        // The page's policy.
      }
      const load = (element: HTMLElement & { src: string }, src: string) =>
        new Promise<string>((done) => {
          element.addEventListener('load', () => done('loaded'));
          element.addEventListener('error', () => done('refused'));
          element.src = src;
          document.body.append(element);
        });
      const answers = [
        await load(document.createElement('script'), 'data:text/javascript,globalThis.ranInline=true'),
        await load(document.createElement('img'), 'https://example.com/x.png'),
        await fetch('https://example.com/').then(
          () => 'answered',
          () => 'refused',
        ),
        await fetch('http://127.0.0.1:1/').then(
          () => 'answered',
          () => 'refused',
        ),
        navigator.sendBeacon('https://example.com/') ? 'queued' : 'refused',
      ];
      button.remove();
      return { policy, ranInline: 'ranInline' in globalThis, text, answers };
    });
    expect(tried.policy).toMatch(/default-src 'none'; script-src 'self';/);
    expect(tried.policy).not.toMatch(/unsafe|\*/);
    expect(tried).toMatchObject({ ranInline: false, text: 'refused' });
    expect(tried.answers.slice(0, 4)).toEqual(['refused', 'refused', 'refused', 'refused']);
    expect((await watched()).requests.filter((url) => !/^(app:\/\/kubot\/|data:)/.test(url))).toEqual([]);
  });

  test('12: no page gets a page inside, also where one could', async () => {
    const before = await windows();
    const inside = await shell.app.evaluate(async ({ BrowserWindow, webContents }) => {
      const loose = new BrowserWindow({ show: false, webPreferences: { webviewTag: true } });
      await loose.loadURL('data:text/html,<body></body>');
      await loose.webContents.executeJavaScript(
        `document.body.innerHTML = '<webview src="data:text/html,inside" allowpopups nodeintegration></webview>';
         new Promise((go) => setTimeout(go, 500))`,
      );
      const count = webContents.getAllWebContents().length;
      loose.destroy();
      return count;
    });
    expect(inside).toBe(before + 1);
    await page.evaluate(() => document.body.append(document.createElement('webview')));
    expect(await windows()).toBe(before);
  });

  test.each([
    'https://example.com/',
    'http://127.0.0.1:1/',
    'file:///etc/passwd',
    'app://other/',
    'app://kubot/assets/',
    'data:text/html,there',
    'kubot-runner://settings',
  ])('13: its page does not go to %s', async (url) => {
    await page.evaluate(async (wanted) => {
      const link = document.createElement('a');
      link.href = wanted;
      document.body.append(link);
      link.click();
      link.remove();
      location.href = wanted;
      await new Promise((go) => setTimeout(go, 200));
    }, url);
    expect(await address()).toBe('app://kubot/');
    expect(await headline()).not.toBe('');
  });

  test('14, 15: nothing opens another window, nor anything outside', async () => {
    const before = await windows();
    const opened = await page.evaluate(() => {
      const link = document.createElement('a');
      Object.assign(link, { href: 'https://example.com/', target: '_blank' });
      document.body.append(link);
      link.click();
      link.remove();
      return [
        'https://example.com/',
        'about:blank',
        'app://kubot/',
        'file:///etc/passwd',
        'mailto:a@b.c',
      ].map((url) => window.open(url) === null);
    });
    expect(opened).toEqual([true, true, true, true, true]);
    expect(await windows()).toBe(before);
    expect((await watched()).openedOutside).toEqual([]);
    expect(readFileSync(resolve(ROOT, 'out/shell/main.cjs'), 'utf8')).not.toContain('openExternal');
  });

  test('15: no sign-in page but one of the web is opened in the browser, whatever the page asks', async () => {
    for (const oauthAuthorizationUrl of [
      'file:///etc/passwd',
      'mailto:a@b.c',
      'javascript:alert(1)',
      'http://example.com/',
      'https://user:password@example.com/',
    ]) {
      const credentials = { kind: 'sign-in', oauthClientId: 'x', oauthAuthorizationUrl };
      expect(await ask('setUpSignIn', { credentials, tenantId: null })).toMatchObject({
        error: { code: 'CONFIG_INVALID', message: expect.stringContaining('oauthAuthorizationUrl') },
      });
    }
  });

  test('16: one version of Electron, written down', () => {
    expect(packageJson.devDependencies.electron).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('17: who asks over IPC is looked at, and what', async () => {
    const foreign = await shell.app.evaluate(
      async ({ BrowserWindow }, preload) => {
        const other = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: true } });
        await other.loadURL('data:text/html,<body></body>');
        const answers = (await other.webContents.executeJavaScript(
          `Promise.all([['host'], ['call', { method: 'status', input: {} }], ['tryDemo']].map(([n, i]) => kubot.ask(n, i)))`,
        )) as unknown;
        other.destroy();
        return answers;
      },
      resolve(ROOT, 'out/shell/preload.cjs'),
    );
    const refusal = {
      error: expect.objectContaining({ code: 'USAGE', message: 'Only the window may ask this.' }),
    };
    expect(foreign).toEqual([refusal, refusal, refusal]);
    const usage = { error: expect.objectContaining({ code: 'USAGE' }) };
    expect(await ask('call', { method: 'nothing', input: {} })).toEqual(usage);
    expect(await ask('call', { method: 'constructor', input: {} })).toEqual(usage);
    expect(await ask('call', { method: 'status', input: {}, more: 1 })).toEqual(usage);
    expect(await ask('setUpCheck', { apiEndpoint: 'x' })).toEqual(usage);
    expect(await ask('call', { method: 'status', input: {} })).toMatchObject({ value: {} });
  });

  test('18: its own scheme gives the files of the page alone, and none is read by file://', async () => {
    const answers = await page.evaluate(() =>
      Promise.all(
        [
          'app://kubot/index.html',
          'app://kubot/../../package.json',
          'app://kubot/%2e%2e/%2e%2e/package.json',
          'app://kubot/..%5c..%5cpackage.json',
          'app://kubot//etc/passwd',
          'app://other/index.html',
          'file:///etc/passwd',
        ].map((url) =>
          fetch(url).then(
            ({ status }) => status,
            () => 'refused',
          ),
        ),
      ),
    );
    expect(answers[0]).toBe(200);
    expect(answers.slice(1).every((answer) => answer === 404 || answer === 'refused')).toBe(true);
  });

  // 19, the fuses, can be looked at in a package alone: test/package.

  test('20: its page is given two functions, and they carry nothing of Electron', async () => {
    const bridge = await page.evaluate(async () => {
      const given = Reflect.get(globalThis, 'kubot') as {
        ask(name: string, input?: unknown): Promise<unknown>;
        hear(name: string, listener: (...heard: unknown[]) => void): unknown;
      };
      const heard = new Promise<unknown[]>((done) => given.hear('part', (...values) => done(values)));
      await given.ask('open', { stream: 'checklist', method: 'status', input: {} });
      const values = await heard;
      const refused = await Promise.resolve()
        .then(() => given.ask('ELECTRON_BROWSER_REQUIRE'))
        .then(
          () => 'answered',
          () => 'refused',
        );
      return { names: Object.keys(given).sort(), values: values.length, refused };
    });
    expect(bridge).toEqual({ names: ['ask', 'hear'], values: 1, refused: 'refused' });
  });

  test('and goes on when all of this was tried', async () => {
    await expect.poll(() => shell.menu(), POLL).toContain('Connected, nothing to do');
    expect(await address()).toBe('app://kubot/');
  });
});
