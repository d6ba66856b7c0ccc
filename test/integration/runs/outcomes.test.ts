import { afterEach, describe, expect, test } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../../helpers/fault-proxy.ts';
import { type Lab, nodeRobot, startLab } from '../../helpers/lab.ts';

let lab: Lab;
afterEach(() => lab.close());

describe('a run', () => {
  test('goes from a READY task to a completed one, its output in the task log', async () => {
    lab = await startLab({
      robots: { HELLO: nodeRobot(`console.log('hello'); console.error('ERROR one bad row');`) },
    });
    expect(await lab.work()).toMatchObject({ failed: false, error: null });
    const task = await lab.task('HELLO');
    expect(task.state).toBe('COMPLETED');
    expect(task.entries.map((entry) => entry.message).join('\n')).toMatch(/hello[\s\S]*one bad row/);
    expect(await lab.run('HELLO')).toMatchObject({
      state: 'ended',
      outcome: 'succeeded',
      exitCode: 0,
      source: 'inbox',
      attempt: 1,
      settled: { action: 'completed' },
      operation: 'Run',
    });
    expect(lab.events.map((event) => event.event).filter((event) => event !== 'progress')).toEqual([
      'registered',
      'run-started',
      'run-ended',
    ]);
  });

  test('that is taken while its host begins to drain has its time like any other', async () => {
    let proxy: FaultProxy | undefined;
    lab = await startLab({
      robots: { HELLO: nodeRobot(`console.log('hello');`) },
      tasks: [{ code: 'HELLO', later: true }],
      endpointOf: async ({ url }) => {
        proxy = await startFaultProxy({ target: url });
        const match = (_method: string, path: string) => path.includes('claim');
        proxy.add({ kind: 'delay', milliseconds: 500, match });
        return proxy.url;
      },
    });
    const taskId = await lab.addTask('HELLO');
    const isClaiming = () => proxy?.requests.some(({ path }) => path.includes('claim')) === true;
    while (!isClaiming()) await new Promise((resolve) => setTimeout(resolve, 10));
    await lab.agent.drain();
    expect(await lab.runs()).toMatchObject([{ outcome: 'succeeded', settled: { action: 'completed' } }]);
    expect((await lab.task(taskId)).state).toBe('COMPLETED');
    await proxy?.close();
  });
});
