import { describe, expect, test } from 'vitest';
import { takeTask } from '../../../../src/agent/tasks/take.ts';
import type { Reclaim } from '../../../../src/agent/tasks/take-attempt.ts';
import { takeMessage } from '../../../../src/agent/tasks/take-entry.ts';
import { allSchedules, type Host, inputOf, type Race, USUAL } from './race.ts';

const taker =
  (reclaim: Reclaim): Host =>
  (world, host) =>
    takeTask(inputOf(world, host, { reclaim, attempt: 2 }));

/** The first take of a host that is in no race any more; 0 is the first that races. */
const takenBy = (host: number | 'dead') =>
  takeMessage({
    hostName: `PC-${host}`,
    installationId: host === 'dead' ? 'dead' : `00000000-0000-4000-8000-00000000000${host}`,
    nonce: 'before',
    afterId: null,
    principalId: null,
    attempt: 1,
    how: 'first',
  });

async function tally(race: Omit<Race, 'rules' | 'state'>) {
  const found = { schedules: 0, doubles: [] as string[], nobody: [] as string[] };
  for await (const { winners, schedule } of allSchedules({ ...race, rules: USUAL, state: 'CLAIMED' })) {
    found.schedules++;
    if (winners.length > 1) found.doubles.push(schedule.join(' '));
    if (winners.length === 0) found.nobody.push(schedule.join(' '));
  }
  return found;
}

const HOUR_MS = 60 * 60_000;

describe('of hosts that want a claimed task at once, in every order of their calls', () => {
  test.each<[string, Reclaim[], string[]]>([
    ['that take over from a silent one', ['take-over', 'take-over'], [takenBy('dead')]],
    ['where one takes over and a person starts it on the other', ['take-over', 'by-hand'], [takenBy('dead')]],
    ['whose persons start it', ['by-hand', 'by-hand'], []],
    ['one has its next attempt, and a person starts it on the other', ['retry', 'by-hand'], [takenBy(0)]],
    ['that were assigned it', ['assigned', 'assigned', 'assigned'], []],
  ])('one has it: hosts %s', async (_name, reclaims, log) => {
    const hosts = reclaims.map(taker);
    const { doubles, nobody } = await tally({ hosts, log, logAgeMs: HOUR_MS });
    expect({ doubles, nobody }).toEqual({ doubles: [], nobody: [] });
  });

  test('never two, when calls are lost and others write', async () => {
    const hosts = [taker('take-over'), taker('by-hand')];
    const race = { hosts, log: [takenBy('dead')], logAgeMs: HOUR_MS };
    expect((await tally({ ...race, faults: 2 })).doubles).toEqual([]);
    expect((await tally({ ...race, outsider: 2 })).doubles).toEqual([]);
    expect((await tally({ ...race, freezes: { byMs: 61_000, times: 2 } })).doubles).toEqual([]);
  });
});

test('nobody takes over from a host that wrote lately', async () => {
  const hosts = [taker('take-over'), taker('by-hand')];
  const { nobody, schedules } = await tally({ hosts, log: [takenBy('dead')], logAgeMs: HOUR_MS / 4 });
  expect(nobody).toHaveLength(schedules);
});
