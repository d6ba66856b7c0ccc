import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { CALLS, expectWhole, type FaultLab, openFaultLab } from './fault-lab.ts';
import { runsInJournal, until } from './judge.ts';

/** On a machine that is busy with other things. */
const TEST_MS = 300_000;
/** Of an answer that is late: for a signal to come in between. */
const LATE = { kind: 'delay-answer', milliseconds: 3000 } as const;

async function withLab(work: (faultLab: FaultLab) => Promise<void>): Promise<void> {
  const faultLab = await openFaultLab({ settings: { cancelGraceMs: 1000 } });
  try {
    await faultLab.startAgent();
    await faultLab.agent.until('registered');
    await work(faultLab);
  } finally {
    await faultLab.close();
  }
}

const draining = ({ agent }: FaultLab) => until('it drains', () => agent.said.includes('Draining'));

describe('an agent that is asked to stop', { timeout: TEST_MS }, () => {
  test.concurrent('asks for no more work from then on, while what runs is told and reported', async () => {
    await withLab(async (faultLab) => {
      const { lab, proxy } = faultLab;
      const taskId = await lab.addTask('WORK');
      const run = await faultLab.untilRun(taskId, 'running');
      await proxy.add({
        fault: { kind: 'delay', milliseconds: 0 },
        name: 'poll',
        path: /\/process-items\?/,
      });
      await faultLab.untilFault('poll');
      const ended = faultLab.agent.end('SIGTERM');
      await draining(faultLab);
      await delay(1000);
      const polls = () => faultLab.faults.filter(({ name }) => name === 'poll').length;
      const before = polls();
      const later = await lab.addTask('WORK');
      // Ten polls' time.
      await delay(2000);
      expect(polls()).toBe(before);
      faultLab.letGo(run);
      expect(await ended).toBe(0);
      await expectWhole(faultLab, taskId);
      expect(lab.mutations(later)).toEqual([]);
    });
  });

  test.concurrent('while it claims a task runs that task, reports it and leaves with 0', async () => {
    await withLab(async (faultLab) => {
      const { lab, proxy } = faultLab;
      await proxy.add({ fault: LATE, name: 'claim', ...CALLS.claim, times: 1 });
      const taskId = await lab.addTask('WORK');
      await faultLab.untilFault('claim', 1, 'acted');
      const ended = faultLab.agent.end('SIGTERM');
      await draining(faultLab);
      faultLab.letGo(await faultLab.untilRun(taskId, 'running'));
      expect(await ended).toBe(0);
      await expectWhole(faultLab, taskId);
    });
  });

  test.concurrent('while its claim does not arrive leaves the task to others', async () => {
    await withLab(async (faultLab) => {
      const { lab, proxy } = faultLab;
      await proxy.add({ fault: { kind: 'hang-before' }, name: 'claim', ...CALLS.claim });
      const taskId = await lab.addTask('WORK');
      await faultLab.untilFault('claim');
      const ended = faultLab.agent.end('SIGTERM');
      await draining(faultLab);
      const cutting = setInterval(() => void proxy.cutWaiting(), 200);
      expect(await ended).toBe(0);
      clearInterval(cutting);
      expect((await lab.task(taskId)).state).toBe('READY');
      expect(await faultLab.startsOf(taskId)).toEqual([]);
    });
  });

  test.concurrent('while it completes a task completes it once and leaves with 0', async () => {
    await withLab(async (faultLab) => {
      const { lab, proxy } = faultLab;
      await proxy.add({ fault: LATE, name: 'complete', ...CALLS.complete, times: 1 });
      const taskId = await lab.addTask('WORK');
      faultLab.letGo(await faultLab.untilRun(taskId, 'running'));
      await faultLab.untilFault('complete', 1, 'acted');
      expect(await faultLab.agent.end('SIGTERM')).toBe(0);
      await expectWhole(faultLab, taskId);
    });
  });

  test.concurrent('twice while the platform is away leaves the report to its next start', async () => {
    await withLab(async (faultLab) => {
      const { lab, proxy } = faultLab;
      const taskId = await lab.addTask('WORK');
      const run = await faultLab.untilRun(taskId, 'running');
      await proxy.down();
      faultLab.letGo(run);
      await faultLab.untilRun(taskId, 'settling');
      const ended = faultLab.agent.end('SIGTERM');
      await draining(faultLab);
      void faultLab.agent.end('SIGINT');
      expect(await ended).toBe(130);
      expect(runsInJournal(lab)).toMatchObject([{ state: 'settling', outcome: 'succeeded', settled: null }]);
      await proxy.up();
      await faultLab.startAgent();
      await expectWhole(faultLab, taskId);
    });
  });
});
