import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { detectContainment } from '../../../src/agent/process/containment.ts';
import { connectToAgent } from '../../../src/cli/control-client.ts';
import type { PlatformBehaviour } from '../../../src/platform/behaviour.ts';
import { type AgentProcess, startAgentProcess } from '../../helpers/agent-process.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/fault-proxy.ts';
import { type Lab, nodeRobot, startLab } from '../../helpers/lab.ts';
import { runsInJournal, until } from './judge.ts';

/** Judges beside agent and platform: a robot says here that it was started, and waits here. */
let marks: string;
let lab: Lab;
let proxy: FaultProxy;
let agent: AgentProcess;

beforeEach(() => {
  marks = mkdtempSync(join(tmpdir(), 'kubot-marks-'));
});
afterEach(async () => {
  await agent.end('SIGKILL');
  await lab.close();
  await proxy.close();
  rmSync(marks, { recursive: true });
});

const ROBOT = `
  import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
  const { MARKS, KUBOT_RUN_ID } = process.env;
  appendFileSync(MARKS + '/starts', KUBOT_RUN_ID + '\\n');
  for (let line = 1; line <= 30; line++) console.log('line ' + line);
  while (!existsSync(MARKS + '/go')) {
    writeFileSync(MARKS + '/alive', String(Date.now()));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  console.log('the end');
`;

async function startCrashLab(
  settings: Record<string, unknown> = {},
  behaviour: Partial<PlatformBehaviour> = {},
): Promise<void> {
  lab = await startLab({
    robots: { WORK: nodeRobot(ROBOT, { environmentVariables: { MARKS: marks } }) },
    tasks: [{ code: 'WORK', later: true }],
    shares: [marks],
    settings,
    behaviour,
    endpointOf: async ({ url }) => {
      proxy = await startFaultProxy({ target: url });
      return proxy.url;
    },
  });
  agent = await startAgentProcess(lab);
}

async function restart(): Promise<void> {
  agent = await startAgentProcess(lab);
}

const go = () => writeFileSync(join(marks, 'go'), '');
const runLogs = () =>
  runsInJournal(lab)
    .map(({ id }) => join(lab.home, 'runs', id, 'run.log'))
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'utf8'))
    .join('');
const starts = () => readFileSync(join(marks, 'starts'), 'utf8').trim().split('\n');

const ended = (count: number) => () =>
  runsInJournal(lab).filter((run) => run.state === 'ended').length === count;

/** The task's lines as its reader sees them, marks taken off. */
async function told(taskId: string): Promise<string[]> {
  const { entries } = await lab.task(taskId);
  return entries.flatMap(({ message }) => message.replace(/ ·[0-9a-f]{8}\/\d+$/, '').split('\n'));
}

const seenBy = (part: string) => () => proxy.requests.some(({ path }) => path.includes(part));

describe('an agent that is killed', () => {
  test('while a robot runs takes the robot with it; the run is lost, its whole log told, and it is not run again', async () => {
    await startCrashLab();
    const taskId = await lab.addTask('WORK');
    await until('the robot lives', () => existsSync(join(marks, 'alive')));
    await until('a line is told', async () => (await told(taskId)).includes('line 1'));
    await agent.end('SIGKILL');
    const { kind } = await detectContainment();
    // Where there is no namespace to die with the agent, the next start ends what it left.
    if (kind === 'group') await restart();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const sign = readFileSync(join(marks, 'alive'), 'utf8');
    if (kind !== 'group') await restart();
    await until('the run is settled', ended(1));
    expect(readFileSync(join(marks, 'alive'), 'utf8')).toBe(sign);
    const [run] = runsInJournal(lab);
    expect(run).toMatchObject({
      outcome: 'lost',
      error: { code: 'AGENT_CRASHED' },
      settled: { action: 'kept' },
    });
    expect(starts()).toEqual([run?.id]);
    const lines = await told(taskId);
    expect(lines.filter((line) => line.startsWith('line '))).toEqual(
      Array.from({ length: 30 }, (_, index) => `line ${index + 1}`),
    );
    expect(lines.filter((line) => line.startsWith('[end '))).toEqual(['[end lost]']);
    expect((await lab.task(taskId)).state).toBe('CLAIMED');
  });

  test('leaves a run to the policy retry: the next attempt is another run', async () => {
    await startCrashLab({ failurePolicy: 'retry', retryBackoffMs: 100 });
    const taskId = await lab.addTask('WORK');
    await until('the robot lives', () => existsSync(join(marks, 'alive')));
    await agent.end('SIGKILL');
    go();
    await restart();
    await until('both attempts are settled', ended(2));
    const runs = runsInJournal(lab).reverse();
    expect(runs.map(({ attempt, outcome, settled }) => [attempt, outcome, settled?.action])).toEqual([
      [1, 'lost', 'retry'],
      [2, 'succeeded', 'completed'],
    ]);
    expect(starts()).toEqual(runs.map(({ id }) => id));
    expect((await lab.task(taskId)).state).toBe('COMPLETED');
  });

  test.each([
    ['before the platform acted', 'hang-before'],
    ['after the platform acted', 'hang-after'],
  ] as const)('while it completes the task, %s, completes it once', async (_when, kind) => {
    await startCrashLab();
    proxy.add({ kind, match: (_method, path) => path.includes('complete') });
    go();
    const taskId = await lab.addTask('WORK');
    await until('the task is being completed', seenBy('complete'));
    if (kind === 'hang-after')
      await until('it is', async () => (await lab.task(taskId)).state === 'COMPLETED');
    await agent.end('SIGKILL');
    await restart();
    await until('the run is settled', ended(1));
    expect(runsInJournal(lab)[0]).toMatchObject({ outcome: 'succeeded', settled: { action: 'completed' } });
    expect(starts()).toHaveLength(1);
    expect(lab.mutations(taskId).filter((operation) => operation.startsWith('complete'))).toHaveLength(1);
    expect((await told(taskId)).filter((line) => line.startsWith('[end '))).toEqual(['[end succeeded]']);
  });

  test.each([
    ['before the platform acted', 'hang-before'],
    ['after the platform acted', 'hang-after'],
  ] as const)('while it tells a line, %s, tells each line once', async (_when, kind) => {
    await startCrashLab();
    const isLine = (_method: string, path: string) => path.includes('append-log');
    // The first is the take's.
    proxy.add({ kind: 'delay', milliseconds: 0, match: isLine });
    proxy.add({ kind, match: isLine });
    const taskId = await lab.addTask('WORK');
    await until(
      'a line is on its way',
      () => proxy.requests.filter(({ path }) => path.includes('append-log')).length === 2,
    );
    await until('the robot has printed its lines', () => runLogs().includes('line 30\n'));
    await agent.end('SIGKILL');
    await restart();
    await until('the run is settled', ended(1));
    const lines = (await told(taskId)).filter((line) => line.startsWith('line '));
    expect(lines).toEqual(Array.from({ length: 30 }, (_, index) => `line ${index + 1}`));
  });

  test('before it claimed leaves the task to whoever takes it next', async () => {
    await startCrashLab();
    proxy.add({ kind: 'hang-before', match: (_method, path) => path.includes('claim') });
    go();
    const taskId = await lab.addTask('WORK');
    await until('the task is being claimed', seenBy('claim'));
    await agent.end('SIGKILL');
    expect((await lab.task(taskId)).state).toBe('READY');
    await restart();
    await until('the run is settled', ended(1));
    expect(starts()).toHaveLength(1);
    expect((await lab.task(taskId)).state).toBe('COMPLETED');
  });

  test.each([
    ['takes', true],
    ['refuses', false],
  ])(
    'after its claim was acted on, but not answered, has the task: lost, and free for the next attempt (the platform %s entries before)',
    async (_which, appendOnReady) => {
      await startCrashLab({ failurePolicy: 'retry', retryBackoffMs: 100 }, { appendOnReady });
      proxy.add({ kind: 'hang-after', match: (_method, path) => path.includes('claim') });
      go();
      const taskId = await lab.addTask('WORK');
      await until('the task is claimed', async () => (await lab.task(taskId)).state === 'CLAIMED');
      await agent.end('SIGKILL');
      // The next agent cannot know before the platform is there.
      await proxy.down();
      await restart();
      await until('it waits for the platform', () => runsInJournal(lab).length === 1);
      await proxy.up();
      await until('both attempts are settled', ended(2));
      const runs = runsInJournal(lab).reverse();
      expect(runs.map(({ attempt, outcome, settled }) => [attempt, outcome, settled?.action])).toEqual([
        [1, 'lost', 'retry'],
        [2, 'succeeded', 'completed'],
      ]);
      expect(runs[0]?.error?.message).toContain('before the robot was started');
      expect(starts()).toEqual([runs[1]?.id]);
      expect((await lab.task(taskId)).state).toBe('COMPLETED');
    },
  );

  test('with a run by hand: it is lost, and says so', async () => {
    await startCrashLab();
    await agent.until('registered');
    const started = await connectToAgent(lab.home).start({
      requestId: randomUUID(),
      robot: 'WORK',
      operation: null,
      variables: {},
      taskId: null,
    });
    await until('the robot lives', () => existsSync(join(marks, 'alive')));
    await agent.end('SIGKILL');
    await restart();
    await until('the run is settled', ended(1));
    expect(runsInJournal(lab)).toMatchObject([
      { id: started.id, outcome: 'lost', error: { code: 'AGENT_CRASHED' }, settled: { action: 'none' } },
    ]);
  });
});
