import { describe, expect, test } from 'vitest';
import type { FaultKind } from '../../helpers/fault-proxy.ts';
import { appendsOf, CALLS, expectWhole, type FaultLab, openFaultLab, readTold } from './fault-lab.ts';
import { until } from './judge.ts';

interface Fault {
  name: string;
  fault: FaultKind;
  /** What status says while it befalls everything. */
  named: RegExp;
  /** A call that meets it waits until the connection breaks. */
  waits?: true;
  /** The platform has done what it was asked for. */
  acted?: true;
}

const FOREVER = { waits: true, named: /^offline: Could not .* no answer within 30 s/ } as const;
const page = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Log in</html>' };

/** Those that a call waits out come first: side by side with the others they cost no time. */
const FAULTS: Fault[] = [
  { name: 'accepts and never answers', fault: { kind: 'hang-before' }, ...FOREVER },
  {
    name: 'answers when its caller has given up',
    fault: { kind: 'delay-answer', milliseconds: 33_000 },
    acted: true,
    ...FOREVER,
  },
  {
    name: 'answers a byte a second',
    fault: { kind: 'trickle', chunkBytes: 1, everyMs: 1000 },
    acted: true,
    ...FOREVER,
  },
  { name: 'cuts the connection', fault: { kind: 'reset-before' }, named: /^offline: .* was cut/ },
  {
    name: 'acts and cuts the connection',
    fault: { kind: 'reset-after' },
    acted: true,
    named: /^offline: .* was cut/,
  },
  {
    name: 'answers half a body',
    fault: { kind: 'cut', bytes: 20 },
    acted: true,
    named: /^offline: .* (was cut|broke off)/,
  },
  {
    name: 'asks to wait',
    fault: { kind: 'answer', status: 429, headers: { 'retry-after': '1' } },
    named: /^connected: .* asks to slow down: .*\(429\)/,
  },
  { name: 'answers 500', fault: { kind: 'answer', status: 500 }, named: /^offline: .* answered 500/ },
  {
    name: 'answers a web page',
    fault: { kind: 'answer', ...page },
    named: /^offline: .* a web page answered/,
  },
  {
    name: 'is slow',
    fault: { kind: 'delay', milliseconds: 700 },
    acted: true,
    named: /^connected: no error/,
  },
];

/** Small entries, so that rows are left out and there is a document; and one each second, whatever is left to tell. */
const LOUD = { settings: { logEntryBytes: 256, logHeartbeatMs: 1000 }, rowsAtFirst: 5000 };
/** On a machine that is busy with other things. */
const TEST_MS = 300_000;

describe('a network that', { timeout: TEST_MS }, () => {
  test.concurrent.each(FAULTS)('$name for a while loses nothing and repeats nothing', async (fault) => {
    const faultLab = await openFaultLab(LOUD);
    try {
      const { lab, proxy } = faultLab;
      await faultLab.startAgent();
      await faultLab.agent.until('registered');

      await befall(faultLab, fault, ['take', 'claim']);
      const taskId = await lab.addTask('WORK');
      await outlast(faultLab, fault, ['take', 'claim']);
      const run = await faultLab.untilRun(taskId, 'running');

      await proxy.add({ fault: fault.fault, name: 'all' });
      await until('an entry meets it', () => faultLab.faults.some(isLineOf('all')));
      await faultLab.untilFault('all', fault.waits ? 2 : 4);
      await faultLab.untilStatus(fault.named);
      await proxy.clear({ cutWaiting: fault.waits === true });
      await faultLab.untilStatus(/^connected: no error/);

      await befall(faultLab, fault, ['line', 'document', 'complete']);
      faultLab.letGo(run);
      await outlast(faultLab, fault, ['line', 'document', 'complete']);
      await expectWhole(faultLab, taskId);
      // What was done is seen before it is asked for again.
      expect(countOf(faultLab, 'claim went well')).toBe(fault.acted ? 0 : 1);
    } finally {
      await faultLab.close();
    }
  });

  test.concurrent('refuses connections while a task is claimed and while a robot ends loses nothing', async () => {
    const faultLab = await openFaultLab(LOUD);
    try {
      const { lab, proxy } = faultLab;
      await faultLab.startAgent();
      await proxy.add({ fault: { kind: 'hang-before' }, name: 'claim', ...CALLS.claim, times: 1 });
      const taskId = await lab.addTask('WORK');
      await faultLab.untilFault('claim');
      await proxy.down();
      await faultLab.untilStatus(/^offline: .* connection refused/);
      await proxy.up();
      const run = await faultLab.untilRun(taskId, 'running');
      await proxy.down();
      faultLab.letGo(run);
      await faultLab.untilRun(taskId, 'settling');
      await faultLab.untilStatus(/^offline: .* connection refused/);
      expect(await faultLab.control().status()).toMatchObject({
        runs: { unsettled: 1 },
        connection: { nextTryAt: expect.any(String) },
      });
      await proxy.up();
      await expectWhole(faultLab, taskId);
    } finally {
      await faultLab.close();
    }
  });

  test.concurrent('delivers what was given up when all is over leads to twins of entries at most', async () => {
    const faultLab = await openFaultLab(LOUD);
    try {
      const { lab, proxy } = faultLab;
      await faultLab.startAgent();
      const names = ['take', 'claim', 'line', 'complete'] as const;
      for (const name of names) await proxy.add({ fault: { kind: 'hold' }, name, ...CALLS[name], times: 1 });
      const taskId = await lab.addTask('WORK');
      for (const name of names) {
        if (name === 'complete') faultLab.letGo(await faultLab.untilRun(taskId, 'running'));
        await faultLab.untilFault(name);
        await proxy.cutWaiting();
      }
      const run = await expectWhole(faultLab, taskId);
      const before = readTold(appendsOf(lab, taskId), run);
      const appends = appendsOf(lab, taskId).length;

      await proxy.release();
      await until('the late entries are there', () => appendsOf(lab, taskId).length === appends + 2);
      const after = readTold(appendsOf(lab, taskId), run);
      const [late, ...more] = after.numbers.slice(before.numbers.length);
      expect([before.numbers.includes(late ?? 0), more]).toEqual([true, []]);
      expect(new Set(after.rows)).toEqual(new Set(before.rows));
      const rest = lab.mutations(taskId).filter((operation) => operation !== 'appendProcessItemTaskLog');
      expect(rest).toEqual(['claimProcessItemTask', 'completeProcessItemTask']);
      expect(await faultLab.startsOf(taskId)).toEqual([run.id]);
    } finally {
      await faultLab.close();
    }
  });
});

type CallName = keyof typeof CALLS;

async function befall({ proxy }: FaultLab, fault: Fault, names: readonly CallName[]): Promise<void> {
  for (const name of names) await proxy.add({ fault: fault.fault, name, ...CALLS[name], times: 1 });
  await proxy.add({ fault: { kind: 'delay', milliseconds: 0 }, name: 'claim went well', ...CALLS.claim });
}

/** Until each of the calls met the fault; those that would wait on are cut off. */
async function outlast(faultLab: FaultLab, fault: Fault, names: readonly CallName[]): Promise<void> {
  for (const name of names) {
    await faultLab.untilFault(name, 1, fault.acted ? 'acted' : 'begun');
    if (fault.waits) await faultLab.proxy.cutWaiting();
  }
}

const isLineOf = (fault: string) => (event: FaultLab['faults'][number]) =>
  event.name === fault && CALLS.line.path.test(event.path);

const countOf = ({ faults }: FaultLab, fault: string) =>
  faults.filter(({ name, phase }) => name === fault && phase === 'begun').length;
