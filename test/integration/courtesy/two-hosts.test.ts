import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectToAgent } from '../../../src/cli/control-client.ts';
import { openFleet } from '../tasks/agent-fleet.ts';
import { sitDown } from './person-lab.ts';

const WAIT = { timeout: 60_000, interval: 50 };

test('a task that waits for the person at one host is done by another that nobody sits at', async () => {
  const fleet = await openFleet({
    credentials: 'shared',
    settings: { robots: { QUICK: { desktop: true } }, taskCheckMs: 500 },
  });
  try {
    await fleet.start(0);
    const home = join(fleet.lab.dir, 'agent 0');
    const person = await sitDown({ home });
    await person.screen({ locked: true });
    const taskId = await fleet.lab.addTask('QUICK');
    const next = async () => (await connectToAgent(home).status()).courtesy?.next ?? null;
    await expect.poll(next, WAIT).toMatchObject({ taskId, waitsFor: 'unlock' });
    await fleet.start(1);
    await expect.poll(async () => (await fleet.lab.task(taskId)).state, WAIT).toBe('COMPLETED');
    await expect.poll(next, WAIT).toBeNull();
    expect(await fleet.starts()).toEqual(new Map([[taskId, 1]]));
    expect([fleet.runsOf(0), fleet.runsOf(1).map((run) => run.outcome)]).toEqual([[], ['succeeded']]);
    const { decisions } = await connectToAgent(home).why({ id: taskId });
    expect(decisions.map(({ decision }) => decision)).toEqual(['postponed', 'skipped']);
    person.leave();
  } finally {
    await fleet.close();
  }
});
