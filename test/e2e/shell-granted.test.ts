import { chmodSync, existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultHome } from '../../src/agent/home/home-paths.ts';
import { removeTree } from '../../src/agent/runtimes/remove-tree.ts';
import { type Lab, startLab } from '../helpers/lab.ts';
import { waitingRobot } from '../integration/runs/waiting-robot.ts';
import { screenshot } from './page.ts';
import { ELECTRON, type ShellLab, startShell } from './shell-lab.ts';

const POLL = { timeout: 60_000, interval: 100 };

// What a user with less than full access sees is in test/unit/main/tray-menu.test.ts; who is let in, with real users, in
// test/integration/control/granted-users.test.ts.
describe.skipIf(ELECTRON === null)('the shell of a person whom a service’s agent lets in', () => {
  let lab: Lab;
  let shell: ShellLab;
  let dir: string;
  let ownHome: string;
  const control = { allowUsers: { 61301: 'read' } };
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'kubot-granted-'));
    chmodSync(dir, 0o755);
    const environment = { KUBOT_GRANTED_DIR: dir };
    lab = await startLab({
      robots: { WAITS: waitingRobot({ before: `console.log('it has begun');` }) },
      tasks: [{ code: 'WAITS', later: true }],
      settings: { cancelGraceMs: 500, control },
      overrides: { environment: { ...process.env, ...environment } },
    });
    const own = { HOME: join(dir, 'person'), XDG_DATA_HOME: join(dir, 'person/data') };
    ownHome = defaultHome(process.platform, own, own.HOME);
    shell = await startShell({ environment: { ...environment, ...own }, home: '' });
  });
  afterAll(async () => {
    await shell?.close();
    await lab?.close();
    if (dir) await removeTree(dir);
  });

  test('attaches to it, says whose it is, and starts none of its own', async () => {
    await expect.poll(() => shell.menu(), POLL).toContain('Connected, nothing to do');
    const page = await shell.page();
    await page.getByText('This is the agent of a service').waitFor();
    await screenshot(page, 'window-granted');
    expect(existsSync(ownHome)).toBe(false);
  });

  test('waits for it while it is restarted', async () => {
    const page = await shell.page();
    await lab.agent.close();
    await page.getByRole('heading', { name: 'The agent does not answer' }).waitFor();
    await lab.restartAgent({ cancelGraceMs: 500, control });
    await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor();
    expect(existsSync(ownHome)).toBe(false);
  });

  test('quits without asking, and leaves it and its robot at work', async () => {
    const taskId = await lab.addTask('WAITS');
    await expect.poll(() => shell.menu(), POLL).toContain('Stop WAITS');
    const { id } = await lab.until(taskId, 'running');
    await shell.choose('Quit');
    await shell.ended;
    expect((await lab.agent.handlers.run({ id })).state).toBe('running');
    await lab.agent.handlers.cancel({ id });
    await lab.until(taskId, 'ended');
  });
});
