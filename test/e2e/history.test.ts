import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { homePaths } from '../../src/agent/home/home-paths.ts';
import { createRunId } from '../../src/agent/runs/run-id.ts';
import type { Run } from '../../src/shared/run.ts';
import { aRun } from '../helpers/a-run.ts';
import { type Lab, startLab } from '../helpers/lab.ts';
import { type PageLab, screenshot, startPageLab } from './page.ts';

const RUNS = 100_000;
const DAY_MS = 24 * 60 * 60_000;

let lab: Lab;
let pages: PageLab;
beforeAll(async () => {
  lab = await startLab({ robots: {} });
  await lab.agent.close();
  const journal = new DatabaseSync(homePaths(lab.home).journal);
  const now = Date.now();
  const aPastRun = (index: number): Run => {
    const at = now - DAY_MS - index * 60_000;
    const isRare = index === RUNS - 10;
    return aRun({
      id: createRunId(at),
      robot: { id: 'r', code: isRare ? 'RARE_ONE' : 'INVOICES', revision: 'abc' },
      taskId: null,
      state: 'ended',
      outcome: index % 50 === 0 ? 'failed' : 'succeeded',
      requestedAt: new Date(at).toISOString(),
      startedAt: new Date(at).toISOString(),
      endedAt: new Date(at + 1000).toISOString(),
      durationMs: 1000 + (index % 7) * 500,
    });
  };
  const insert = journal.prepare(
    'INSERT INTO runs (id, request_id, robot_code, attempt, state, requested_at, document) VALUES (?,?,?,?,?,?,?)',
  );
  journal.exec('BEGIN');
  for (let index = 0; index < RUNS; index++) {
    const run = aPastRun(index);
    insert.run(run.id, run.id, run.robot.code, 1, run.state, run.requestedAt, JSON.stringify(run));
  }
  journal.exec('COMMIT');
  journal.close();
  await lab.restartAgent();
  pages = await startPageLab(lab);
});
afterAll(async () => {
  await pages?.close();
  await lab?.close();
});

test('of 100,000 runs the newest are shown, older ones when asked for, and any is found', async () => {
  const page = await pages.open();
  await page.evaluate(() => location.assign('#/runs'));
  const rows = page.locator('[data-row]');
  await expect.poll(() => rows.count(), { timeout: 60_000 }).toBe(100);
  await page.getByText('Usually 2.5s, at most 4s').waitFor();
  await screenshot(page, 'runs-history');
  await page.getByRole('button', { name: 'Show older' }).click();
  await expect.poll(() => rows.count()).toBe(200);
  await page.getByText('Failed', { exact: true }).first().click();
  await expect.poll(() => page.getByText('Succeeded', { exact: true }).count()).toBe(1);
  await expect.poll(() => rows.count()).toBe(100);
  await page.getByText('All', { exact: true }).click();
  await page.getByRole('searchbox').fill('rare');
  await page.getByText('RARE_ONE').waitFor();
  await expect.poll(() => rows.count()).toBe(1);
  await page.getByRole('searchbox').fill('nobody has this');
  await page.getByText('No run fits this filter.').waitFor();
  expect(pages.complaints).toEqual([]);
});
