import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeTree } from '../../src/agent/runtimes/remove-tree.ts';
import { connectToAgent } from '../../src/cli/control-client.ts';
import { type Lab, nodeRobot, startLab } from '../helpers/lab.ts';
import { waitingRobot } from '../integration/runs/waiting-robot.ts';
import { screenshot } from './page.ts';
import { ELECTRON, type ShellLab, shellEnvironment, startShell } from './shell-lab.ts';

const POLL = { timeout: 60_000, interval: 100 };
/** It makes a runtime for Python and downloads one of Node.js. */
const FIRST_DEMO = { timeout: 240_000, interval: 100 };

describe.skipIf(ELECTRON === null)('the desktop shell', () => {
  let lab: Lab;
  let shell: ShellLab;
  beforeAll(async () => {
    lab = await startLab({
      robots: {
        HELLO: nodeRobot(`console.log('hello');`),
        WAITS: waitingRobot({ before: `console.log('it has begun');` }),
        FAILS: nodeRobot(`process.exit(3);`),
      },
      tasks: ['HELLO', 'WAITS', 'FAILS'].map((code) => ({ code, later: true })),
      settings: { cancelGraceMs: 500 },
    });
    shell = await startShell({ environment: await shellEnvironment(lab), home: lab.home });
  });
  afterAll(async () => {
    await shell?.close();
    await lab?.close();
  });

  const agent = () => connectToAgent(lab.home);
  const start = (robot: string) =>
    agent().start({ requestId: crypto.randomUUID(), robot, operation: null, variables: {}, taskId: null });

  test('starts an agent on a Node of its own, and shows it', async () => {
    const page = await shell.page();
    await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor();
    await screenshot(page, 'window');
    const { pid } = (await agent().status()).agent;
    expect(pid).not.toBe(shell.app.process().pid);
    await expect.poll(() => shell.menu(), POLL).toContain('Connected, nothing to do');
  });

  test('offers in its tray what can be done, and does it', async () => {
    await expect.poll(() => shell.menu(), POLL).toContain('Start a robot › HELLO');
    expect(await shell.menu()).toEqual([
      'Connected, nothing to do',
      'Start a robot',
      'Start a robot › FAILS',
      'Start a robot › HELLO',
      'Start a robot › WAITS',
      'Pause',
      'Pause › For 15 minutes',
      'Pause › For an hour',
      'Pause › Until tomorrow',
      'Open KuBot Runner',
      'Settings',
      'Quit',
    ]);
    await shell.choose('Pause › For an hour');
    await expect.poll(async () => (await agent().status()).agent.state, POLL).toBe('paused');
    await expect.poll(() => shell.menu(), POLL).toContain('Resume');
    await shell.choose('Resume');
    await expect.poll(async () => (await agent().status()).agent.state, POLL).toBe('idle');
  });

  test('stops from its tray what runs', async () => {
    const { id } = await start('WAITS');
    await expect.poll(() => shell.menu(), POLL).toContain('Stop WAITS');
    await expect.poll(async () => (await agent().run({ id })).state, POLL).toBe('running');
    await shell.choose('Stop WAITS');
    await expect.poll(async () => (await agent().run({ id })).outcome, POLL).toBe('cancelled');
  });

  test('tells of a task that failed and waits for a person', async () => {
    await lab.addTask('FAILS');
    await expect.poll(() => shell.notices, POLL).toContain('FAILS failed');
  });

  test('tells nothing of a kind that the settings switched off', async () => {
    await agent().configSet({ key: 'notifyFailures', value: false });
    const before = shell.notices.length;
    const taskId = await lab.addTask('FAILS');
    await expect
      .poll(
        () =>
          agent()
            .run({ id: taskId })
            .then(
              ({ settled }) => settled?.action,
              () => null,
            ),
        POLL,
      )
      .toBe('kept');
    await agent().configSet({ key: 'notifyFailures', value: true });
    // The next one comes after it: whatever was to be shown for the first is shown by then.
    await lab.addTask('FAILS');
    await expect.poll(() => shell.notices.length, POLL).toBe(before + 1);
  });

  test('starts with the session where the person wants it', async () => {
    const page = await shell.page();
    // Playwright still waits for the navigations that were refused above: no click on a link.
    const go = (hash: string) => page.evaluate((wanted) => location.assign(wanted), hash);
    await go('#/settings');
    const chosen = page.getByLabel('Start with my session');
    await expect.poll(() => chosen.inputValue(), POLL).toBe('false');
    await chosen.selectOption('true');
    const entry = join(shell.configDir, 'autostart/kubot-runner.desktop');
    await expect.poll(() => existsSync(entry), POLL).toBe(true);
    expect(readFileSync(entry, 'utf8')).toMatch(/^Exec=\S+ \S+ --hidden$/m);
    await screenshot(page, 'settings-app');
    // Going to another view cut the window off for a moment once.
    expect(await page.getByText('The agent does not answer').count()).toBe(0);
    await chosen.selectOption('false');
    await expect.poll(() => existsSync(entry), POLL).toBe(false);
    await go('#/now');
  });

  test('tells its agent that the machine goes to sleep, and that it woke', async () => {
    const powers = (event: 'suspend' | 'resume') =>
      shell.app.evaluate(({ powerMonitor }, name) => void powerMonitor.emit(name as 'resume'), event);
    const states = async () => {
      const { agent: own, pause } = await agent().status();
      return [own.state, pause?.reason ?? null];
    };
    await powers('suspend');
    await expect.poll(states, POLL).toEqual(['paused', 'the machine goes to sleep']);
    await powers('resume');
    await expect.poll(states, POLL).toEqual(['idle', null]);
  });

  test('gives its window’s memory back when it is closed, and stays in the tray', async () => {
    const page = await shell.page();
    const closed = page.waitForEvent('close');
    await shell.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
    await closed;
    await expect
      .poll(
        () =>
          shell.app.evaluate(({ BrowserWindow, webContents }) => [
            BrowserWindow.getAllWindows().length,
            webContents.getAllWebContents().length,
          ]),
        POLL,
      )
      .toEqual([0, 0]);
    expect((await agent().status()).agent.state).toBe('idle');
  });

  test('started once more shows its window, and a link leads into it without starting anything', async () => {
    const opened = shell.app.waitForEvent('window');
    await shell.startAgain();
    const page = await opened;
    await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor();
    await shell.startAgain('kubot-runner://robots/HELLO');
    await page.getByRole('heading', { name: 'Start HELLO' }).waitFor();
    expect((await agent().status()).runs).toMatchObject({ active: 0, queued: 0 });
    await page.getByRole('dialog').getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByText('hello', { exact: true }).waitFor();
    await shell.startAgain('kubot-runner://settings');
    await page.getByRole('heading', { name: 'Settings' }).waitFor();
  });

  test('goes where a link leads that comes while its window is still opening', async () => {
    await (await shell.page()).close();
    const opened = shell.app.waitForEvent('window');
    await shell.app.evaluate(({ app }) => {
      app.emit('activate');
      app.emit('second-instance', {}, ['kubot-runner', 'kubot-runner://settings']);
    });
    await (await opened).getByRole('heading', { name: 'Settings' }).waitFor();
  });

  test('starts its agent again when it dies, and says so', async () => {
    const { pid } = (await agent().status()).agent;
    const run = await start('WAITS');
    await expect.poll(async () => (await agent().run({ id: run.id })).state, POLL).toBe('running');
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => shell.notices, POLL).toContain('The agent ended unexpectedly');
    await expect
      .poll(
        async () =>
          await agent()
            .status()
            .then(
              (status) => status.agent.pid,
              () => pid,
            ),
        POLL,
      )
      .not.toBe(pid);
    await expect.poll(async () => (await agent().run({ id: run.id })).outcome, POLL).toBe('lost');
  });

  test('asks before it quits while a robot is at work, and finishes it if told so', async () => {
    const taskId = await lab.addTask('WAITS');
    await expect
      .poll(
        async () =>
          await agent()
            .run({ id: taskId })
            .then(
              ({ state }) => state,
              () => null,
            ),
        POLL,
      )
      .toBe('running');
    await expect.poll(() => shell.menu(), POLL).toContain('Stop WAITS');
    await shell.answer(2);
    await shell.choose('Quit');
    await expect.poll(() => shell.questions(), POLL).toEqual(['A robot is at work']);
    expect((await agent().status()).agent.state).toBe('running');
    await shell.answer(0);
    const { outDir } = await agent().run({ id: taskId });
    await shell.choose('Quit');
    await expect.poll(async () => (await agent().status()).agent.state, POLL).toBe('draining');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(join(outDir ?? '', 'go'), '');
    await shell.ended;
    expect((await lab.task(taskId)).state).toBe('COMPLETED');
  });
});

describe.skipIf(ELECTRON === null)('a shell that a signal ends while a robot is at work', () => {
  test('asks nothing, ends the robot, and leaves no agent', async () => {
    const lab = await startLab({
      robots: { WAITS: waitingRobot({ before: `console.log('it has begun');` }) },
      tasks: [{ code: 'WAITS', later: true }],
      settings: { cancelGraceMs: 500 },
    });
    const shell = await startShell({ environment: await shellEnvironment(lab), home: lab.home });
    try {
      await expect.poll(() => shell.menu(), POLL).toContain('Connected, nothing to do');
      await lab.addTask('WAITS');
      await expect.poll(() => shell.menu(), POLL).toContain('Stop WAITS');
      const { pid } = (await connectToAgent(lab.home).status()).agent;
      shell.app.process().kill('SIGTERM');
      await shell.ended;
      expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    } finally {
      await shell.close();
      await lab.close();
    }
  });
});

describe.skipIf(ELECTRON === null)('a shell that is not set up', () => {
  test('says so, and its demo needs nothing to see a run completed', async () => {
    const home = mkdtempSync(join(tmpdir(), 'kubot-new é-'));
    const shell = await startShell({ environment: {}, home });
    try {
      const page = await shell.page();
      await page.getByRole('heading', { name: 'Where is your KuFlow?' }).waitFor();
      await expect.poll(() => shell.menu(), POLL).toContain('Not set up yet');
      await page.getByRole('button', { name: 'Try the built-in demo' }).click();
      await expect.poll(() => shell.menu(), FIRST_DEMO).toContain('Connected, nothing to do');
      await page.getByText('Succeeded').first().waitFor(FIRST_DEMO);
      await screenshot(page, 'window-demo');
      await page.getByRole('link', { name: 'Connect to KuFlow' }).click();
      await page.getByRole('heading', { name: 'Where is your KuFlow?' }).waitFor();
      await page.getByRole('button', { name: 'Leave as it is' }).click();
      await page.getByText('This is the demo').waitFor();
    } finally {
      await shell.close();
      await removeTree(home);
      await removeTree(`${home}-demo`);
    }
  }, 300_000);
});
