import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../../chaos/random.ts';
import { readRunLog } from '../../../src/agent/logs/read-run-log.ts';
import { detectContainment } from '../../../src/agent/process/containment.ts';
import type { Run } from '../../../src/shared/run.ts';
import { kubot } from '../cli/kubot.ts';
import { appendsOf, type FaultLab, oneTo, openFaultLab, readTold } from './fault-lab.ts';
import { runsInJournal, until } from './judge.ts';

const SEED = Number(process.env.KUBOT_TEST_SEED ?? 7);
const KILLS = 15;
/** On a machine that is busy with other things. */
const TEST_MS = 600_000;
/** After so long nothing of a robot lives whose agent was killed; a busy machine gets a second more. */
const DEAD_MS = 2000;

let faultLab: FaultLab;
let taskIds: string[];
/** When the agent was killed, and which runs had robots then. */
let kills: { atMs: number; running: string[] }[];
/** The runs of a task, first attempt first. */
let runsOf: Map<string, Run[]>;

beforeAll(async () => {
  faultLab = await openFaultLab({
    settings: { failurePolicy: 'retry', retryAttempts: 100, retryBackoffMs: 10 },
    runsMs: 600,
  });
  const { lab } = faultLab;
  const random = new Random(SEED);
  kills = [];
  taskIds = [];
  for (let kill = 1; kill <= KILLS; kill++) {
    taskIds.push(await lab.addTask('WORK'));
    await faultLab.startAgent();
    await comeTo(random.one(['the start', 'the start of work', 'a robot', 'a robot']));
    await delay(random.integer(0, 500));
    const running = runsInJournal(lab).flatMap(({ id, state }) => (state === 'running' ? [id] : []));
    await faultLab.agent.end('SIGKILL');
    kills.push({ atMs: Date.now(), running });
  }
  await faultLab.startAgent();
  await until('all tasks are completed', async () => {
    const states = await Promise.all(taskIds.map(async (id) => (await lab.task(id)).state));
    return states.every((state) => state === 'COMPLETED');
  });
  await until('nothing is left to settle', () => runsInJournal(lab).every(({ state }) => state === 'ended'));
  const runs = runsInJournal(lab).reverse();
  runsOf = new Map(taskIds.map((id) => [id, runs.filter(({ taskId }) => taskId === id)]));
}, TEST_MS);
afterAll(() => faultLab.close(), TEST_MS);

/** To where the agent is about to be hit. */
async function comeTo(where: 'the start' | 'the start of work' | 'a robot'): Promise<void> {
  if (where === 'the start') return;
  await faultLab.agent.until('registered');
  if (where === 'the start of work') return;
  await until('a robot runs', () => runsInJournal(faultLab.lab).some(({ state }) => state === 'running'));
}

const runs = () => [...runsOf.values()].flat();

describe(`an agent that is killed ${KILLS} times at work (KUBOT_TEST_SEED=${SEED})`, () => {
  test('has hit robots, and has settled every run in one way: lost and tried again, or completed', () => {
    expect(kills.flatMap(({ running }) => running).length).toBeGreaterThan(0);
    for (const attempts of runsOf.values()) {
      expect(attempts.map(({ attempt }) => attempt)).toEqual(oneTo(attempts.length));
      expect(attempts.map(({ outcome, settled }) => `${outcome}, ${settled?.action}`)).toEqual([
        ...attempts.slice(1).map(() => 'lost, retry'),
        'succeeded, completed',
      ]);
    }
  });

  test('has started each robot once an attempt at most, and completed each task once', async () => {
    const starts = await Promise.all(taskIds.map((id) => faultLab.startsOf(id)));
    expect(starts.flat().length).toBe(new Set(starts.flat()).size);
    const known = new Set(runs().map(({ id }) => id));
    expect(starts.flat().filter((id) => !known.has(id))).toEqual([]);
    for (const [index, id] of taskIds.entries()) {
      // The attempt that succeeded was started, and nothing after it.
      expect(starts[index]?.at(-1)).toBe(runsOf.get(id)?.at(-1)?.id);
      const completions = faultLab.lab.mutations(id).filter((name) => name === 'completeProcessItemTask');
      expect(completions).toHaveLength(1);
    }
  });

  test('has told every line that was in a run log, once and in order, and each end once', async () => {
    const { lab } = faultLab;
    for (const [taskId, attempts] of runsOf) {
      const appends = appendsOf(lab, taskId);
      for (const run of attempts) {
        const told = readTold(appends, run);
        expect({ run: run.id, rows: told.rows, ends: told.ends }).toEqual({
          run: run.id,
          rows: await rowsInRunLog(join(lab.home, 'runs', run.id, 'run.log')),
          ends: [run.outcome],
        });
        expect(told.numbers).toEqual([...new Set(told.numbers)].sort((a, b) => a - b));
        expect(told.shown).toBe(told.lines);
      }
    }
  });

  test('has shown the attempt wherever a run is shown', async () => {
    const { lab } = faultLab;
    for (const [taskId, attempts] of runsOf) {
      const text = appendsOf(lab, taskId).join('\n');
      for (const { id, attempt, startedAt } of attempts) {
        if (startedAt !== null) expect(text).toContain(`Run ${id}, attempt ${attempt}, `);
        if (startedAt !== null && attempt > 1)
          expect(text).toMatch(new RegExp(`^Taken again by .*, attempt ${attempt} \\[take `, 'm'));
      }
    }
    const again = runs().findLast(({ attempt, outcome }) => attempt > 1 && outcome === 'succeeded');
    if (!again) throw new Error('No task was tried again');
    const home = { KUBOT_HOME: lab.home };
    const table = (await kubot(['runs'], home)).stdout.split('\n');
    expect(table[0]).toContain('ATTEMPT');
    expect(table.find((line) => line.startsWith(again.id.slice(-8)))).toMatch(
      new RegExp(` succeeded +${again.attempt} `),
    );
    expect((await kubot(['run', again.id], home)).stdout).toContain(`attempt ${again.attempt}`);
    expect(faultLab.agent.events).toContainEqual(
      expect.objectContaining({
        event: 'run-ended',
        run: expect.objectContaining({ id: again.id, attempt: again.attempt }),
      }),
    );
  });

  test('has taken its robots with it', async () => {
    // Elsewhere it is the next start that ends them: crash.test.ts.
    if ((await detectContainment()).kind !== 'pid-namespace') return;
    const signs = (await faultLab.collector.lines()).flatMap(({ text }) => {
      const [what, , run = '', atMs] = text.split(' ');
      return what === 'alive' ? [{ run, atMs: Number(atMs) }] : [];
    });
    const survivors = kills.flatMap(({ atMs, running }) =>
      signs.filter((sign) => running.includes(sign.run) && sign.atMs > atMs + DEAD_MS),
    );
    expect(survivors).toEqual([]);
  });
});

async function rowsInRunLog(path: string): Promise<number[]> {
  const rows: number[] = [];
  for await (const lines of readRunLog(path))
    rows.push(...lines.flatMap(({ text }) => (/^row \d+$/.test(text) ? [Number(text.slice(4))] : [])));
  return rows;
}
