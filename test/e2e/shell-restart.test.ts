import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeTree } from '../../src/agent/runtimes/remove-tree.ts';
import { connectToAgent } from '../../src/cli/control-client.ts';
import { type Lab, startLab } from '../helpers/lab.ts';
import { screenshot } from './page.ts';
import { ELECTRON, type ShellLab, shellEnvironment, startShell } from './shell-lab.ts';

const POLL = { timeout: 60_000, interval: 100 };

describe.skipIf(ELECTRON === null)('a shell', () => {
  let lab: Lab;
  let dir: string;
  let environment: Record<string, string>;
  beforeAll(async () => {
    lab = await startLab({ robots: {} });
    environment = await shellEnvironment(lab);
    dir = mkdtempSync(join(tmpdir(), 'kubot-shells-'));
  });
  afterAll(async () => {
    await lab?.close();
    if (dir) await removeTree(dir);
  });

  test('has its window where it was and its language when it is started again', async () => {
    const options = { environment, home: lab.home, configDir: join(dir, 'config') };
    const place = { x: 44, y: 33, width: 810, height: 570 };
    const first = await startShell(options);
    try {
      const page = await first.page();
      await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor();
      await page.evaluate(() => location.assign('#/settings'));
      await page.getByText('Español').click();
      await page.getByRole('heading', { name: 'Ajustes' }).waitFor();
      await expect.poll(() => topOfMenu(first), POLL).toEqual(['KuBot Runner', 'Edición', 'Ver']);
      await first.app.evaluate(({ BrowserWindow }, bounds) => {
        BrowserWindow.getAllWindows()[0]?.setBounds(bounds);
      }, place);
    } finally {
      await first.close();
    }
    const second = await startShell(options);
    try {
      const page = await second.page();
      await page.getByRole('heading', { name: 'Conectado, nada que hacer' }).waitFor();
      expect(
        await second.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds()),
      ).toEqual(place);
      await expect.poll(() => second.menu(), POLL).toContain('Conectado, nada que hacer');
      expect(await topOfMenu(second)).toEqual(['KuBot Runner', 'Edición', 'Ver']);
    } finally {
      await second.close();
    }
  });

  test('whose agent cannot live says why, tries again less and less often, and goes on when it can', async () => {
    // In the place of Node: nothing at first, then Node.
    const node = join(dir, 'node');
    const isWell = join(dir, 'is-well');
    writeFileSync(
      node,
      `#!/bin/sh\n[ -e '${isWell}' ] && exec '${process.execPath}' "$@"\necho 'kubot: The moon is full.' >&2\nexit 1\n`,
    );
    chmodSync(node, 0o755);
    const shell = await startShell({
      environment: { ...environment, KUBOT_NODE: node },
      home: lab.home,
    });
    try {
      const page = await shell.page();
      await page.getByText('The moon is full.').first().waitFor();
      await screenshot(page, 'window-agent-dies');
      await expect.poll(() => shell.menu(), POLL).toContain('The agent ended and is started again');
      expect(shell.notices).toContain('The agent ended unexpectedly');
      const tries = new Set<number>();
      const look = async () => {
        const state = await page.evaluate(
          () =>
            (Reflect.get(globalThis, 'kubot') as { ask(name: string): Promise<unknown> }).ask(
              'host',
            ) as Promise<{
              value: { untilMs?: number };
            }>,
        );
        if (state.value.untilMs !== undefined) tries.add(state.value.untilMs);
        return tries.size;
      };
      await expect.poll(look, POLL).toBe(4);
      const waits = [...tries].slice(1).map((at, index) => at - ([...tries][index] ?? 0));
      // Each is at least twice the one before but for what starting takes.
      expect(waits[1]).toBeGreaterThan(waits[0] ?? 0);
      expect(waits[2]).toBeGreaterThan(waits[1] ?? 0);
      writeFileSync(isWell, '');
      await page.getByRole('button', { name: 'Start now' }).click();
      await page.getByRole('heading', { name: 'Connected, nothing to do' }).waitFor();
      expect((await connectToAgent(lab.home).status()).agent.state).toBe('idle');
    } finally {
      await shell.close();
    }
  });
});

/** Labels of the window's own menu. */
async function topOfMenu({ app }: ShellLab): Promise<string[]> {
  return await app.evaluate(({ Menu }) => Menu.getApplicationMenu()?.items.map(({ label }) => label) ?? []);
}
