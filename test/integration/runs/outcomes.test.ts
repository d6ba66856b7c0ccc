import { afterEach, describe, expect, test } from 'vitest';
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
});
