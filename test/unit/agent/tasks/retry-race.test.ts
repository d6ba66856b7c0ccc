import { describe, expect, test } from 'vitest';
import { markOf } from '../../../../src/agent/logs/mark.ts';
import { takeTask } from '../../../../src/agent/tasks/take.ts';
import { allSchedules, type Host, inputOf, type Race, USUAL } from './race.ts';

const MOST_LOOKS = 4;
const runIdOf = (host: number) => `01890000-0000-7000-8000-0000abcdef0${host}`;

const taker: Host = (world, host) => takeTask(inputOf(world, host));

/** A host whose first run fails, and that makes its next attempt as often as it may. */
const retrier: Host = async (world, host) => {
  const input = inputOf(world, host);
  const first = await takeTask(input);
  if (!first.taken) return first;
  const message = `Failed. [end failed]${markOf(runIdOf(host), 1)}`;
  await input.client.appendLog('task', { message, level: 'ERROR' });
  for (let looks = 1; ; looks++) {
    const over = {
      reclaim: 'retry',
      attempt: 2,
      nonce: `r${host}x${looks}`,
      runIds: [runIdOf(host)],
    } as const;
    const next = await takeTask(inputOf(world, host, over));
    if (next.taken) return next;
    if (next.againInMs === null || looks === MOST_LOOKS)
      throw new Error(`The next attempt is given up: ${next.message}`);
    world.nowMs += next.againInMs;
  }
};

async function winners(race: Race): Promise<Set<number>> {
  const counts = new Set<number>();
  for await (const finish of allSchedules(race)) counts.add(finish.winners.length);
  return counts;
}

const SERVERS = (['shared', 'own'] as const).flatMap((principals) =>
  [true, false].map((appendOnReady) => ({
    server: `${principals} credentials, ${appendOnReady ? '' : 'no '}entries on READY`,
    rules: { ...USUAL, principals, appendOnReady },
  })),
);

describe.each(SERVERS)('a host whose run failed has its next attempt: $server', ({ rules }) => {
  test('whatever hosts that it had beaten write, and whenever', { timeout: 120_000 }, async () => {
    expect(await winners({ rules, hosts: [retrier, taker] })).toEqual(new Set([1]));
    expect(await winners({ rules, hosts: [retrier, retrier] })).toEqual(new Set([1]));
  });

  test('also when hosts are frozen in the midst of their take', { timeout: 120_000 }, async () => {
    const freezes = { byMs: 40_000, times: 1 };
    const counts = await winners({ rules, hosts: [retrier, taker], freezes });
    expect(Math.max(...counts)).toBe(1);
  });
});
