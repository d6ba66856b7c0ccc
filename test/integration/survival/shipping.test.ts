import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  appendsOf,
  CALLS,
  expectOnceInOrder,
  expectWhole,
  type FaultLab,
  type FaultLabOptions,
  oneTo,
  openFaultLab,
  readTold,
  rowsInDocument,
  rowsOf,
} from './fault-lab.ts';

/** On a machine that is busy with other things. */
const TEST_MS = 300_000;

async function withLab(options: FaultLabOptions, work: (faultLab: FaultLab) => Promise<void>): Promise<void> {
  const faultLab = await openFaultLab(options);
  try {
    await faultLab.startAgent();
    await work(faultLab);
  } finally {
    await faultLab.close();
  }
}

const refusal = (status: number) => ({
  kind: 'answer' as const,
  status,
  body: JSON.stringify({ message: 'It takes no log entries.' }),
});

describe('a platform that', { timeout: TEST_MS }, () => {
  test.concurrent.each([2, 10])(
    'keeps %d entries, and whose answers get lost, has had each line once and in order',
    async (logBound) => {
      await withLab({ behaviour: { logBound }, rowsAtFirst: 100 }, async (faultLab) => {
        const { lab, proxy } = faultLab;
        await proxy.add({ fault: { kind: 'reset-after' }, name: 'line', ...CALLS.line, every: 3 });
        // The second run knows the bound from the first.
        for (let run = 1; run <= 2; run++) {
          const taskId = await lab.addTask('WORK');
          faultLab.letGo(await faultLab.untilRun(taskId, 'running'));
          await expectWhole(faultLab, taskId);
          expect((await lab.task(taskId)).entries.length).toBeLessThanOrEqual(logBound);
        }
        await faultLab.untilFault('line', 2);
      });
    },
  );

  test.concurrent('is away for longer than the disk has room: what is kept is bounded, the rest is counted and said', async () => {
    const runLogMaxBytes = 20_000;
    await withLab(
      { settings: { runLogMaxBytes, logEntryBytes: 256 }, rowsAtLast: 5000 },
      async (faultLab) => {
        const { lab, proxy } = faultLab;
        const taskId = await lab.addTask('WORK');
        const run = await faultLab.untilRun(taskId, 'running');
        await proxy.down();
        faultLab.letGo(run);
        await faultLab.untilRun(taskId, 'settling');
        await faultLab.untilStatus(/^offline: .* connection refused/);
        const { size } = statSync(join(lab.home, 'runs', run.id, 'run.log'));
        expect(size).toBeLessThan(runLogMaxBytes + 2000);
        await proxy.up();
        const ended = await faultLab.untilRun(taskId, 'ended');

        expect(ended).toMatchObject({ outcome: 'succeeded', settled: { action: 'completed' } });
        const appends = appendsOf(lab, taskId);
        const told = readTold(appends, run);
        expectOnceInOrder(told.rows);
        expect([told.shown + told.leftOut, told.lines]).toEqual([ended.log.lines, ended.log.lines]);
        const kept = await rowsInDocument(lab, ended);
        expect(kept).toEqual(oneTo(kept.length));
        const lost = (await rowsOf(faultLab, ended)) - kept.length;
        expect(lost).toBeGreaterThan(0);
        expect(appends.join('\n')).toContain(
          `${lost.toLocaleString('en')} lines of the robot are left out of the run log, which may hold 20,000 bytes`,
        );
      },
    );
  });

  test.concurrent('changes its mind in mid-run, and again, is told everything', async () => {
    await withLab({}, async (faultLab) => {
      const { lab, proxy } = faultLab;
      const taskId = await lab.addTask('WORK');
      const run = await faultLab.untilRun(taskId, 'running');
      await proxy.add({ fault: refusal(409), name: 'first', ...CALLS.line, times: 2 });
      await faultLab.untilFault('first', 2);
      const before = appendsOf(lab, taskId).length;
      await expect.poll(() => appendsOf(lab, taskId).length, { timeout: 60_000 }).toBeGreaterThan(before);
      await proxy.add({ fault: refusal(403), name: 'second', ...CALLS.line, times: 2 });
      await faultLab.untilFault('second', 2);
      faultLab.letGo(run);
      const ended = await expectWhole(faultLab, taskId);
      expect(ended.log.linesLeftOut).toBe(0);
      const { decisions } = await faultLab.control().why({ id: run.id });
      expect(decisions.map(({ code }) => code)).not.toContain('LOG_REFUSED');
    });
  });

  test.concurrent.each([400, 409])(
    'refuses entries for ever, with %d, has its task completed; what it was not told is counted, and a decision says so',
    async (status) => {
      await withLab({}, async (faultLab) => {
        const { lab, proxy } = faultLab;
        await proxy.add({ fault: refusal(status), name: 'line', ...CALLS.line });
        const taskId = await lab.addTask('WORK');
        faultLab.letGo(await faultLab.untilRun(taskId, 'running'));
        const run = await faultLab.untilRun(taskId, 'ended');
        expect(run).toMatchObject({
          outcome: 'succeeded',
          log: { entriesSent: 0, linesLeftOut: run.log.lines },
          settled: { action: 'completed' },
        });
        expect((await lab.task(taskId)).state).toBe('COMPLETED');
        const { decisions } = await faultLab.control().why({ id: run.id });
        expect(decisions.filter(({ code }) => code === 'LOG_REFUSED')).toMatchObject([
          {
            decision: 'refused',
            message: expect.stringMatching(
              /no more log entries .* after 0; \d+ lines are only in the run log/,
            ),
          },
        ]);
      });
    },
  );
});
