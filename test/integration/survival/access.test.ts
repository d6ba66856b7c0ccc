import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Run } from '../../../src/shared/run.ts';
import { kubot } from '../cli/kubot.ts';
import { appendsOf, expectWhole, openFaultLab } from './fault-lab.ts';
import { until } from './judge.ts';

const HOUR_MS = 3_600_000;
/** On a machine that is busy with other things. */
const TEST_MS = 300_000;

describe('an agent', { timeout: TEST_MS }, () => {
  test.concurrent('behind a login page when it starts says so, and works once somebody has logged in', async () => {
    const faultLab = await openFaultLab();
    try {
      const { lab, proxy } = faultLab;
      const headers = { 'content-type': 'text/html' };
      await proxy.add({ fault: { kind: 'answer', status: 200, headers, body: '<html>' }, name: 'portal' });
      await faultLab.startAgent();
      await faultLab.untilStatus(/^offline: .* a web page answered, as captive portals/);
      const { stdout } = await kubot(['status'], { KUBOT_HOME: lab.home });
      expect(stdout).toMatch(/^Agent +starting/m);
      expect(stdout).toMatch(/^Platform +offline since .*, (next try in \d+ s|trying now): http/m);
      const taskId = await lab.addTask('WORK');
      await proxy.clear();
      await faultLab.agent.until('registered');
      faultLab.letGo(await faultLab.untilRun(taskId, 'running'));
      await expectWhole(faultLab, taskId);
    } finally {
      await faultLab.close();
    }
  });

  test.concurrent('whose secret is revoked and given back, on a clock that is an hour off, says both and loses nothing', async () => {
    const faultLab = await openFaultLab({ platformNow: () => Date.now() - HOUR_MS });
    try {
      const { lab } = faultLab;
      await faultLab.startAgent();
      const taskId = await lab.addTask('WORK');
      const run = await faultLab.untilRun(taskId, 'running');
      const give = (secret: string) => writeFileSync(join(lab.dir, 'secret'), secret, { mode: 0o600 });
      give('revoked-revoked-revoked');
      await faultLab.untilStatus(
        /^unauthorized: .* \(401\).* The clock of this machine is 60 min ahead of the platform's/,
      );
      const { stdout } = await kubot(['status'], { KUBOT_HOME: lab.home });
      expect(stdout).toMatch(/^Clock +60 min ahead of the platform's; set it$/m);
      expect(stdout).toMatch(/^Runs +1 active/m);
      give(lab.platform.clientSecret);
      await faultLab.untilStatus(/^connected: no error/);
      faultLab.letGo(run);
      await expectWhole(faultLab, taskId);
    } finally {
      await faultLab.close();
    }
  });

  test.concurrent('that tells nothing sees within 15 s that its tasks are taken away, and says by what', async () => {
    // As it is by default.
    const settings = { taskCheckMs: undefined };
    const faultLab = await openFaultLab({ settings, rowEveryMs: 3_600_000 });
    try {
      const { lab } = faultLab;
      await faultLab.startAgent();
      const act = {
        CANCELLED: ({ processId }: Run) => lab.api(`/processes/${processId}/~actions/cancel`, 'POST'),
        COMPLETED: ({ taskId }: Run) => lab.api(`/process-items/${taskId}/task/~actions/complete`, 'POST'),
        'given to somebody else': ({ taskId }: Run) =>
          lab.api(`/process-items/${taskId}/task/~actions/assign`, 'POST', { ownerEmail: 'ada@example.com' }),
      };
      const seen = Object.entries(act).map(async ([says, takeAway]) => {
        const taskId = await lab.addTask('WORK', {}, { process: true });
        const run = await faultLab.untilRun(taskId, 'running');
        await until('its first line is told', () =>
          appendsOf(lab, taskId).some((text) => text.includes('row 1')),
        );
        await takeAway(run);
        const takenAt = Date.now();
        const ended = await faultLab.untilRun(taskId, 'ended');
        expect(ended).toMatchObject({
          outcome: 'cancelled',
          error: { code: 'CANCELLED_BY_PLATFORM', message: expect.stringContaining(says) },
          settled: { action: 'none' },
        });
        // As much again for a machine that is busy with other things.
        expect(Date.parse(ended.endedAt ?? '') - takenAt).toBeLessThan(30_000);
      });
      await Promise.all(seen);
    } finally {
      await faultLab.close();
    }
  });

  test.concurrent('whose token has expired in mid-run goes on, and tells everything once it is renewed', async () => {
    const faultLab = await openFaultLab();
    try {
      const { lab, proxy } = faultLab;
      await faultLab.startAgent();
      const taskId = await lab.addTask('WORK');
      const run = await faultLab.untilRun(taskId, 'running');
      await proxy.add({ fault: { kind: 'answer', status: 401 }, name: 'expired' });
      faultLab.letGo(run);
      await faultLab.untilRun(taskId, 'settling');
      await faultLab.untilStatus(/^unauthorized: .* does not accept the credentials \(401\)/);
      await proxy.clear();
      await expectWhole(faultLab, taskId);
    } finally {
      await faultLab.close();
    }
  });
});
