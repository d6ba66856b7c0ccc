import { describe, expect, test } from 'vitest';
import { resumeTake } from '../../../../src/agent/tasks/resume-take.ts';
import { takeTask } from '../../../../src/agent/tasks/take.ts';
import type { TakeIntent } from '../../../../src/agent/tasks/take-intent.ts';
import { allSchedules, type Host, inputOf, type Race, type Rules, USUAL } from './race.ts';

const taker: Host = (world, host) => takeTask(inputOf(world, host));

/** A host whose agent may be killed, and which asks at its next start what became of its take. */
const mortal: Host = async (world, host) => {
  const intents: TakeIntent[] = [];
  const input = inputOf(world, host, { onIntent: (intent) => intents.push(intent) });
  const unlessKilled = <T>(work: Promise<T>) =>
    Promise.race([work, world.deathOf(host).then(() => 'killed' as const)]);
  const ended = await unlessKilled(takeTask(input));
  if (ended !== 'killed' && !ended.taken) return ended;
  const intent = intents.at(-1);
  if (!intent) return { taken: false };
  let found: Awaited<ReturnType<typeof resumeTake>> | 'killed';
  do found = await unlessKilled(resumeTake(inputOf(world, host), intent));
  while (found === 'killed');
  // Killed right after the take, before anything more was journalled: the same must be found out.
  if (ended !== 'killed' && found !== 'ours')
    throw new Error(`Host ${host} does not know any more that the task is its own`);
  return { taken: found === 'ours' };
};

interface Tally {
  /** Schedules in which more than one host ran the task. */
  doubles: string[];
  /** Schedules that leave the task CLAIMED, and nobody runs it. */
  stuck: string[];
  /** Schedules that leave it READY, for another round. */
  left: string[];
}

async function tally(race: Race): Promise<Tally> {
  const found: Tally = { doubles: [], stuck: [], left: [] };
  for await (const { winners, schedule, state } of allSchedules(race)) {
    const way = schedule.join(' ');
    if (winners.length > 1) found.doubles.push(way);
    if (winners.length === 0) (state === 'CLAIMED' ? found.stuck : found.left).push(way);
  }
  return found;
}

/** For thousands of schedules on a loaded machine. */
const SLOW = { timeout: 120_000 };
const NONE: Tally = { doubles: [], stuck: [], left: [] };

const SERVERS = (['shared', 'own'] as const).flatMap((principals) =>
  ([200, 409] as const).flatMap((secondClaim) =>
    [true, false].flatMap((appendOnReady) =>
      [
        { claimShowsLog: true, isKnown: true },
        { claimShowsLog: false, isKnown: true },
        { claimShowsLog: true, isKnown: false },
      ].map(({ claimShowsLog, isKnown }): { server: string; rules: Rules } => ({
        server: [
          principals === 'shared' ? 'one credential' : 'one credential each',
          `second claim ${secondClaim}`,
          appendOnReady ? 'entries on READY' : 'none on READY',
          ...(claimShowsLog ? [] : ['claims without log']),
          ...(isKnown ? [] : ['never met before']),
        ].join(', '),
        rules: { ...USUAL, principals, secondClaim, appendOnReady, claimShowsLog, isKnown },
      })),
    ),
  ),
);

describe.each(SERVERS)('in every order of the calls of hosts that race: $server', SLOW, ({ rules }) => {
  test('one of two runs the task', async () => {
    expect(await tally({ rules, hosts: [taker, taker] })).toEqual(NONE);
  });

  test('not two, and not nobody for good, while an outsider writes to the log', async () => {
    const { doubles, stuck } = await tally({ rules, hosts: [taker, taker], outsider: 2 });
    expect({ doubles, stuck }).toEqual({ doubles: [], stuck: [] });
  });

  test('not two, and not nobody for good, when a call is lost', async () => {
    const { doubles, stuck } = await tally({ rules, hosts: [taker, taker], faults: 1 });
    expect({ doubles, stuck }).toEqual({ doubles: [], stuck: [] });
  });

  test.each([2, 3])('not two where %i entries are kept and an outsider drives them out', async (bound) => {
    const small = { ...rules, bound };
    const { doubles, stuck } = await tally({ rules: small, hosts: [taker, taker], outsider: 3 });
    // Between a claim and the entry that follows it nobody can tell what was dropped.
    expect({ doubles, stuck: rules.appendOnReady ? stuck : [] }).toEqual({ doubles: [], stuck: [] });
  });

  test('not two, and not nobody for good, when one is frozen for a minute anywhere', async () => {
    const freezes = { byMs: 61_000, times: 1 };
    const { doubles, stuck } = await tally({ rules, hosts: [taker, taker], outsider: 1, freezes });
    // Only the claim's own answer tells what came before it.
    expect({ doubles, stuck: rules.claimShowsLog ? stuck : [] }).toEqual({ doubles: [], stuck: [] });
  });

  test('not two when one is killed and asks later, and what is won stays won', async () => {
    const { doubles, stuck } = await tally({ rules, hosts: [mortal, mortal], deaths: 1 });
    expect({ doubles, stuck }).toEqual({ doubles: [], stuck: [] });
  });
});

test.each(SERVERS.filter(({ rules }) => rules.appendOnReady))(
  'one of three runs the task: $server',
  SLOW,
  async ({ rules }) => {
    expect(await tally({ rules, hosts: [taker, taker, taker] })).toEqual(NONE);
    const { doubles, stuck } = await tally({ rules: { ...rules, bound: 2 }, hosts: [taker, taker, taker] });
    expect({ doubles, stuck }).toEqual({ doubles: [], stuck: [] });
  },
);

test.each(SERVERS.filter(({ rules }) => !rules.appendOnReady && rules.isKnown))(
  'one runs the task where two entries are kept and it is known that none is taken on READY: $server',
  SLOW,
  async ({ rules }) => {
    const small = { ...rules, bound: 2, remembers: true };
    expect(await tally({ rules: small, hosts: [taker, taker] })).toEqual(NONE);
    const { doubles, stuck } = await tally({ rules: small, hosts: [taker, taker, taker] });
    expect({ doubles, stuck }).toEqual({ doubles: [], stuck: [] });
  },
);

test.each(SERVERS.filter(({ rules }) => rules.appendOnReady))(
  'not two when they are frozen time and again: $server',
  SLOW,
  async ({ rules }) => {
    const freezes = { byMs: 61_000, times: 2 };
    const { doubles } = await tally({ rules, hosts: [taker, taker], outsider: 1, freezes });
    expect(doubles).toEqual([]);
  },
);

test.each(SERVERS.filter(({ rules }) => rules.isKnown))(
  'not two where it is believed in error that none is taken on READY: $server',
  SLOW,
  async ({ rules }) => {
    const small = { ...rules, bound: 2, remembers: true };
    const { doubles } = await tally({ rules: small, hosts: [taker, taker], outsider: 2, faults: 1 });
    expect(doubles).toEqual([]);
  },
);

test('a host that trusts its claim alone is found out', async () => {
  const naive: Host = async (world, host) => {
    const { client } = inputOf(world, host);
    if ((await client.retrieveTask('task')).state !== 'READY') return { taken: false };
    await client.claimTask('task');
    return { taken: true };
  };
  expect((await tally({ rules: USUAL, hosts: [naive, naive] })).doubles).not.toEqual([]);
});
